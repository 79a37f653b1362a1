#include "mtcnn/train/trainer.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/random.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/version.h"
#include "mtcnn/train/answers_file.h"
#include "mtcnn/train/checkpoint.h"
#include "mtcnn/train/loader.h"
#include "mtcnn/train/loss.h"
#include "mtcnn/train/metrics_lines.h"
#include "mtcnn/train/run_files.h"
#include "mtcnn/train/run_folder.h"
#include "mtcnn/train/schedule.h"
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

/// Training and validation crops.
struct CropSets {
  CropSet training;
  CropSet validation;
};

/// Opens the crops; without validation crops of their own, a share of the pictures is held out.
CropSets open_crops(const TrainJob& job) {
  const std::string stage = net_name(job.net);
  const fs::path own = job.validation.empty() ? job.data / "validation" : job.validation;
  if (!job.validation.empty() || path_exists(own / "manifest.json"))
    return {CropSet(job.data, stage), CropSet(own, stage)};
  const double share = job.options.batch.validation_share;
  const auto seed = static_cast<uint64_t>(job.options.seed);
  const auto held_out = [share, seed](int32_t source) {
    return RandomStream(seed, "held out", static_cast<uint64_t>(source)).chance(share);
  };
  log::warning(concat(job.data.string(), ": no validation crops; ", 100 * share, " % of the pictures are held out"));
  return {CropSet(job.data, stage, [held_out](int32_t source) { return !held_out(source); }),
          CropSet(job.data, stage, held_out)};
}

void require_same_landmarks(const CropSets& crops) {
  if (crops.training.landmarks() == crops.validation.landmarks()) return;
  throw Error(ErrorCode::usage, "training and validation crops have different landmarks",
              {.where = crops.validation.folder().string(),
               .found = landmark_layout_json(crops.validation.landmarks()).dump(),
               .expected = landmark_layout_json(crops.training.landmarks()).dump()});
}

void require_same_input(const CropSets& crops) {
  if (crops.training.input() == crops.validation.input()) return;
  throw Error(ErrorCode::usage, "training and validation crops were cut in different ways",
              {.where = crops.validation.folder().string(),
               .found = input_option_table().dump(crops.validation.input()).dump(),
               .expected = input_option_table().dump(crops.training.input()).dump(),
               .hint = "give both the same `mtcnn prepare --init`"});
}

/// A net that is shown other crops than those that it has learnt from sees faces moved by about a pixel.
void warn_of_other_input(const std::optional<NetWeights>& weights, const char* role, const CropSet& crops) {
  if (!weights) return;
  const InputOptions input = input_of(*weights, role).value_or(InputOptions{});
  if (input == crops.input()) return;
  const Json wanted = input_option_table().dump(input);
  log::warning(concat(role, " has learnt from crops that were cut in another way than ", crops.folder().string(), ": ",
                      first_difference(wanted, input_option_table().dump(crops.input())),
                      "; `mtcnn prepare --init` cuts them as it needs them"));
}

void verify(const CropSet& crops) { verify_shards(crops.folder(), read_manifest(crops.folder())); }

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

class Trainer {
 public:
  Trainer(const TrainJob& job, CropSets crops)
      : job_(job),
        options_(job.options),
        device_(job.device),
        crops_(std::move(crops)),
        channels_(channels_for(job.net, options_.width)),
        points_(options_.landmark_head ? static_cast<int64_t>(crops_.training.landmarks().count()) : 0),
        loader_(crops_.training, options_),
        steps_per_epoch_(loader_.steps_per_epoch()),
        net_(first_net()),
        averaged_(make_net(job.net, points_, channels_)),
        teacher_(teacher_net()),
        threads_(job.threads),
        pool_(threads_),
        pass_(*net_, pool_),
        optimizer_(make_optimizer(*net_, options_.optimizer)),
        average_(*net_, options_.optimizer.average),
        config_(config_json(job, crops_)),
        folder_(job.out, config_, environment_json(job, crops_, device_, threads_), job.resume) {
    averaged_->to(device_);
    require_validation();
  }

