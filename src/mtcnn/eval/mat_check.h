#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace mtcnn {

/// Proves that `bytes` are a whole, undamaged MATLAB 5 file of at most 256 MB content that holds nothing but arrays of
/// cells, text and numbers, sizes in agreement at every level. libmatio alone reads a file that was cut short as far as
/// it goes, and takes space for whatever size a damaged byte announces.
/// \throws Error naming `path` if it is of another format (MATLAB 4, MATLAB 7.3, no .mat at all), cut short or damaged,
/// or holds something else.
/// Source: MATLAB, MAT-File Format, "Level 5 MAT-File Format".
void check_mat(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace mtcnn
