#include "mtcnn/cli/torch_part.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/paths.h"

#include <csignal>
#include <filesystem>

#include <unistd.h>

/// The program `mtcnn`.
namespace mtcnn::cli {
namespace {

std::filesystem::path torch_program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "mtcnn-torch";
}

}  // namespace

std::string libtorch_version() { return MTCNN_LIBTORCH_VERSION; }

CascadeFactory other_devices() {
  return [](const Model&, const std::string& device) -> std::unique_ptr<Cascade> {
    if (device == "auto" && !path_exists(torch_program())) return nullptr;
    throw NeedsTorch{"--device " + device};
  };
}

TrainResult start_training(const TrainJob&) { throw NeedsTorch{"`mtcnn train`"}; }

WeightsFormat torchscript_format() { throw NeedsTorch{"--format torchscript"}; }

void go_on_with_torch(const NeedsTorch& need, char** arguments, bool pipes_kill) {
  const std::filesystem::path program = torch_program();
  if (!path_exists(program)) {
    throw Error(ErrorCode::unsupported, need.what + " needs LibTorch, and this program was built without it",
                {.where = program.string(), .found = "no such file", .hint = "`scripts/quickstart.sh --train` builds it with LibTorch; so does the CMake option MTCNN_WITH_TORCH=ON"});
  }
  if (pipes_kill) std::signal(SIGPIPE, SIG_DFL);
  ::execv(program.c_str(), arguments);
  throw system_error(ErrorCode::unsupported, "the program with LibTorch could not be started", program);
}

}  // namespace mtcnn::cli