  TrainResult run() {
    verify(crops_.training);
    verify(crops_.validation);
    if (job_.resume) restore();
    folder_.log(concat(job_.resume ? "going on" : "starting", " at step ", state_.step, " of ", total_steps()));
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

  TrainParts parts() { return {*net_, *averaged_, average_, *optimizer_, options_.optimizer.kind}; }

  bool out_of_patience() const {
    return options_.patience > 0 && state_.best_epoch > 0 && state_.epoch - state_.best_epoch >= options_.patience;
  }

  void restore() {
    state_ = restore_newest(folder_, {steps_per_epoch_, options_.epochs}, parts());
    folder_.cut_metrics(state_.step);
  }

  void train_epoch() {
    net_->train();
    const int64_t last = steps_per_epoch_ * (state_.epoch + 1);
    while (state_.step < last) {
      const auto start = Clock::now();
      const double waited = loader_.waited_s();
      learn(loader_.next());
      ++state_.step;
      const double seconds = seconds_since(start);
      state_.totals.seconds += seconds;
      state_.totals.waited_s += loader_.waited_s() - waited;
      state_.seconds += seconds;
      if (job_.on_step)
        job_.on_step(state_.epoch + 1, state_.totals.samples, steps_per_epoch_ * loader_.counts().total());
      if (interrupted()) stop();
      if (options_.checkpoint_minutes > 0 && seconds_since(last_checkpoint_) > 60 * options_.checkpoint_minutes) save();
    }
  }

  void learn(const Batch& batch) {
    set_learning_rate(*optimizer_, current_lr());
    const torch::Tensor input = input_tensor(batch, device_);
    const NetOutput output = pass_.forward(input);
    LossTerms terms = multi_task_loss(output, target_tensors(batch, device_), options_.loss);
    if (teacher_) add_teacher(output, answer(*teacher_, input, pool_), options_.loss, terms);
    add_to_totals(batch, output, terms);
    terms.total.backward();
    pass_.backward();
    clip_gradients(*net_, options_.optimizer.clip_norm);
    optimizer_->step();
    average_.update(*net_, state_.step);
  }

  /// One transfer from the device a step.
  void add_to_totals(const Batch& batch, const NetOutput& output, const LossTerms& terms) {
    const torch::NoGradGuard no_grad;
    const BatchCounts& counts = batch.counts;
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
    const ValidationAnswers answers = validate(*averaged_, crops_.validation, device_, pool_);
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
    folder_.add_metrics(train_line(record));
    folder_.add_metrics(validation_line(record));
    if (best) write_best(record, answers);
    const std::string text = epoch_text(record, options_.epochs);
    folder_.log(text);
    if (job_.on_epoch) job_.on_epoch(text);
    result_.samples_per_s = static_cast<double>(totals.samples) / std::max(1e-9, totals.seconds);
    result_.wait_share = totals.waited_s / std::max(1e-9, totals.seconds);
    result_.seconds += totals.seconds;
    state_.totals = {};
    save();
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
    write_answers(folder_.path() / "best" / "answers.safetensors", answers, crops_.validation,
                  {{"net", net_name(job_.net)}, {"epoch", concat(state_.epoch)}});
  }

  fs::path best_path() const { return folder_.path() / "best" / concat(net_name(job_.net), ".safetensors"); }

  void save() {
    const fs::path begun = folder_.begin_checkpoint();
    write_checkpoint(begun, state_, parts());
    folder_.keep_checkpoint(begun, state_.step, options_.keep_checkpoints);
    last_checkpoint_ = Clock::now();
  }

  [[noreturn]] void stop() {
    save();
    folder_.log(concat("stopped by the user at step ", state_.step));
    throw Error(ErrorCode::interrupted,
                concat("stopped at step ", state_.step, " of ", total_steps(), ", checkpoint written"),
                {.where = folder_.path().string(), .hint = "the same command with --resume goes on"});
  }

  void finish() {
    result_.steps = state_.step;
    result_.epochs = state_.epoch;
    result_.best_epoch = state_.best_epoch;
    result_.best = options_.best_metric == "accuracy" ? -state_.best : state_.best;
    result_.weights = folder_.path() / "export" / best_path().filename();
    write_weights(result_.weights, read_weights(best_path(), job_.net));
    write_text(folder_.path() / run_files::kDone,
               concat(state_.step, " steps, ", state_.epoch, " epochs, best epoch ", state_.best_epoch, "\n"));
    folder_.log("done");
  }

  const TrainJob& job_;
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
  RunFolder folder_;
  TrainState state_;
  TrainResult result_;
  Clock::time_point last_checkpoint_;
};

}  // namespace

TrainResult train_net(const TrainJob& job) {
  check_train_options(job.options);
  TrainJob resolved = job;
  CropSets crops = open_crops(job);
  require_same_landmarks(crops);
  require_same_input(crops);
  warn_of_other_input(job.init, "--init", crops.training);
  warn_of_other_input(job.teacher, "--teacher", crops.training);
  if (job.net == NetKind::onet) resolved.options.landmark_head = true;
  if (crops.training.landmarks().count() == 0) resolved.options.landmark_head = false;
  if (!resolved.options.landmark_head) resolved.options.batch.landmarks = 0;
  try {
    return Trainer(resolved, std::move(crops)).run();
  } catch (const c10::Error& error) {
    const std::string reason = split(error.what_without_backtrace(), '\n').front();
    if (reason.find("memory") == std::string::npos) throw;
    throw Error(ErrorCode::unsupported, "not enough memory for this training",
                {.where = job.out.string(), .found = reason, .hint = "lower batch.size"});
  }
}

}  // namespace mtcnn
