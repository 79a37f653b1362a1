#include "mtcnn/train/trainer.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/version.h"
#include "mtcnn/train/batch_source.h"
#include "mtcnn/train/checkpoint.h"
#include "mtcnn/train/first_nets.h"
#include "mtcnn/train/gradient_sum.h"
#include "mtcnn/train/job_crops.h"
#include "mtcnn/train/loss.h"
#include "mtcnn/train/metrics_lines.h"
#include "mtcnn/train/run_record.h"
#include "mtcnn/train/run_start.h"
#include "mtcnn/train/schedule.h"
#include "mtcnn/train/shared_answers.h"
#include "mtcnn/train/shared_state.h"
#include "mtcnn/train/split_pass.h"
#include "mtcnn/train/step_totals.h"
#include "mtcnn/train/torch_threads.h"
#include "mtcnn/train/validation.h"

#include <chrono>
#include <optional>

#include <torch/version.h>

namespace mtcnn {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kStepsTogether = 32;  ///< see StepTotals

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Trainer {
 public:
  Trainer(const TrainJob& job, CropSets crops, Peers& peers)
      : job_(job),
        peers_(peers),
        options_(job.options),
        device_(device_of(job)),
        crops_(std::move(crops)),
        channels_(channels_for(job.net, options_.width)),
        points_(options_.landmark_head ? static_cast<int64_t>(crops_.training.landmarks().count()) : 0),
        source_(make_batch_source(job, crops_.training, {.rank = peers.rank(), .world = peers.world()})),
        steps_per_epoch_(source_->steps_per_epoch()),
        net_(first_net(job, points_, channels_, device_)),
        averaged_(make_net(job.net, points_, channels_)),
        teacher_(teacher_net(job, points_, device_)),
        pool_(job.threads),
        pass_(*net_, pool_),
        optimizer_(make_optimizer(*net_, options_.optimizer)),
        average_(*net_, options_.optimizer.average),
        totals_(crops_.training, job.out, makes_batches_on_device(job) ? kStepsTogether : 1),
        config_(config_json(job, crops_)),
        record_(job_, crops_, config_, peers) {
    averaged_->to(device_);
    require_validation(crops_.validation, options_.best_metric);
    require_shares(job.net, source_->counts().total(), peers.world(), device_);
  }

  TrainResult run() {
    require_same_start(peers_, start_json());
    run_together(peers_, [this] {
      record_.open(environment_json(job_, crops_));
      verify(crops_.training);
      verify(crops_.validation);
      if (job_.resume) record_.restore(length(), parts(), state_);
      record_.log(concat(state_.step > 0 ? "going on" : "starting", " at step ", state_.step, " of ", total_steps()));
      record_.log(source_->description());
    });
    if (job_.resume) share_state(peers_, length(), parts(), state_);
    source_->seek(state_.step);
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
            {"libtorch", TORCH_VERSION}, {"device", device_.is_cpu() ? job_.device : "gpu"},
            {"resume", job_.resume},     {"first_weights", weights_checksum(weights_of(*net_))}};
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

  /// By this process's signals and clock.
  StepWishes wishes() const {
    const double most = 60 * options_.checkpoint_minutes;
    return {.stop = interrupted(), .save = peers_.rank() == 0 && most > 0 && seconds_since(last_checkpoint_) > most};
  }

  void train_epoch() {
    net_->train();
    const int64_t last = steps_per_epoch_ * (state_.epoch + 1);
    while (state_.step < last) {
      const auto start = Clock::now();
      const double waited = source_->waited_s();
      const StepWishes agreed = learn(source_->next());
      ++state_.step;
      if (state_.step == last) totals_.add_pending(state_.totals);  // the device's work is part of the time
      const double seconds = seconds_since(start);
      state_.totals.seconds += seconds;
      state_.totals.waited_s += source_->waited_s() - waited;
      state_.seconds += seconds;
      if (job_.on_step)
        job_.on_step(state_.epoch + 1, state_.totals.samples, steps_per_epoch_ * source_->counts().total());
      const StepWishes now = peers_.alone() ? wishes() : agreed;
      if (now.stop) stop();
      if (now.save) save();
    }
  }

  /// \return what the processes have agreed on.
  StepWishes learn(const TensorBatch& batch) {
    set_learning_rate(*optimizer_, current_lr());
    const StepAnswers own{.output = pass_.forward(batch.input),
                          .teacher = teacher_ ? answer(*teacher_, batch.input, pool_) : NetOutput{},
                          .targets = batch.targets,
                          .wishes = wishes()};
    StepAnswers all = share_answers(peers_, own, source_->counts());
    gather_gradients(all.output);
    LossTerms terms = multi_task_loss(all.output, all.targets, options_.loss);
    if (teacher_) add_teacher(all.output, all.teacher, options_.loss, terms);
    totals_.add(state_.step, source_->counts(), batch.samples, all.output, terms, state_.totals);
    terms.total.backward();
    pass_.backward(all.output, peers_.rank() * batch.targets.counts.total());
    sum_gradients(peers_, net_->parameters());
    clip_gradients(*net_, options_.optimizer.clip_norm);
    optimizer_->step();
    average_.update(*net_, state_.step);
    return all.wishes;
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
    if (value < state_.best || state_.best_epoch == 0) {
      state_.best = value;
      state_.best_epoch = state_.epoch;
    }
    const EpochRecord record{.state = state_, .totals = totals, .metrics = metrics, .lr = current_lr()};
    record_.add_epoch(record, *averaged_, answers);
    const std::string text = epoch_text(record, options_.epochs);
    record_.log(text);
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
    if (peers_.rank() == 0) log::warning(warning);
    record_.log(warning);
    share_state(peers_, length(), parts(), state_);
  }

  void save() {
    totals_.add_pending(state_.totals);
    record_.save(state_, parts());
    last_checkpoint_ = Clock::now();
  }

  [[noreturn]] void stop() {
    save();
    record_.log(concat("stopped by the user at step ", state_.step));
    throw Error(ErrorCode::interrupted,
                concat("stopped at step ", state_.step, " of ", total_steps(), ", checkpoint written"),
                {.where = job_.out.string(), .hint = "the same command with --resume goes on"});
  }

  void finish() {
    result_.steps = state_.step;
    result_.epochs = state_.epoch;
    result_.best_epoch = state_.best_epoch;
    result_.best = options_.best_metric == "accuracy" ? -state_.best : state_.best;
    result_.weights = record_.finish(state_);
  }

  const TrainJob& job_;
  Peers& peers_;
  const TrainOptions& options_;
  c10::Device device_;
  CropSets crops_;
  Channels channels_;  ///< of the net's layers
  int64_t points_;     ///< of its landmark head
  std::unique_ptr<BatchSource> source_;
  int64_t steps_per_epoch_;
  NetPointer net_;
  NetPointer averaged_;
  NetPointer teacher_;
  WithoutTorchThreads without_torch_threads_;
  ThreadPool pool_;
  SplitPass pass_;
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
  WeightAverage average_;
  StepTotals totals_;
  Json config_;
  RunRecord record_;
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
