#pragma once

#include "mtcnn/detect/device.h"
#include "mtcnn/model/model_folder.h"
#include "mtcnn/train/trainer.h"

#include <string>

/// \file
/// What only some of the programs have, as its libraries take long to load: LibTorch (training, TorchScript, GPUs) and
/// FFmpeg with OpenCV's windows and cameras (`mtcnn live`). The program `mtcnn` has none of it: there these functions
/// throw NeedsProgram, and run_program() goes on as the program that has it, with the same arguments.
namespace mtcnn::cli {

/// It lies beside `mtcnn` and knows the same commands.
struct OtherProgram {
  const char* name;
  const char* brings;  ///< for errors
  const char* remedy;
};

inline constexpr OtherProgram kTorchProgram = {
    "mtcnn-torch", "LibTorch",
    "`scripts/quickstart.sh --train` builds it with LibTorch; so does the CMake option MTCNN_WITH_TORCH=ON"};
inline constexpr OtherProgram kVideoProgram = {"mtcnn-video", "FFmpeg",
                                               "the CMake option MTCNN_WITH_VIDEO=ON builds it with FFmpeg"};

/// Nothing may have been written when it is thrown.
struct NeedsProgram {
  std::string what;  ///< "--device cuda"
  const OtherProgram& program;
};

/// \return whether it lies beside this one.
bool is_there(const OtherProgram& program);

/// Becomes the other program.
/// \param pipes_kill  what guard_standard_streams() said.
/// \throws Error{unsupported} where there is none or it cannot be started.
[[noreturn]] void go_on_elsewhere(const NeedsProgram& need, char** arguments, bool pipes_kill);

/// Of the LibTorch that mtcnn-torch was built with; empty where there is none.
std::string libtorch_version();

/// In a program without LibTorch and without mtcnn-torch beside it, "auto" comes to the CPU.
CascadeFactory other_devices();

/// As train_net().
TrainResult start_training(const TrainJob& job);

WeightsFormat torchscript_format();

struct LiveFlags;

/// `mtcnn live`.
void run_live(LiveFlags& flags);

}  // namespace mtcnn::cli
