#include "mtcnn/train/trainer.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/version.h"
#include "mtcnn/train/answers_file.h"
#include "mtcnn/train/checkpoint.h"
#include "mtcnn/train/gradient_sum.h"
#include "mtcnn/train/job_crops.h"
#include "mtcnn/train/loader.h"
#include "mtcnn/train/loss.h"
#include "mtcnn/train/metrics_lines.h"
#include "mtcnn/train/run_files.h"
#include "mtcnn/train/run_folder.h"
#include "mtcnn/train/schedule.h"
#include "mtcnn/train/shared_answers.h"
#include "mtcnn/train/shared_state.h"
#include "mtcnn/train/split_pass.h"
#include "mtcnn/train/tensors.h"
#include "mtcnn/train/torch_threads.h"
#include "mtcnn/train/validation.h"

#include <chrono>
#include <cmath>
#include <optional>

#include <torch/utils.h>
#include <torch/version.h>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Everything that decides what the run comes to.
Json config_json(const TrainJob& job, const CropSets& crops) {
  Json config = {{"net", net_name(job.net)},
                 {"training_crops", crops.training.checksum()},
                 {"validation_crops", crops.validation.checksum()},
                 {"init", job.init_name}};
  if (job.teacher) config["teacher"] = weights_checksum(*job.teacher);
  const Json options = train_option_table().dump(job.options);
  for (const auto& [key, value] : options.items()) config[key] = value;
  return config;
}

Json environment_json(const TrainJob& job, const CropSets& crops, c10::Device device, int threads) {
  return {{"version", version()},
          {"commit", commit()},
          {"libtorch", TORCH_VERSION},
          {"device", device.str()},
          {"threads", threads},
          {"seed", job.options.seed},
          {"data", absolute_path(job.data).string()},
          {"validation", absolute_path(crops.validation.folder()).string()}};
}

/// \throws Error{usage} in all processes where one differs from rank 0 in what decides on the bytes of the run.
void require_same_start(Peers& peers, const Json& own) {
  if (peers.alone()) return;
  const std::vector<std::string> all = gather_texts(peers, own.dump());
  const Json first = parse_json(all.front(), "rank 0");
  for (size_t rank = 1; rank < all.size(); ++rank) {
    const std::string difference = first_difference(parse_json(all[rank], "another rank"), first);
    if (difference.empty()) continue;
    throw Error(ErrorCode::usage, concat("rank ", rank, " was started in another way than rank 0"),
                {.found = difference, .hint = "give all the same command, crops and version"});
  }
}

class Trainer {
 public:
  Trainer(const TrainJob& job, CropSets crops, Peers& peers)
      : job_(job),
        peers_(peers),
        options_(job.options),
        device_(job.device),
        crops_(std::move(crops)),
        channels_(channels_for(job.net, options_.width)),
        points_(options_.landmark_head ? static_cast<int64_t>(crops_.training.landmarks().count()) : 0),
        loader_(crops_.training, options_, {.rank = peers.rank(), .world = peers.world()}),
        steps_per_epoch_(loader_.steps_per_epoch()),
        net_(first_net()),
        averaged_(make_net(job.net, points_, channels_)),
        teacher_(teacher_net()),
        threads_(job.threads),
        pool_(threads_),
        pass_(*net_, pool_),
        optimizer_(make_optimizer(*net_, options_.optimizer)),
        average_(*net_, options_.optimizer.average),
        config_(config_json(job, crops_)) {
    averaged_->to(device_);
    require_validation();
    require_shares(job.net, loader_.counts().total(), peers.world(), device_);
  }

  TrainResult run() {
    require_same_start(peers_, start_json());
    run_together(peers_, [this] {
      open_folder();
      verify(crops_.training);
      verify(crops_.validation);
      if (job_.resume) restore();
      log(concat(state_.step > 0 ? "going on" : "starting", " at step ", state_.step, " of ", total_steps()));
    });
    if (job_.resume) share_state(peers_, length(), parts(), state_);
    loader_.seek(state_.step);
    last_checkpoint_ = Clock::now();
    while (state_.epoch < options_.epochs && !out_of_patience()) {
      train_epoch();
      finish_epoch();
    }
    finish();
    return result_;
  }

 private:
  /// What must be the same in all processes.
  Json start_json() const {
    return {{"config", config_},         {"version", version()},
            {"libtorch", TORCH_VERSION}, {"device", device_.is_cpu() ? "cpu" : "gpu"},
            {"resume", job_.resume},     {"first_weights", weights_checksum(weights_of(*net_))}};
  }

  bool writes() const { return peers_.rank() == 0; }

