#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/detect/trace.h"

#include <vector>

namespace mtcnn {

/// A Trace as one JSON object and one list of floats, which the object's arrays are places in.
class TraceValues {
 public:
  /// \param points  landmarks of a detection
  TraceValues(const Trace& trace, size_t points);

  const Json& json() const { return json_; }
  const std::vector<float>& values() const { return values_; }

 private:
  /// Appends an array.
  /// \return {"at": its first value's index, "shape": `shape`}
  Json array(const std::vector<size_t>& shape, const std::vector<float>& values);
  Json windows(const std::vector<Window>& windows);
  Json answers(const std::vector<Answer>& answers);
  Json level(const LevelTrace& trace);

  size_t points_;
  Json json_;
  std::vector<float> values_;
};

}  // namespace mtcnn
