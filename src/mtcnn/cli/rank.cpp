#include "mtcnn/cli/parts.h"
#include "mtcnn/cli/program.h"
#include "mtcnn/core/log.h"
#include "mtcnn/gpu/device.h"
#include "mtcnn/gpu/tensor_cascade.h"
#include "mtcnn/train/group_training.h"

#include <string>

/// The program as a function, for a rank of torchrun: Python (libmtcnn/distributed.py) makes the process group, and
/// calls this in the same process.
namespace mtcnn::cli {
namespace {

std::string process_group;

}  // namespace

CascadeFactory other_devices() { return gpu_cascade; }

TrainResult start_training(const TrainJob& job) {
  TrainJob ready = job;
  ready.device = usable_device(job.device);
  return train_in_group(ready, process_group);
}

WeightsFormat torchscript_format() { throw NeedsProgram{"--format torchscript", kTorchProgram}; }

}  // namespace mtcnn::cli

/// The LibTorch that this is linked to, as torch.__version__ has it without what follows a plus.
extern "C" [[gnu::visibility("default")]] const char* mtcnn_rank_libtorch_version() {
  static const std::string version = mtcnn::cli::libtorch_version();
  return version.c_str();
}

/// \param group  the name of torch's process group.
/// \return the program's exit code.
extern "C" [[gnu::visibility("default")]] int mtcnn_run_rank(const char* group, int argc, char** argv) {
  mtcnn::cli::process_group = group;
  return mtcnn::cli::run_program(argc, argv);
}
