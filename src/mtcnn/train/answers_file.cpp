#include "mtcnn/train/answers_file.h"

#include "mtcnn/core/safetensors.h"
#include "mtcnn/core/text.h"

#include <array>
#include <span>
#include <vector>

namespace mtcnn {
namespace {

/// [count, 2]: the segment whose shard holds the crop, and the row in it.
std::vector<int32_t> places_of(const CropSet& crops, CropKind kind) {
  std::vector<int32_t> places;
  for (int64_t i = 0; i < crops.count(kind); ++i) {
    const CropSet::Crop crop = crops.at({kind, i});
    places.push_back(static_cast<int32_t>(crop.segment));
    places.push_back(static_cast<int32_t>(crop.row));
  }
  return places;
}

}  // namespace

void write_answers(const std::filesystem::path& path, const ValidationAnswers& answers, const CropSet& crops,
                   std::map<std::string, std::string> metadata) {
  std::vector<TensorView> tensors;
  std::array<std::vector<int32_t>, kCropKinds.size()> places;
  for (const CropKind kind : kCropKinds) {
    std::vector<int32_t>& own = places[static_cast<size_t>(kind)];
    own = places_of(crops, kind);
    if (own.empty()) continue;
    tensors.push_back(
        {concat(crop_kind_name(kind), "_place"), Dtype::i32, {crops.count(kind), 2}, std::as_bytes(std::span(own))});
  }
  const auto add = [&](const char* name, const std::vector<float>& values, int64_t columns) {
    if (values.empty()) return;
    std::vector<int64_t> shape = {static_cast<int64_t>(values.size()) / columns};
    if (columns > 1) shape.push_back(columns);
    tensors.push_back({name, Dtype::f32, std::move(shape), std::as_bytes(std::span(values))});
  };
  add("positive_score", answers.positive_scores, 1);
  add("negative_score", answers.negative_scores, 1);
  add("positive_box_error", answers.positive_box_errors, 1);
  add("part_box_error", answers.part_box_errors, 1);
  add("landmark_error", answers.landmark_errors, 1);
  add("landmark_points", answers.landmark_points, 2 * static_cast<int64_t>(crops.landmarks().count()));
  metadata["format"] = "mtcnn-answers";
  metadata["version"] = "1";
  write_safetensors(path, tensors, metadata);
}

}  // namespace mtcnn
