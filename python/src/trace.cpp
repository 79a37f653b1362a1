#include "trace.h"

#include "arrays.h"

namespace mtcnn::python {
namespace py = pybind11;
namespace {

void add_box(std::vector<float>& values, const Box& box) {
  values.insert(values.end(), {box.x1, box.y1, box.x2, box.y2});
}

/// [n, 5]
py::array_t<float> windows_array(const std::vector<Window>& windows) {
  std::vector<float> values;
  for (const Window& window : windows) {
    add_box(values, window.box);
    values.push_back(window.score);
  }
  return to_array({static_cast<py::ssize_t>(windows.size()), kWindowColumns}, values);
}

py::dict answers_dict(const std::vector<Answer>& answers) {
  std::vector<float> windows, scores, boxes, landmarks;
  for (const Answer& answer : answers) {
    add_box(windows, answer.window);
    scores.push_back(answer.score);
    add_box(boxes, answer.box);
    for (const Point& point : answer.landmarks) landmarks.insert(landmarks.end(), {point.x, point.y});
  }
  const auto count = static_cast<py::ssize_t>(answers.size());
  py::dict dict;
  dict["windows"] = to_array({count, 4}, windows);
  dict["scores"] = to_array({count}, scores);
  dict["boxes"] = to_array({count, 4}, boxes);
  dict["landmarks"] = to_array({count, static_cast<py::ssize_t>(kLandmarkCount), 2}, landmarks);
  return dict;
}

py::dict level_dict(const LevelTrace& trace) {
  const Level& level = trace.level;
  py::dict dict;
  dict["width"] = level.width;
  dict["height"] = level.height;
  dict["scale_x"] = level.scale_x;
  dict["scale_y"] = level.scale_y;
  dict["pixels"] = to_array({level.height, level.width, 3}, trace.pixels);
  dict["probabilities"] = to_array({level.rows(), level.columns()}, trace.probabilities);
  dict["windows"] = windows_array(trace.windows);
  return dict;
}

}  // namespace

py::dict trace_dict(const Trace& trace) {
  py::list levels;
  for (const LevelTrace& level : trace.levels) levels.append(level_dict(level));
  py::dict dict;
  dict["levels"] = levels;
  dict["after_pnet"] = windows_array(trace.after_pnet);
  dict["rnet"] = answers_dict(trace.rnet);
  dict["after_rnet"] = windows_array(trace.after_rnet);
  dict["onet"] = answers_dict(trace.onet);
  dict["faces"] = faces_array(trace.faces);
  return dict;
}

}  // namespace mtcnn::python