  void open_folder() {
    if (!writes()) return;
    const bool begun = job_.peers == nullptr || path_exists(job_.out / run_files::kConfig);
    folder_.emplace(job_.out, config_, environment_json(job_, crops_, device_, threads_), job_.resume && begun);
  }

  void log(const std::string& text) {
    if (folder_) folder_->log(text);
  }

  NetPointer first_net() const {
    torch::manual_seed(static_cast<uint64_t>(options_.seed));
    NetPointer net = make_net(job_.net, points_, channels_);
    if (job_.init) {
      require_same_channels(*job_.init, job_.init_name);
      load_weights(*net, *job_.init);
      tell_other_points(*job_.init, job_.init_name, "the landmark head starts anew");
    }
    net->to(device_);
    return net;
  }

  NetPointer teacher_net() const {
    if (!job_.teacher) return nullptr;
    NetPointer net = make_net(job_.net, landmark_count(*job_.teacher), channels_of(*job_.teacher));
    tell_other_points(*job_.teacher, "the teacher", "points are learnt without it");
    load_weights(*net, *job_.teacher);
    net->to(device_);
    net->eval();
    return net;
  }

  /// Says so where weights from elsewhere are for another number of points.
  void tell_other_points(const NetWeights& weights, const std::string& name, const char* consequence) const {
    const int64_t theirs = landmark_count(weights);
    if (theirs == 0 || points_ == 0 || theirs == points_) return;
    log::warning(concat(name, ": a net for ", theirs, " points, the crops have ", points_, "; ", consequence));
  }

  void require_same_channels(const NetWeights& weights, const std::string& name) const {
    if (channels_of(weights) == channels_) return;
    throw Error(ErrorCode::usage, "its layers have other numbers of channels than the net that is to be trained",
                {.where = name,
                 .found = Json(channels_of(weights)).dump(),
                 .expected = Json(channels_).dump(),
                 .hint = "width in the configuration says how many"});
  }

  void require_validation() const {
    const auto some = [this](CropKind kind) { return std::vector<float>(crops_.validation.count(kind) > 0 ? 1 : 0); };
    const ValidationMetrics possible = score_validation({.positive_scores = some(CropKind::positive),
                                                         .negative_scores = some(CropKind::negative),
                                                         .positive_box_errors = some(CropKind::positive),
                                                         .part_box_errors = some(CropKind::part),
                                                         .landmark_errors = some(CropKind::landmark)},
                                                        {});
    if (!std::isnan(possible.to_minimise(options_.best_metric))) return;
    throw Error(
        ErrorCode::usage, concat("the validation crops cannot tell '", options_.best_metric, "'"),
        {.where = crops_.validation.folder().string(), .hint = "choose another best_metric or other validation crops"});
  }

  int64_t total_steps() const { return steps_per_epoch_ * options_.epochs; }

  double current_lr() const {
    return learning_rate(options_.schedule, options_.optimizer.lr, std::min(state_.step, total_steps() - 1),
                         total_steps());
  }

  RunLength length() const { return {steps_per_epoch_, options_.epochs}; }

  TrainParts parts() { return {*net_, *averaged_, average_, *optimizer_, options_.optimizer.kind}; }

  bool out_of_patience() const {
    return options_.patience > 0 && state_.best_epoch > 0 && state_.epoch - state_.best_epoch >= options_.patience;
  }

  void restore() {
    if (!folder_) return;
    state_ = restore_newest(*folder_, length(), parts());
    folder_->cut_metrics(state_.step);
  }

  /// By this process's signals and clock.
  StepWishes wishes() const {
    const double most = 60 * options_.checkpoint_minutes;
    return {.stop = interrupted(), .save = writes() && most > 0 && seconds_since(last_checkpoint_) > most};
  }

  void train_epoch() {
    net_->train();
    const int64_t last = steps_per_epoch_ * (state_.epoch + 1);
    while (state_.step < last) {
      const auto start = Clock::now();
      const double waited = loader_.waited_s();
      const StepWishes agreed = learn(loader_.next());
      ++state_.step;
      const double seconds = seconds_since(start);
      state_.totals.seconds += seconds;
      state_.totals.waited_s += loader_.waited_s() - waited;
      state_.seconds += seconds;
      if (job_.on_step)
        job_.on_step(state_.epoch + 1, state_.totals.samples, steps_per_epoch_ * loader_.counts().total());
      const StepWishes now = peers_.alone() ? wishes() : agreed;
      if (now.stop) stop();
      if (now.save) save();
    }
  }

