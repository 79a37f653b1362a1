#include "mtcnn/core/json.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include <algorithm>

namespace mtcnn {
namespace {

constexpr int kDeepest = 100;

/// How deep lists and objects lie in each other; brackets inside strings do not count.
int nesting(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      deepest = std::max(deepest, ++depth);
    } else if (!in_string && (c == ']' || c == '}')) {
      --depth;
    }
  }
  return deepest;
}

Error not_json(std::string_view text, size_t position, const std::string& where) {
  const std::string_view before = text.substr(0, position);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t column = position - (before.rfind('\n') + 1);
  return {ErrorCode::bad_format, "not valid JSON", {.where = concat(where, ":", line, ":", column)}};
}

}  // namespace

Json parse_json(std::string_view text, const std::string& where) {
  if (const int depth = nesting(text); depth > kDeepest) {
    throw Error(ErrorCode::bad_format, "this JSON nests too deeply",
                {.where = where, .found = concat(depth, " levels"), .expected = concat("at most ", kDeepest)});
  }
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw not_json(text, std::min(error.byte, text.size()), where);
  } catch (const Json::out_of_range&) {
    throw Error(ErrorCode::bad_format, "this JSON holds a number too large for a double", {.where = where});
  }
}

std::optional<Json> try_parse_json(std::string_view text) {
  if (nesting(text) > kDeepest) return std::nullopt;
  Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded()) return std::nullopt;
  return std::make_optional(std::move(value));
}

Json read_json(const std::filesystem::path& path, size_t most) {
  return parse_json(read_text(path, most), path.string());
}

std::string shown(const Json& value) {
  constexpr size_t kLongest = 60;
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= kLongest) return text;
  size_t end = kLongest;
  while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not inside a character
  return text.substr(0, end) + "…";
}

std::string first_difference(const Json& now, const Json& before) {
  const Json patch = Json::diff(before, now);
  if (patch.empty()) return {};
  const std::string path = patch[0]["path"].get<std::string>();
  const Json::json_pointer pointer(path);
  const auto text = [&](const Json& side) { return side.contains(pointer) ? shown(side[pointer]) : "nothing"; };
  return concat(path.empty() ? "all" : path.substr(1), " ", text(before), ", now ", text(now));
}

}  // namespace mtcnn
