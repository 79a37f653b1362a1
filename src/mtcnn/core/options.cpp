#include "mtcnn/core/options.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/text.h"

#include <cmath>
#include <optional>

namespace mtcnn {
namespace {

[[noreturn]] void refuse(const std::string& where, const Json& value, const std::string& expected) {
  throw Error(ErrorCode::usage, "invalid value", {.where = where, .found = shown(value), .expected = expected});
}

/// "a number" or "a number, at least 1".
std::string kind_text(const std::string& kind, const Range& range) {
  const std::string limits = range.text();
  return limits == "any" ? kind : kind + ", " + limits;
}

double number_in(const Json& value, const Range& range, const std::string& where) {
  const double number = value.is_number() ? value.get<double>() : std::nan("");
  if (!std::isfinite(number) || !range.holds(number)) refuse(where, value, kind_text("a number", range));
  return number;
}

template <class Integer>
void assign_integer(Integer& member, const Json& value, const Range& range, const std::string& where) {
  using Limits = std::numeric_limits<Integer>;
  const double number = number_in(value, range, where);
  if (number != std::floor(number)) refuse(where, value, kind_text("a whole number", range));
  // A double holds only 53 bits, so whole numbers are taken as they are written.
  constexpr auto kLowest = static_cast<double>(Limits::min());
  const bool fits = value.is_number_unsigned()  ? std::in_range<Integer>(value.get<uint64_t>())
                    : value.is_number_integer() ? std::in_range<Integer>(value.get<int64_t>())
                                                : number >= kLowest && number < -kLowest;
  if (!fits) refuse(where, value, concat("a whole number in [", Limits::min(), ", ", Limits::max(), "]"));
  member = value.is_number_integer() ? value.get<Integer>() : static_cast<Integer>(number);
}

/// Numbers as people write them, as JSON wants them: ".6,.7" becomes "0.6,0.7". Other text stays as it is.
std::string with_leading_zeros(const std::string& text) {
  if (text.find_first_not_of("0123456789.,+-eE ") != std::string::npos) return text;
  std::string numbers;
  for (const char c : text) {
    if (c == '.' && (numbers.empty() || numbers.back() < '0' || numbers.back() > '9')) numbers += '0';
    numbers += c;
  }
  return numbers;
}

/// A million as 1000000, not as 1e+06.
std::string plain_number(double value) {
  constexpr double kWhole = 1e15;
  return value == std::floor(value) && std::abs(value) < kWhole ? std::to_string(static_cast<int64_t>(value))
                                                                : concat(value);
}

}  // namespace

bool Range::holds(double value) const {
  if (step > 0 && std::remainder(value - low, step) != 0) return false;
  return open ? low < value && value < high : low <= value && value <= high;
}

std::string Range::text() const {
  if (step > 0) {
    std::string values = concat(low);
    for (double value = low + step; value <= high; value += step)
      values += concat(value + step <= high ? ", " : " or ", value);
    return values;
  }
  const bool has_low = std::isfinite(low);
  const bool has_high = std::isfinite(high);
  if (has_low && has_high)
    return concat(open ? "(" : "[", plain_number(low), ", ", plain_number(high), open ? ")" : "]");
  if (has_low) return concat(open ? "above " : "at least ", plain_number(low));
  if (has_high) return concat(open ? "below " : "at most ", plain_number(high));
  return "any";
}

std::string Range::words() const {
  const bool between = step == 0 && std::isfinite(low) && std::isfinite(high);
  return between ? concat(plain_number(low), " to ", plain_number(high)) : text();
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
  const double number = number_in(value, range, where);
  constexpr auto kLargest = static_cast<double>(std::numeric_limits<float>::max());
  if (std::abs(number) > kLargest) refuse(where, value, concat("a number in [", -kLargest, ", ", kLargest, "]"));
  member = static_cast<float>(number);
}

void assign_option(double& member, const Json& value, const Range& range, const std::string& where) {
  member = number_in(value, range, where);
}

void assign_option(std::string& member, const Json& value, const Range&, const std::string& where) {
  if (!value.is_string()) refuse(where, value, "text");
  member = value.get<std::string>();
}

void assign_option(std::vector<double>& member, const Json& value, const Range& range, const std::string& where) {
  std::vector<double> numbers;
  if (value.is_number()) {
    numbers.push_back(number_in(value, range, where));  // what "--set key=0.5" means for a list
  } else {
    if (!value.is_array()) refuse(where, value, "a list of numbers");
    for (const Json& item : value) numbers.push_back(number_in(item, range, where));
  }
  member = std::move(numbers);
}

void assign_option(std::array<float, 3>& member, const Json& value, const Range& range, const std::string& where) {
  if (!value.is_array() || value.size() != member.size()) refuse(where, value, kind_text("three numbers", range));
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

void insert(Json& object, const std::string& dotted_name, const Json& value) {
  Json* place = &object;
  for (const std::string& part : split(dotted_name, '.')) {
    if (!place->is_object() && !place->is_null()) {
      throw Error(ErrorCode::usage, concat("no place for '", dotted_name, "' in this value"),
                  {.found = shown(*place), .expected = "an object"});
    }
    place = &(*place)[part];
  }
  *place = value;
}

std::pair<std::string, Json> parse_setting(const std::string& setting) {
  const size_t equals = setting.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw Error(ErrorCode::usage, "--set needs key=value", {.found = setting});
  }
  const std::string text = setting.substr(equals + 1);
  const std::string numbers = with_leading_zeros(text);
  std::optional<Json> value = try_parse_json(numbers);
  if (!value) value = try_parse_json("[" + numbers + "]");
  return {setting.substr(0, equals), value ? *value : Json(text)};
}

void throw_unknown(const std::string& key, const std::vector<std::string>& known, const std::string& where) {
  const std::string nearest = nearest_name(key, known);
  throw Error(ErrorCode::usage, "unknown key '" + key + "'",
              {.where = where,
               .hint = nearest.empty() ? "known are: " + join(known, ", ") : "did you mean '" + nearest + "'?"});
}

void warn_of_short_names(const std::vector<std::pair<std::string, std::string>>& keys, const std::string& where) {
  if (keys.empty()) return;
  std::vector<std::string> renamed;
  for (const auto& [key, name] : keys) renamed.push_back(concat("'", key, "' is now '", name, "'"));
  log::warning(concat(where, ": old names of options: ", join(renamed, ", "), "; they still work"));
}

void throw_named_twice(const std::string& key, const std::string& where) {
  throw Error(ErrorCode::usage, concat("the option that '", key, "' names is there twice"),
              {.where = where, .hint = "it may be named with and without its section, but once; remove the other"});
}

std::string markdown_row(const std::string& name, const Json& value, const Range& range, const std::string& help) {
  return "| `" + name + "` | `" + value.dump() + "` | " + range.text() + " | " + help + " |\n";
}

}  // namespace option_detail
}  // namespace mtcnn