  /// \return what the processes have agreed on.
  StepWishes learn(const Batch& batch) {
    set_learning_rate(*optimizer_, current_lr());
    const torch::Tensor input = input_tensor(batch, device_);
    const StepAnswers own{.output = pass_.forward(input),
                          .teacher = teacher_ ? answer(*teacher_, input, pool_) : NetOutput{},
                          .targets = target_tensors(batch, device_),
                          .wishes = wishes()};
    StepAnswers all = share_answers(peers_, own, loader_.counts());
    gather_gradients(all.output);
    LossTerms terms = multi_task_loss(all.output, all.targets, options_.loss);
    if (teacher_) add_teacher(all.output, all.teacher, options_.loss, terms);
    add_to_totals(batch, all.output, terms);
    terms.total.backward();
    pass_.backward(all.output, peers_.rank() * batch.counts.total());
    sum_gradients(peers_, net_->parameters());
    clip_gradients(*net_, options_.optimizer.clip_norm);
    optimizer_->step();
    average_.update(*net_, state_.step);
    return all.wishes;
  }

  /// One transfer from the device a step.
  void add_to_totals(const Batch& batch, const NetOutput& output, const LossTerms& terms) {
    const torch::NoGradGuard no_grad;
    const BatchCounts counts = loader_.counts();
    const torch::Tensor logits = output.face_logits.slice(0, 0, counts.faces()).flatten(1);
    const torch::Tensor claimed = (logits.select(1, 1) >= logits.select(1, 0)).to(torch::kFloat);
    const torch::Tensor found = claimed.slice(0, counts.negatives).sum();
    const torch::Tensor numbers =
        torch::stack({terms.total, terms.face, terms.box, terms.landmark, terms.kept.sum().to(torch::kFloat),
                      claimed.sum(), found, terms.teacher})
            .to(torch::kCPU, torch::kDouble);
    const double* values = numbers.const_data_ptr<double>();
    if (!std::isfinite(values[0])) refuse_loss(batch, values);
    EpochTotals& totals = state_.totals;
    ++totals.steps;
    totals.samples += counts.total();
    totals.loss += values[0];
    totals.face += values[1];
    totals.box += values[2];
    totals.landmark += values[3];
    totals.kept += values[4];
    totals.claimed += values[5];
    totals.found += values[6];
    totals.teacher += values[7];
    totals.faces += static_cast<double>(counts.faces());
    totals.positives += static_cast<double>(counts.positives);
    totals.right += static_cast<double>(counts.negatives) - (values[5] - values[6]) + values[6];
  }

  [[noreturn]] void refuse_loss(const Batch& batch, const double* values) const {
    constexpr size_t kNamed = 3;
    std::string samples;
    for (size_t i = 0; i < std::min(kNamed, batch.samples.size()); ++i)
      samples += concat(i > 0 ? "; " : "", crops_.training.describe(batch.samples[i]));
    throw Error(ErrorCode::bad_format, concat("the loss is not finite at step ", state_.step),
                {.where = job_.out.string(),
                 .found = concat("face ", values[1], ", box ", values[2], ", landmark ", values[3],
                                 "; the batch begins with ", samples),
                 .hint = "lower optimizer.lr, set optimizer.clip_norm, or check these crops with `mtcnn inspect`"});
  }

  void finish_epoch() {
    const EpochTotals totals = state_.totals;
    ++state_.epoch;
    const auto start = Clock::now();
    average_.copy_to(*averaged_);
    averaged_->eval();
    const LossOptions& loss = options_.loss;
    const ValidationAnswers answers = validate(*averaged_, crops_.validation, device_, pool_, peers_);
    const ValidationMetrics metrics =
        score_validation(answers, {.face = loss.face, .box = loss.box, .landmark = loss.landmark});
    state_.seconds += seconds_since(start);
    const double value = metrics.to_minimise(options_.best_metric);
    const bool best = value < state_.best || state_.best_epoch == 0;
    if (best) {
      state_.best = value;
      state_.best_epoch = state_.epoch;
    }
    const EpochRecord record{.state = state_, .totals = totals, .metrics = metrics, .lr = current_lr()};
    run_together(peers_, [&] {
      if (!folder_) return;
      folder_->add_metrics(train_line(record));
      folder_->add_metrics(validation_line(record));
      if (best) write_best(record, answers);
    });
    const std::string text = epoch_text(record, options_.epochs);
    log(text);
    if (job_.on_epoch) job_.on_epoch(text);
    result_.samples_per_s = static_cast<double>(totals.samples) / std::max(1e-9, totals.seconds);
    result_.wait_share = totals.waited_s / std::max(1e-9, totals.seconds);
    result_.seconds += totals.seconds;
    state_.totals = {};
    even_out();
    save();
  }

