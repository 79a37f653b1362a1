#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/geometry/face.h"

#include <array>
#include <cstdint>
#include <string>
#include <utility>

namespace mtcnn {

/// Takes values out of JSON that somebody else wrote. Every function throws Error{bad_format} naming the place, the
/// value found and what was expected, where a value is missing or of the wrong kind; numbers are always finite.
class JsonFields {
 public:
  /// \param where  the place for messages, as "file:12" or "file: annotations[3]".
  explicit JsonFields(std::string where) : where_(std::move(where)) {}

  const std::string& where() const { return where_; }

  [[noreturn]] void refuse(const std::string& what, const Json& found, const std::string& expected) const;

  /// The value of `key`.
  const Json& member(const Json& object, const char* key) const;
  /// The value of `key`, or nullptr where it is absent or null.
  const Json* optional_member(const Json& object, const char* key) const;
  /// The list under `key`.
  const Json& list(const Json& object, const char* key) const;
  /// The text under `key`, not empty.
  std::string name(const Json& object, const char* key) const;
  /// The width or height under `key`: a whole number, not negative; 0 where it is absent.
  int optional_size(const Json& object, const char* key) const;
  /// The whole number under `key`.
  int64_t whole_number(const Json& object, const char* key) const;

  double number(const Json& value, const char* key) const;
  std::array<double, 2> point(const Json& value, const char* key) const;
  /// x, y, w, h under `key`.
  std::array<double, 4> box(const Json& object, const char* key) const;

 private:
  std::string where_;
};

}  // namespace mtcnn
