#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mtcnn {

namespace text_detail {

inline void append(std::string& out, std::string_view part) { out += part; }
inline void append(std::string& out, char part) { out += part; }
inline void append(std::string& out, std::integral auto part) { out += std::to_string(part); }
void append(std::string& out, float part);
void append(std::string& out, double part);

}  // namespace text_detail

/// The parts written one after the other, in every locale alike: numbers with the fewest digits that read back as the
/// same number, 1e+06 where streams write so; a bool as 0 or 1.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (text_detail::append(out, parts), ...);
  return out;
}

/// `value` with `digits` places after the point, in every locale alike.
std::string fixed(double value, int digits);

/// `value` with at most `digits` significant digits, as streams and printf's %g write it, in every locale alike.
std::string significant(double value, int digits);

/// The double with the fewest digits that reads back as the same float: 0.7 instead of 0.699999988.
double shortest_double(float value);

/// The candidate that is most like `name` (Levenshtein distance), or empty where none comes near.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

/// Splits at every `separator`; "a,,b" gives three parts, "" gives one empty part.
std::vector<std::string> split(std::string_view text, char separator);

/// Without leading and trailing blanks, tabs and line ends.
std::string_view trim(std::string_view text);

/// The content of a text file as UTF-8: a byte order mark of UTF-8 is dropped, text under one of UTF-16 is converted
/// (half a surrogate pair becomes U+FFFD); all else stays as it is.
std::string as_utf8(std::string text);

/// `text` with blanks before it, as wide as `width`, in bytes; longer ones as they are.
std::string right_aligned(std::string_view text, size_t width);

/// The share as "12.5 %", with three significant digits. \param of  above 0
std::string percent_of(size_t count, size_t of);

/// The value of a hexadecimal digit of either case, or -1.
constexpr int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

/// The parts with `separator` between them; no parts give an empty text.
std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// "1 face", "2 faces", "0 boxes", "3 butterflies": the English plural of a regular noun.
std::string counted(int64_t count, std::string_view noun);
/// "faces" alone.
std::string plural(std::string_view noun);

/// True where `text` is valid UTF-8; JSON can hold no other.
bool is_utf8(std::string_view text);

/// `text` as one line that steers no terminal: line ends become blanks; other control characters, and bytes that are no
/// UTF-8, become a backslash, an x and two digits.
std::string as_line(std::string_view text);

}  // namespace mtcnn
