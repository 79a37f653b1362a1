#pragma once

#include "mtcnn/eval/mat_file.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace mtcnn::testing {

MatValue mat_text(const std::string& text);
/// Column-major.
MatValue mat_numbers(size_t rows, size_t columns, std::vector<double> values);
/// N x 1 cells.
MatValue mat_cells(std::vector<MatValue> cells);

using MatVariables = std::vector<std::pair<std::string, MatValue>>;

enum class MatFormat { v4, v5, v7, v73 };  ///< v7 is v5 with compressed elements
enum class MatClass { real, single, signed32, unsigned8, unsigned16 };

/// Writes a .mat file through libmatio; numbers are stored in the given class.
void write_mat(const std::filesystem::path& path, const MatVariables& variables, MatFormat format = MatFormat::v7,
               MatClass numbers = MatClass::real);

/// A file whose variable "bad" holds what we do not read: a struct or complex numbers.
void write_struct_mat(const std::filesystem::path& path);
void write_complex_mat(const std::filesystem::path& path);

}  // namespace mtcnn::testing
