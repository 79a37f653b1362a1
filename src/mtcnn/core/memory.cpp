#include "mtcnn/core/memory.h"

#include <fstream>

#include <sys/resource.h>
#include <unistd.h>

namespace mtcnn {

namespace {

struct Resident {
  int64_t all = 0;
  int64_t files = 0;
};

Resident resident() {
  std::ifstream statm("/proc/self/statm");  // pages: all, in memory, of them shared or of files
  int64_t all = 0;
  Resident pages;
  if (!(statm >> all >> pages.all >> pages.files)) return {};
  const int64_t page = ::sysconf(_SC_PAGESIZE);
  return {pages.all * page, pages.files * page};
}

}  // namespace

int64_t resident_bytes() { return resident().all; }

int64_t resident_file_bytes() { return resident().files; }

int64_t physical_memory_bytes() {
  const int64_t pages = ::sysconf(_SC_PHYS_PAGES);
  const int64_t page = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? pages * page : 0;
}

int64_t peak_memory_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return int64_t{1024} * usage.ru_maxrss;
}

}  // namespace mtcnn
