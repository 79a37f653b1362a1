#pragma once

#include <cstdint>

namespace mtcnn {

/// Bytes that this process holds in memory; 0 where the system does not tell.
int64_t resident_bytes();

/// Of these, bytes of mapped files and shared libraries.
int64_t resident_file_bytes();

/// Memory of this machine; 0 where the system does not tell.
int64_t physical_memory_bytes();

/// The most memory that this process has held so far.
int64_t peak_memory_bytes();

}  // namespace mtcnn
