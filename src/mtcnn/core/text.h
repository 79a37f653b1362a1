#pragma once

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace mtcnn {

/// The parts written one after the other, numbers as streams write them.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return std::move(out).str();
}

/// `value` with `digits` places after the point.
std::string fixed(double value, int digits);

/// The double with the fewest digits that reads back as the same float: 0.7 instead of 0.699999988.
double shortest_double(float value);

/// The candidate that is most like `name` (Levenshtein distance), or empty where none comes near.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

/// Splits at every `separator`; "a,,b" gives three parts, "" gives one empty part.
std::vector<std::string> split(std::string_view text, char separator);

/// Without leading and trailing blanks, tabs and line ends.
std::string_view trim(std::string_view text);

/// The parts with `separator` between them; no parts give an empty text.
std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// True where `text` is valid UTF-8; JSON can hold no other.
bool is_utf8(std::string_view text);

}  // namespace mtcnn
