#include "mtcnn/detect/final_faces.h"

#include "mtcnn/data/landmark_layout.h"
#include "mtcnn/detect/stages.h"

#include <algorithm>

namespace mtcnn {
namespace {

/// `face`, found in the mirror image of `window`, in the image itself; points keep their places in the list.
Face unmirrored(const Box& window, Face face) {
  const float both = window.x1 + window.x2;
  face.box = {both - face.box.x2, face.box.y1, both - face.box.x1, face.box.y2};
  for (Point& point : face.landmarks) point.x = both - point.x;
  return face;
}

float mean(float a, float b) { return (a + b) / 2; }

}  // namespace

float finite_logit(float probability) {
  constexpr float kLeast = 1e-7F;
  return probability_to_logit(std::clamp(probability, kLeast, 1 - kLeast));
}

std::vector<size_t> mirrored_points(std::span<const std::string> names) {
  const LandmarkLayout& layout = face_landmarks();
  if (names.size() != layout.count()) return {};
  const auto places = face_points_among(names);
  if (!places) return {};
  std::vector<size_t> mirror(names.size());
  for (size_t i = 0; i < mirror.size(); ++i) mirror[(*places)[i]] = (*places)[layout.mirror[i]];
  return mirror;
}

std::vector<SecondLook> second_looks(std::span<const ImageView> images, std::span<std::vector<FoundFace>> found) {
  std::vector<SecondLook> looks;
  for (size_t picture = 0; picture < found.size(); ++picture) {
    for (FoundFace& one : found[picture]) {
      const Box window = square(one.face.box);
      if (is_croppable(window, images[picture])) looks.push_back({picture, window, &one.face});
    }
  }
  return looks;
}

bool rnet_looks_again(const DetectorOptions& options) {
  return options.confidence.mirror_weight > 0 && options.confidence.rnet_weight > 0;
}

void add_second_look(const SecondLook& look, std::span<const float> values, const DetectorOptions& options,
                     const InputOptions& input, std::span<const size_t> mirror) {
  const Face second = unmirrored(look.window, face_of(look.window, values, input));
  Face& face = *look.face;
  const float first_votes = summed_votes(options);
  const float second_votes = options.confidence.mirror_weight * (1 + options.confidence.rnet_weight);
  const float first = first_votes * finite_logit(face.confidence);
  const float again = options.confidence.mirror_weight * (values[0] + options.confidence.rnet_weight * look.rnet_logit);
  face.confidence = logit_to_probability((first + again) / (first_votes + second_votes));
  face.box = {mean(face.box.x1, second.box.x1), mean(face.box.y1, second.box.y1), mean(face.box.x2, second.box.x2),
              mean(face.box.y2, second.box.y2)};
  for (size_t i = 0; i < mirror.size(); ++i) {
    Point& point = face.landmarks[i];
    const Point& other = second.landmarks[mirror[i]];
    point = {mean(point.x, other.x), mean(point.y, other.y)};
  }
}

std::vector<Face> finished(std::span<const FoundFace> found, const DetectorOptions& options, int width, int height) {
  std::vector<Face> faces;
  for (const auto& [face, agreement] : found) {
    if (!passes(face.confidence, options.thresholds[2])) continue;
    Face& kept = faces.emplace_back(face);
    if (options.confidence.support > 0)
      kept.confidence = 1 - (1 - kept.confidence) / (1 + options.confidence.support * agreement);
    if (options.clip) kept.box = clip(kept.box, static_cast<float>(width), static_cast<float>(height));
  }
  std::stable_sort(faces.begin(), faces.end(),
                   [](const Face& a, const Face& b) { return a.confidence > b.confidence; });
  return faces;
}

}  // namespace mtcnn
