#include "mtcnn/core/machine.h"

#include "mtcnn/core/simd.h"
#include "mtcnn/core/text.h"

#include <fstream>
#include <thread>

#include <sys/utsname.h>

namespace mtcnn {
namespace {

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return std::string(trim(line.substr(line.find(':') + 1)));
  }
  return "unknown processor";
}

}  // namespace

Json machine_json() {
  utsname system{};
  const bool known = ::uname(&system) == 0;
  return {{"processor", processor()},
          {"cores", std::thread::hardware_concurrency()},
          {"vector", vector_units()},
          {"system", known ? concat(system.sysname, " ", system.release, " ", system.machine) : "unknown system"}};
}

}  // namespace mtcnn
