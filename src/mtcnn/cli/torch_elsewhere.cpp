#include "mtcnn/cli/parts.h"

/// For programs without LibTorch.
namespace mtcnn::cli {

CascadeFactory other_devices() {
  return [](const Model&, const std::string& device) -> std::unique_ptr<Cascade> {
    if (device == "auto" && !is_there(kTorchProgram)) return nullptr;
    throw NeedsProgram{"--device " + device, kTorchProgram};
  };
}

TrainResult start_training(const TrainJob&) { throw NeedsProgram{"`mtcnn train`", kTorchProgram}; }

WeightsFormat torchscript_format() { throw NeedsProgram{"--format torchscript", kTorchProgram}; }

}  // namespace mtcnn::cli
