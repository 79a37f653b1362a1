#include "mtcnn/data/json_fields.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <cmath>
#include <limits>

namespace mtcnn {

void JsonFields::refuse(const std::string& what, const Json& found, const std::string& expected) const {
  throw Error(ErrorCode::bad_format, what, {.where = where_, .found = shown(found), .expected = expected});
}

const Json& JsonFields::member(const Json& object, const char* key) const {
  if (!object.is_object() || !object.contains(key)) {
    refuse(concat("'", key, "' is missing"), object, concat("an object with \"", key, "\""));
  }
  return object[key];
}

const Json* JsonFields::optional_member(const Json& object, const char* key) const {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const Json& JsonFields::list(const Json& object, const char* key) const {
  const Json& value = member(object, key);
  if (!value.is_array()) refuse(concat("bad '", key, "'"), value, "a list");
  return value;
}

std::string JsonFields::name(const Json& object, const char* key) const {
  const Json& value = member(object, key);
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
    refuse(concat("bad '", key, "'"), value, "a name, not empty");
  }
  return value.get<std::string>();
}

int JsonFields::optional_size(const Json& object, const char* key) const {
  if (!object.contains(key)) return 0;
  const Json& value = object[key];
  const double size = number(value, key);
  if (size < 0 || size > std::numeric_limits<int>::max() || size != std::floor(size)) {
    refuse(concat("bad '", key, "'"), value, "a whole number of pixels");
  }
  return static_cast<int>(size);
}

int64_t JsonFields::whole_number(const Json& object, const char* key) const {
  const Json& value = member(object, key);
  constexpr auto kLargest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (!value.is_number_integer() || (value.is_number_unsigned() && value.get<uint64_t>() > kLargest)) {
    refuse(concat("bad '", key, "'"), value, "a whole number");
  }
  return value.get<int64_t>();
}

int64_t JsonFields::count(const Json& object, const char* key, int64_t most) const {
  const int64_t count = whole_number(object, key);
  if (count < 0 || count > most)
    refuse(concat("bad '", key, "'"), object[key], concat("a whole number from 0 to ", most));
  return count;
}

int64_t JsonFields::optional_count(const Json& object, const char* key, int64_t absent) const {
  return optional_member(object, key) == nullptr ? absent : count(object, key);
}

std::string JsonFields::optional_text(const Json& object, const char* key, const std::string& absent) const {
  const Json* value = optional_member(object, key);
  if (value == nullptr) return absent;
  if (!value->is_string()) refuse(concat("bad '", key, "'"), *value, "text");
  return value->get<std::string>();
}

void JsonFields::require_object(const Json& value, const std::string& what) const {
  if (!value.is_object()) refuse(what, value, "an object");
}

double JsonFields::number(const Json& value, const char* key) const {
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    refuse(concat("bad '", key, "'"), value, "a finite number");
  }
  return value.get<double>();
}

std::array<double, 2> JsonFields::point(const Json& value, const char* key) const {
  if (!value.is_array() || value.size() != 2) refuse(concat("bad point '", key, "'"), value, "[x, y]");
  return {number(value[0], key), number(value[1], key)};
}

std::array<double, 4> JsonFields::box(const Json& object, const char* key) const {
  const Json& value = member(object, key);
  if (!value.is_array() || value.size() != 4) refuse(concat("bad '", key, "'"), value, "[x, y, w, h]");
  return {number(value[0], key), number(value[1], key), number(value[2], key), number(value[3], key)};
}

}  // namespace mtcnn
