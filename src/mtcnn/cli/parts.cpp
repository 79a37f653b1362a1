#include "mtcnn/cli/parts.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"

#include <csignal>
#include <filesystem>

#include <unistd.h>

namespace mtcnn::cli {
namespace {

std::filesystem::path path_of(const OtherProgram& program) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / program.name;
}

}  // namespace

std::string libtorch_version() { return MTCNN_LIBTORCH_VERSION; }

bool is_there(const OtherProgram& program) { return path_exists(path_of(program)); }

void go_on_elsewhere(const NeedsProgram& need, char** arguments, bool pipes_kill) {
  const std::filesystem::path path = path_of(need.program);
  if (!path_exists(path)) {
    throw Error(ErrorCode::unsupported,
                concat(need.what, " needs ", need.program.brings, ", and this program was built without it"),
                {.where = path.string(), .found = "no such file", .hint = need.program.remedy});
  }
  if (pipes_kill) std::signal(SIGPIPE, SIG_DFL);
  ::execv(path.c_str(), arguments);
  throw system_error(ErrorCode::unsupported, concat("the program with ", need.program.brings, " could not be started"),
                     path);
}

}  // namespace mtcnn::cli
