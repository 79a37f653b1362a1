#include "mtcnn/core/text.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <numeric>

namespace mtcnn {
namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

template <size_t kRoom, class... Form>
std::string written(Form... form) {
  char text[kRoom];
  return {std::begin(text), std::to_chars(std::begin(text), std::end(text), form...).ptr};
}

/// A million is 1e+06, but one more is 1000001, not 1.000001e+06.
template <class Number>
std::string shortest(Number number) {
  std::string plain = written<64>(number);
  if (plain.find('e') == std::string::npos) return plain;
  return written<64>(number, std::chars_format::general);
}

}  // namespace

namespace text_detail {

void append(std::string& out, float part) { out += shortest(part); }
void append(std::string& out, double part) { out += shortest(part); }

}  // namespace text_detail

std::string fixed(double value, int digits) {
  require(digits >= 0 && digits <= 40, "fixed: digits outside 0 to 40");
  return written<400>(value, std::chars_format::fixed, digits);  // the largest double has 309 digits before the point
}

std::string significant(double value, int digits) {
  require(digits > 0 && digits <= 40, "significant: digits outside 1 to 40");
  return written<64>(value, std::chars_format::general, digits);
}

double shortest_double(float value) {
  char text[32];
  const char* end = std::to_chars(std::begin(text), std::end(text), value).ptr;
  double result = 0;
  std::from_chars(text, end, result);
  return result;
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(2, name.size() / 2) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  size_t start = 0;
  for (size_t end = text.find(separator); end != std::string_view::npos; end = text.find(separator, start)) {
    parts.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  parts.emplace_back(text.substr(start));
  return parts;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

namespace {

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr uint32_t kLeads[] = {0, 0xC0, 0xE0, 0xF0};
  out += static_cast<char>(kLeads[more] | code >> (6 * more));
  for (int k = more - 1; k >= 0; --k) out += static_cast<char>(0x80 | (code >> (6 * k) & 0x3F));
}

std::string from_utf16(std::string_view text, bool big) {
  constexpr uint32_t kReplacement = 0xFFFD;
  const auto unit = [&](size_t at) {
    const auto first = static_cast<uint32_t>(static_cast<unsigned char>(text[at]));
    const auto second = static_cast<uint32_t>(static_cast<unsigned char>(text[at + 1]));
    return big ? first << 8 | second : second << 8 | first;
  };
  std::string out;
  for (size_t at = 0; at + 1 < text.size(); at += 2) {
    uint32_t code = unit(at);
    if (code >= 0xD800 && code < 0xE000) {
      const bool pair = code < 0xDC00 && at + 3 < text.size() && unit(at + 2) >> 10 == 0x37;
      code = pair ? 0x10000 + ((code & 0x3FF) << 10 | (unit(at + 2) & 0x3FF)) : kReplacement;
      at += pair ? 2 : 0;
    }
    append_utf8(out, code);
  }
  return out;
}

}  // namespace

std::string as_utf8(std::string text) {
  if (text.starts_with("\xEF\xBB\xBF")) return text.substr(3);
  if (text.starts_with("\xFF\xFE")) return from_utf16(std::string_view(text).substr(2), false);
  if (text.starts_with("\xFE\xFF")) return from_utf16(std::string_view(text).substr(2), true);
  return text;
}

std::string right_aligned(std::string_view text, size_t width) {
  return std::string(width - std::min(width, text.size()), ' ').append(text);
}

std::string percent_of(size_t count, size_t of) {
  return significant(100.0 * static_cast<double>(count) / static_cast<double>(of), 3) + " %";
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (const std::string& part : parts) {
    if (&part != &parts.front()) joined += separator;
    joined += part;
  }
  return joined;
}

namespace {

/// The first character of `text` in UTF-8.
struct Character {
  size_t length = 0;  ///< bytes; 0 where they are no UTF-8
  uint32_t code = 0;
};

Character first_character(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text.front());
  const size_t length = lead < 0x80                   ? 1
                        : lead >= 0xC2 && lead < 0xE0 ? 2
                        : lead >= 0xE0 && lead < 0xF0 ? 3
                        : lead >= 0xF0 && lead < 0xF5 ? 4
                                                      : 0;
  if (length == 0 || length > text.size()) return {};
  uint32_t code = length == 1 ? lead : lead & (0x7FU >> length);
  for (size_t k = 1; k < length; ++k) {
    const auto next = static_cast<uint8_t>(text[k]);
    if ((next & 0xC0U) != 0x80U) return {};
    code = (code << 6U) | (next & 0x3FU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  return {length, code};
}

/// C0 and C1 controls, also those that UTF-8 writes in two bytes; marks that change the order in which text is shown;
/// line and paragraph separators.
bool steers_text(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x61C || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string plural(std::string_view noun) {
  const auto ends = [noun](std::string_view ending) { return noun.ends_with(ending); };
  if (ends("s") || ends("x") || ends("z") || ends("ch") || ends("sh")) return concat(noun, "es");
  const bool vowel_before =
      noun.size() > 1 && std::string_view("aeiou").find(noun[noun.size() - 2]) != std::string::npos;
  if (ends("y") && !vowel_before) return concat(noun.substr(0, noun.size() - 1), "ies");
  return concat(noun, "s");
}

std::string counted(int64_t count, std::string_view noun) {
  return concat(count, " ", count == 1 ? std::string(noun) : plural(noun));
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.length == 0) return false;
    text.remove_prefix(character.length);
  }
  return true;
}

std::string as_line(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const auto [length, code] = first_character(text);
    const std::string_view bytes = text.substr(0, std::max<size_t>(1, length));
    if (length > 0 && !steers_text(code)) {
      line += bytes;
    } else if (length == 1 && (code == '\n' || code == '\r' || code == '\t')) {
      line += ' ';
    } else {
      for (const char byte : bytes) {
        const auto value = static_cast<uint8_t>(byte);
        line += {'\\', 'x', kDigits[value >> 4U], kDigits[value & 0xFU]};
      }
    }
    text.remove_prefix(bytes.size());
  }
  return line;
}

}  // namespace mtcnn
