#include "mtcnn/capi/trace_values.h"

#include "mtcnn/core/error.h"

#include <functional>
#include <numeric>

namespace mtcnn {
namespace {

void add(std::vector<float>& values, const Box& box) { values.insert(values.end(), {box.x1, box.y1, box.x2, box.y2}); }

void add(std::vector<float>& values, const Landmarks& landmarks) {
  for (const Point& point : landmarks) values.insert(values.end(), {point.x, point.y});
}

}  // namespace

TraceValues::TraceValues(const Trace& trace, size_t points) : points_(points) {
  Json levels = Json::array();
  for (const LevelTrace& level_trace : trace.levels) levels.push_back(level(level_trace));
  std::vector<float> faces;
  for (const Face& face : trace.faces) {
    add(faces, face.box);
    faces.push_back(face.confidence);
    add(faces, face.landmarks);
  }
  json_ = {{"levels", std::move(levels)}, {"after_pnet", windows(trace.after_pnet)},
           {"rnet", answers(trace.rnet)}, {"after_rnet", windows(trace.after_rnet)},
           {"onet", answers(trace.onet)}, {"faces", array({trace.faces.size(), 5 + 2 * points}, faces)}};
}

Json TraceValues::array(const std::vector<size_t>& shape, const std::vector<float>& values) {
  const size_t size = std::accumulate(shape.begin(), shape.end(), size_t{1}, std::multiplies<>());
  require(values.size() == size, "a trace's array has as many values as its shape says");
  Json place = {{"at", values_.size()}, {"shape", shape}};
  values_.insert(values_.end(), values.begin(), values.end());
  return place;
}

Json TraceValues::windows(const std::vector<Window>& windows) {
  std::vector<float> values;
  for (const Window& window : windows) {
    add(values, window.box);
    values.push_back(window.score);
  }
  return array({windows.size(), 5}, values);
}

Json TraceValues::answers(const std::vector<Answer>& answers) {
  std::vector<float> windows, scores, boxes, landmarks;
  for (const Answer& answer : answers) {
    add(windows, answer.window);
    scores.push_back(answer.score);
    add(boxes, answer.box);
    add(landmarks, answer.landmarks);
    landmarks.resize(scores.size() * 2 * points_);  // R-Net gives none
  }
  const size_t count = answers.size();
  return {{"windows", array({count, 4}, windows)},
          {"scores", array({count}, scores)},
          {"boxes", array({count, 4}, boxes)},
          {"landmarks", array({count, points_, 2}, landmarks)}};
}

Json TraceValues::level(const LevelTrace& trace) {
  const Level& level = trace.level;
  const auto height = static_cast<size_t>(level.height);
  return {{"width", level.width},
          {"height", level.height},
          {"scale_x", level.scale_x},
          {"scale_y", level.scale_y},
          {"pixels", array({height, static_cast<size_t>(level.width), 3}, trace.pixels)},
          {"probabilities",
           array({static_cast<size_t>(level.rows()), static_cast<size_t>(level.columns())}, trace.probabilities)},
          {"windows", windows(trace.windows)}};
}

}  // namespace mtcnn
