#include "unit/eval/wider_truth_writer.h"

#include <algorithm>

namespace mtcnn::testing {
namespace {

MatValue boxes(const std::vector<WiderFace>& faces) {
  MatValue value = mat_numbers(faces.size(), 4, {});
  for (const auto member : {&WiderFace::x, &WiderFace::y, &WiderFace::w, &WiderFace::h}) {
    for (const WiderFace& face : faces) value.numbers.push_back(face.*member);
  }
  return value;
}

MatValue kept(const std::vector<WiderFace>& faces, size_t setting) {
  std::vector<double> numbers;
  for (size_t i = 0; i < faces.size(); ++i) {
    if (faces[i].kept[setting]) numbers.push_back(static_cast<double>(i + 1));
  }
  const size_t count = numbers.size();
  return mat_numbers(count, count == 0 ? 0 : 1, std::move(numbers));
}

/// Cells of cells: one outer cell an event, one inner cell an image.
template <class Make>
MatValue by_event(const WiderGroundTruth& truth, Make&& make) {
  std::vector<MatValue> events;
  for (size_t i = 0; i < truth.images.size();) {
    std::vector<MatValue> images;
    const std::string event = truth.images[i].event;
    for (; i < truth.images.size() && truth.images[i].event == event; ++i) images.push_back(make(truth.images[i]));
    events.push_back(mat_cells(std::move(images)));
  }
  return mat_cells(std::move(events));
}

}  // namespace

MatVariables wider_face_variables(const WiderGroundTruth& truth) {
  std::vector<MatValue> events;
  for (size_t i = 0; i < truth.images.size(); ++i) {
    if (i == 0 || truth.images[i].event != truth.images[i - 1].event) events.push_back(mat_text(truth.images[i].event));
  }
  return {{"event_list", mat_cells(std::move(events))},
          {"face_bbx_list", by_event(truth, [](const WiderImage& image) { return boxes(image.faces); })},
          {"file_list", by_event(truth, [](const WiderImage& image) { return mat_text(image.name); })}};
}

MatVariables wider_setting_variables(const WiderGroundTruth& truth, size_t setting) {
  MatVariables variables = wider_face_variables(truth);
  variables.emplace_back("gt_list",
                         by_event(truth, [&](const WiderImage& image) { return kept(image.faces, setting); }));
  return variables;
}

void write_wider_truth(const std::filesystem::path& folder, const WiderGroundTruth& truth) {
  const auto files = wider_ground_truth_files(folder);
  write_mat(files[0], wider_face_variables(truth));
  for (size_t s = 0; s < kWiderSettings; ++s) write_mat(files[s + 1], wider_setting_variables(truth, s));
}

WiderGroundTruth wider_truth(std::vector<WiderImage> images) {
  WiderGroundTruth truth{.images = std::move(images)};
  for (size_t i = 0; i < truth.images.size(); ++i) {
    if (i == 0 || truth.images[i].event != truth.images[i - 1].event) ++truth.events;
    for (const WiderFace& face : truth.images[i].faces) {
      ++truth.faces;
      for (size_t s = 0; s < kWiderSettings; ++s) truth.kept_faces[s] += face.kept[s] ? 1 : 0;
    }
  }
  return truth;
}

WiderGroundTruth small_wider_truth() {
  return wider_truth({{"0--Parade",
                       "first",
                       {{10, 10, 120, 150, {true, true, true}},
                        {200, 10, 60, 80, {true, true, true}},
                        {300, 10, 30, 30, {false, true, true}},
                        {400, 10, 12, 14, {false, false, true}},
                        {500, 10, 5, 6, {false, false, false}}}},
                      {"0--Parade", "second", {}},
                      {"1--Handshaking",
                       "third.with.points",
                       {{10, 10, 40, 50, {true, true, true}}, {100, 10, 40, 0, {false, false, false}}}}});
}

}  // namespace mtcnn::testing
