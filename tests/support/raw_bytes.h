#pragma once

#include <string>
#include <vector>

namespace mtcnn::testing {

/// A number's bytes, as they lie in memory.
template <class Number>
std::string raw(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

inline std::string raw_values(const std::vector<float>& values, bool doubles) {
  std::string bytes;
  for (const float value : values) bytes += doubles ? raw(static_cast<double>(value)) : raw(value);
  return bytes;
}

}  // namespace mtcnn::testing
