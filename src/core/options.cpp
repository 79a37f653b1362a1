#include "mtcnn/core/options.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <cmath>

namespace mtcnn {
namespace {

[[noreturn]] void refuse(const std::string& where, const Json& value, const std::string& expected) {
  throw Error(ErrorCode::usage, "this value cannot be used",
              {.where = where, .found = shown(value), .expected = expected});
}

double number_in(const Json& value, const Range& range, const std::string& where) {
  const double number = value.is_number() ? value.get<double>() : std::nan("");
  if (!std::isfinite(number) || !range.holds(number)) refuse(where, value, "a number, " + range.text());
  return number;
}

template <class Integer>
void assign_integer(Integer& member, const Json& value, const Range& range, const std::string& where) {
  const double number = number_in(value, range, where);
  if (number != std::floor(number) || std::abs(number) > static_cast<double>(std::numeric_limits<Integer>::max())) {
    refuse(where, value, "a whole number, " + range.text());
  }
  member = static_cast<Integer>(number);
}

/// The shortest text that reads back as the same float: 0.7 instead of 0.699999988.
Json short_float(const Json& value) {
  if (value.is_array()) {
    Json list = Json::array();
    for (const Json& item : value) list.push_back(short_float(item));
    return list;
  }
  if (!value.is_number_float()) return value;
  return Json::parse(concat(value.get<float>()));
}

}  // namespace

std::string Range::text() const {
  const bool has_low = std::isfinite(low);
  const bool has_high = std::isfinite(high);
  if (has_low && has_high) return concat(open ? "(" : "[", low, ", ", high, open ? ")" : "]");
  if (has_low) return concat(open ? "above " : "at least ", low);
  if (has_high) return concat(open ? "below " : "at most ", high);
  return "any";
}

void assign_option(bool& member, const Json& value, const Range&, const std::string& where) {
  if (!value.is_boolean()) refuse(where, value, "true or false");
  member = value.get<bool>();
}

void assign_option(int& member, const Json& value, const Range& range, const std::string& where) {
  assign_integer(member, value, range, where);
}

void assign_option(int64_t& member, const Json& value, const Range& range, const std::string& where) {
  assign_integer(member, value, range, where);
}

void assign_option(float& member, const Json& value, const Range& range, const std::string& where) {
  member = static_cast<float>(number_in(value, range, where));
}

void assign_option(double& member, const Json& value, const Range& range, const std::string& where) {
  member = number_in(value, range, where);
}

void assign_option(std::string& member, const Json& value, const Range&, const std::string& where) {
  if (!value.is_string()) refuse(where, value, "text");
  member = value.get<std::string>();
}

void assign_option(std::array<float, 3>& member, const Json& value, const Range& range, const std::string& where) {
  if (!value.is_array() || value.size() != member.size()) refuse(where, value, "three numbers, each " + range.text());
  for (size_t i = 0; i < member.size(); ++i) assign_option(member[i], value[i], range, where);
}

namespace option_detail {

std::vector<std::pair<std::string, Json>> flatten(const Json& object, const std::string& where) {
  if (!object.is_object()) {
    throw Error(ErrorCode::usage, "not a configuration",
                {.where = where, .found = shown(object), .expected = "an object"});
  }
  std::vector<std::pair<std::string, Json>> flat;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_object()) {
      flat.emplace_back(key, value);
      continue;
    }
    for (auto& [inner, inner_value] : flatten(value, where))
      flat.emplace_back(key + "." + inner, std::move(inner_value));
  }
  return flat;
}

void insert(Json& object, const std::string& dotted_name, Json value) {
  Json* place = &object;
  for (const std::string& part : split(dotted_name, '.')) place = &(*place)[part];
  *place = short_float(value);
}

std::pair<std::string, Json> parse_setting(const std::string& setting) {
  const size_t equals = setting.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw Error(ErrorCode::usage, "--set needs key=value", {.found = setting});
  }
  const std::string text = setting.substr(equals + 1);
  Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded()) value = Json::parse("[" + text + "]", nullptr, false);
  if (value.is_discarded()) value = text;
  return {setting.substr(0, equals), std::move(value)};
}

void throw_unknown(const std::string& key, const std::vector<std::string>& known, const std::string& where) {
  const std::string nearest = nearest_name(key, known);
  throw Error(ErrorCode::usage, "unknown key '" + key + "'",
              {.where = where,
               .hint = nearest.empty() ? "known are: " + join(known, ", ") : "did you mean '" + nearest + "'?"});
}

std::string markdown_row(const std::string& name, const Json& value, const Range& range, const std::string& help) {
  return "| `" + name + "` | `" + short_float(value).dump() + "` | " + range.text() + " | " + help + " |\n";
}

}  // namespace option_detail
}  // namespace mtcnn
