#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn {

/// A value of a .mat file. Arrays are column-major, as MATLAB stores them; all numeric classes become double.
struct MatValue {
  enum class Kind { cells, text, numbers };

  Kind kind = Kind::numbers;
  std::vector<size_t> shape;    ///< two sizes or more
  std::vector<MatValue> cells;  ///< Kind::cells
  std::string text;             ///< Kind::text
  std::vector<double> numbers;  ///< Kind::numbers
};

/// Reads variables from a MATLAB 5 file (what MATLAB versions 5 to 7 save, `-v7` in later ones), in the order of
/// `names`. check_mat() verifies the whole file before libmatio interprets anything.
/// \throws Error naming the file if it is missing, if check_mat() refuses it, if a variable is missing or complex.
std::vector<MatValue> read_mat(const std::filesystem::path& path, const std::vector<std::string>& names);

/// "61 x 1 cells", for messages.
std::string described(const MatValue& value);

}  // namespace mtcnn
