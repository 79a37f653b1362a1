#include "mtcnn/cli/common.h"
#include "mtcnn/cli/parts.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/progress.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/thread_pool.h"
#include "mtcnn/model/model_folder.h"

#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace mtcnn::cli {
namespace fs = std::filesystem;
namespace {

struct TrainFlags {
  Common common;
  std::string net, data, validation, out, init, teacher;
  std::optional<int> epochs, batch;
  std::optional<double> lr;
  std::optional<int64_t> seed;
  double device_memory = TrainJob{}.device_memory;
  bool resume = false;
};

TrainOptions resolve_options(const TrainFlags& flags, NetKind net) {
  TrainOptions options = default_train_options(net);
  apply_config(train_option_table(), flags.common, options);
  if (flags.epochs) options.epochs = *flags.epochs;
  if (flags.batch) options.batch.size = *flags.batch;
  if (flags.lr) options.optimizer.lr = *flags.lr;
  if (flags.seed) options.seed = *flags.seed;
  check_train_options(options);
  return options;
}

/// Steps allocate and free the same large blocks; by default glibc gives each back to the system, and touching fresh
/// pages costs more than the arithmetic of a small net.
void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kLarge = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kLarge);
  mallopt(M_TRIM_THRESHOLD, kLarge);
#endif
}

/// A bar for each epoch, and the epoch's figures when it is done.
class EpochProgress {
 public:
  explicit EpochProgress(bool quiet) : quiet_(quiet) {}

  void update(int epoch, int64_t done, int64_t total) {
    if (!bar_) bar_.emplace(concat("crops of epoch ", epoch), total, quiet_);
    bar_->update(done);
  }

  void end_epoch(const std::string& line) {
    bar_.reset();
    if (!quiet_) std::cerr << line << "\n";
  }

 private:
  bool quiet_;
  std::optional<Progress> bar_;
};

void run(const TrainFlags& flags) {
  const NetKind net = *net_named(flags.net);
  require_apart({{flags.out, "--out"}}, {flags.data, flags.validation, flags.init, flags.teacher});
  TrainJob job{.net = net,
               .data = flags.data,
               .validation = flags.validation,
               .out = flags.out,
               .options = resolve_options(flags, net),
               .device = flags.common.device,
               .device_memory = flags.device_memory,
               .threads = threads_or_cores(flags.common.threads),
               .resume = flags.resume};
  if (!flags.init.empty()) {
    job.init = read_single_net(flags.init, net);
    job.init_name = flags.init;
  }
  if (!flags.teacher.empty()) job.teacher = read_single_net(flags.teacher, net);
  EpochProgress progress(flags.common.quiet);
  job.on_step = [&](int epoch, int64_t done, int64_t total) { progress.update(epoch, done, total); };
  job.on_epoch = [&](const std::string& line) { progress.end_epoch(line); };
  keep_freed_memory();
  const InterruptGuard guard;
  const TrainResult result = start_training(job);
  if (flags.common.quiet) return;
  std::cerr << net_title(net) << ": " << result.steps << " steps in " << fixed(result.seconds, 0) << " s ("
            << job.threads << " threads); best epoch " << result.best_epoch << ", " << job.options.best_metric << " "
            << fixed(result.best, 4) << "\n";
  print(result.weights.string() + "\n");
}

}  // namespace

void add_train(CLI::App& program) {
  auto flags = std::make_shared<TrainFlags>();
  CLI::App& verb = *program.add_subcommand(
      "train",
      "Train one net with crops that `mtcnn prepare` made\n\nMulti-task loss (face, box, landmarks) with online hard "
      "sample mining. Each epoch ends with a validation. The run folder has the averaged weights of the best epoch, "
      "metrics and checkpoints; --resume continues bit-identically. `scripts/report.sh RUN` plots the run.");
  verb.add_option("--net", flags->net, "Net to train")->required()->check(CLI::IsMember({"pnet", "rnet", "onet"}));
  verb.add_option("--data", flags->data, "Folder of this net's crops")->required()->type_name("DIR");
  verb.add_option("--out", flags->out, "Run folder to write: configuration, metrics, checkpoints, best weights")
      ->required()
      ->type_name("DIR");
  verb.add_option("--validation", flags->validation, "Folder of validation crops [validation in --data]")
      ->type_name("DIR");
  verb.add_flag("--resume", flags->resume, "Continue the run in --out from its newest checkpoint");
  verb.add_option("--init", flags->init,
                  "Initial weights: a weights file (public ones too), a model folder or a training run [random]")
      ->type_name("PATH");
  verb.add_option("--teacher", flags->teacher,
                  "Net whose outputs are learnt from too (distillation), with the weight loss.teacher: keeps its "
                  "accuracy when finetuning on few images [none]")
      ->type_name("PATH");
  verb.add_option("--epochs", flags->epochs, "Number of epochs [20]");
  verb.add_option("--batch", flags->batch, "Crops per step [pnet 1280, rnet and onet 640]");
  verb.add_option("--lr", flags->lr, "Largest learning rate; lower it to finetune [pnet 0.004, rnet and onet 0.002]");
  verb.add_option("--seed", flags->seed, "Seed of initial weights, order and augmentation [1]");
  add_device_flags(verb, flags->common);
  verb.add_option("--device-memory", flags->device_memory,
                  "On a GPU (experimental): largest share of its memory that the crops take; if they need more, they "
                  "stay in the computer's memory")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  add_config_flags(verb, flags->common);
  add_quiet_flag(verb, flags->common);
  verb.footer("Example: mtcnn train --net pnet --data crops/pnet --config configs/pnet.json --out runs/pnet");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
