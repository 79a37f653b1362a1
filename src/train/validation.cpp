#include "mtcnn/train/validation.h"

#include "mtcnn/train/loader.h"
#include "mtcnn/train/tensors.h"

#include <cmath>

namespace mtcnn {
namespace {

constexpr int64_t kChunk = 512;

/// Sum over samples of the mean distance of five points over the face's side.
double landmark_distances(const CropSet& crops, const std::vector<SampleId>& samples, const torch::Tensor& errors) {
  double sum = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const CropSet::Crop crop = crops.at(samples[i]);
    const Offsets offsets = crop.shard->label(crop.row).offsets;
    const double side = std::sqrt(static_cast<double>(1 + offsets[2] - offsets[0]) * (1 + offsets[3] - offsets[1]));
    const float* error = errors.const_data_ptr<float>() + 10 * i;
    double distance = 0;
    for (int point = 0; point < 5; ++point) distance += std::hypot(error[2 * point], error[2 * point + 1]);
    sum += distance / 5 / side;
  }
  return sum;
}

void add_scores(const torch::Tensor& logits, bool positive, ValidationAnswers& answers) {
  const torch::Tensor log_probability = torch::log_softmax(logits, 1);
  answers.face_loss_sum -= log_probability.select(1, positive ? 1 : 0).to(torch::kDouble).sum().item<double>();
  const torch::Tensor scores = log_probability.select(1, 1).exp().to(torch::kCPU).contiguous();
  const float* first = scores.const_data_ptr<float>();
  std::vector<float>& all = positive ? answers.positive_scores : answers.negative_scores;
  all.insert(all.end(), first, first + scores.numel());
}

}  // namespace

ValidationAnswers validate(const TrainableNet& net, const CropSet& crops, torch::Device device) {
  const torch::NoGradGuard no_grad;
  ValidationAnswers answers;
  Batch batch;
  std::vector<SampleId> samples;
  for (const CropKind kind : kCropKinds) {
    for (int64_t first = 0; first < crops.count(kind); first += kChunk) {
      samples.clear();
      for (int64_t i = first; i < std::min(first + kChunk, crops.count(kind)); ++i) samples.push_back({kind, i});
      load_plain(crops, samples, batch);
      const NetOutput output = net.forward(input_tensor(batch, device));
      const BatchTargets targets = target_tensors(batch, device);
      if (kind == CropKind::positive || kind == CropKind::negative)
        add_scores(output.face_logits.flatten(1), kind == CropKind::positive, answers);
      if (kind == CropKind::positive || kind == CropKind::part) {
        answers.boxes += batch.counts.boxes();
        answers.box_squared_sum +=
            (output.offsets.flatten(1) - targets.offsets).square().to(torch::kDouble).sum().item<double>();
      }
      if (kind == CropKind::landmark && output.landmarks.defined()) {
        const torch::Tensor errors = (output.landmarks.flatten(1) - targets.landmarks).to(torch::kCPU).contiguous();
        answers.landmarks += batch.counts.landmarks;
        answers.landmark_squared_sum += errors.square().to(torch::kDouble).sum().item<double>();
        answers.landmark_distance_sum += landmark_distances(crops, samples, errors);
      }
    }
  }
  return answers;
}

}  // namespace mtcnn