  /// Ranks may drift apart where their CPUs round differently.
  void even_out() {
    if (same_weights(peers_, parts())) return;
    const char* warning =
        "the ranks' weights differ in their last bits, as their CPUs do; all go on with those of rank 0";
    if (writes()) log::warning(warning);
    log(warning);
    share_state(peers_, length(), parts(), state_);
  }

  /// `averaged_` holds what was validated.
  void write_best(const EpochRecord& record, const ValidationAnswers& answers) {
    NetWeights weights = weights_of(*averaged_);
    const std::string config = config_.dump();
    weights.metadata["config"] = checksum_text(crc32(std::as_bytes(std::span(config))));
    weights.metadata["epoch"] = concat(state_.epoch);
    Json metrics = validation_line(record);
    metrics.erase("time_s");  // equal runs leave equal bytes
    weights.metadata["metrics"] = metrics.dump();
    const LandmarkLayout& landmarks = crops_.training.landmarks();
    if (!(landmarks == face_landmarks())) weights.metadata["landmark_order"] = Json(landmarks.names).dump();
    set_input(weights, crops_.training.input());
    write_weights(best_path(), weights);
    write_answers(job_.out / "best" / "answers.safetensors", answers, crops_.validation,
                  {{"net", net_name(job_.net)}, {"epoch", concat(state_.epoch)}});
  }

  fs::path best_path() const { return job_.out / "best" / concat(net_name(job_.net), ".safetensors"); }

  void save() {
    run_together(peers_, [this] {
      if (!folder_) return;
      const fs::path begun = folder_->begin_checkpoint();
      write_checkpoint(begun, state_, parts());
      folder_->keep_checkpoint(begun, state_.step, options_.keep_checkpoints);
    });
    last_checkpoint_ = Clock::now();
  }

  [[noreturn]] void stop() {
    save();
    log(concat("stopped by the user at step ", state_.step));
    throw Error(ErrorCode::interrupted,
                concat("stopped at step ", state_.step, " of ", total_steps(), ", checkpoint written"),
                {.where = job_.out.string(), .hint = "the same command with --resume goes on"});
  }

  void finish() {
    result_.steps = state_.step;
    result_.epochs = state_.epoch;
    result_.best_epoch = state_.best_epoch;
    result_.best = options_.best_metric == "accuracy" ? -state_.best : state_.best;
    result_.weights = job_.out / "export" / best_path().filename();
    run_together(peers_, [this] {
      if (!folder_) return;
      write_weights(result_.weights, read_weights(best_path(), job_.net));
      write_text(job_.out / run_files::kDone,
                 concat(state_.step, " steps, ", state_.epoch, " epochs, best epoch ", state_.best_epoch, "\n"));
      folder_->log("done");
    });
  }

  const TrainJob& job_;
  Peers& peers_;
  const TrainOptions& options_;
  c10::Device device_;
  CropSets crops_;
  Channels channels_;  ///< of the net's layers
  int64_t points_;     ///< of its landmark head
  Loader loader_;
  int64_t steps_per_epoch_;
  NetPointer net_;
  NetPointer averaged_;
  NetPointer teacher_;
  int threads_;
  WithoutTorchThreads without_torch_threads_;
  ThreadPool pool_;
  SplitPass pass_;
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
  WeightAverage average_;
  Json config_;
  std::optional<RunFolder> folder_;  ///< rank 0's
  TrainState state_;
  TrainResult result_;
  Clock::time_point last_checkpoint_;
};

}  // namespace

TrainResult train_net(const TrainJob& job) {
  check_train_options(job.options);
  Peers& peers = job.peers != nullptr ? *job.peers : alone();
  TrainJob resolved = job;
  std::optional<Trainer> trainer;
  try {
    run_together(peers, [&] {
      CropSets crops = open_crops(job);
      if (job.net == NetKind::onet) resolved.options.landmark_head = true;
      if (crops.training.landmarks().count() == 0) resolved.options.landmark_head = false;
      if (!resolved.options.landmark_head) resolved.options.batch.landmarks = 0;
      trainer.emplace(resolved, std::move(crops), peers);
    });
    return trainer->run();
  } catch (const c10::Error& error) {
    const std::string reason = split(error.what_without_backtrace(), '\n').front();
    if (reason.find("memory") == std::string::npos) throw;
    throw Error(ErrorCode::unsupported, "not enough memory for this training",
                {.where = job.out.string(), .found = reason, .hint = "lower batch.size"});
  }
}

}  // namespace mtcnn
