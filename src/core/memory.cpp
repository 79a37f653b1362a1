#include "mtcnn/core/memory.h"

#include <fstream>

#include <sys/resource.h>
#include <unistd.h>

namespace mtcnn {

int64_t resident_file_bytes() {
  std::ifstream statm("/proc/self/statm");  // pages: all, in memory, of them shared or of files
  int64_t all = 0;
  int64_t resident = 0;
  int64_t shared = 0;
  return statm >> all >> resident >> shared ? shared * ::sysconf(_SC_PAGESIZE) : 0;
}

int64_t peak_memory_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return int64_t{1024} * usage.ru_maxrss;
}

}  // namespace mtcnn
