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
  /// The same, from 0 to `most`.
  int64_t count(const Json& object, const char* key, int64_t most = kMostCounted) const;
  /// The same; `absent` where there is none.
  int64_t optional_count(const Json& object, const char* key, int64_t absent) const;
  /// The text under `key`, which may be empty; `absent` where there is none.
  std::string optional_text(const Json& object, const char* key, const std::string& absent) const;

  void require_object(const Json& value, const std::string& what) const;

  double number(const Json& value, const char* key) const;
  std::array<double, 2> point(const Json& value, const char* key) const;
  /// x, y, w, h under `key`.
  std::array<double, 4> box(const Json& object, const char* key) const;

  static constexpr int64_t kMostCounted = int64_t{1} << 50;  ///< sums of some thousand do not overflow

 private:
  std::string where_;
};

}  // namespace mtcnn
