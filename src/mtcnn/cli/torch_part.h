#pragma once

#include "mtcnn/detect/device.h"
#include "mtcnn/model/model_folder.h"
#include "mtcnn/train/trainer.h"

#include <string>

/// \file
/// What needs LibTorch. The program `mtcnn` starts without it and does none of this: its versions throw NeedsTorch, and
/// main() goes on as `mtcnn-torch`, the same program with LibTorch, with the same arguments.
namespace mtcnn::cli {

/// Of the LibTorch that the commands which need one were built with; empty where there are none.
std::string libtorch_version();

/// Nothing may have been written when it is thrown.
struct NeedsTorch {
  std::string what;  ///< "--device cuda"
};

/// In `mtcnn` without mtcnn-torch beside it, "auto" comes to the CPU.
CascadeFactory other_devices();

/// As train_net().
TrainResult start_training(const TrainJob& job);

WeightsFormat torchscript_format();

/// Becomes mtcnn-torch.
/// \param pipes_kill  what guard_standard_streams() said.
/// \throws Error{unsupported} where there is none or it cannot be started.
[[noreturn]] void go_on_with_torch(const NeedsTorch& need, char** arguments, bool pipes_kill);

}  // namespace mtcnn::cli
