#pragma once

#include <cstdint>

namespace mtcnn {

/// Bytes of mapped files (and shared libraries) that this process holds in memory; 0 where the system does not tell.
int64_t resident_file_bytes();

}  // namespace mtcnn
