#include "mtcnn/core/json.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include <algorithm>

namespace mtcnn {

Json parse_json(std::string_view text, const std::string& where) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const size_t position = std::min(error.byte, text.size());
    const std::string_view before = text.substr(0, position);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const size_t column = position - (before.rfind('\n') + 1);
    throw Error(ErrorCode::bad_format, "not valid JSON", {.where = concat(where, ":", line, ":", column)});
  } catch (const Json::out_of_range&) {
    throw Error(ErrorCode::bad_format, "not valid JSON: a number is too large for a double", {.where = where});
  }
}

Json read_json(const std::filesystem::path& path) { return parse_json(read_text(path), path.string()); }

std::string shown(const Json& value) {
  constexpr size_t kLongest = 60;
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "…";
  return text;
}

}  // namespace mtcnn
