#include "mtcnn/train/validation.h"

#include "mtcnn/core/error.h"
#include "mtcnn/train/loader.h"
#include "mtcnn/train/tensors.h"
#include "mtcnn/train/torch_threads.h"

#include <array>
#include <cmath>
#include <cstring>
#include <string_view>

namespace mtcnn {
namespace {

constexpr int64_t kCropsTogether = 256;

/// \param errors  [N, 2 points]
/// \return mean distance of a sample's points over its face's side.
std::vector<float> landmark_errors(const CropSet& crops, const std::vector<SampleId>& samples,
                                   const torch::Tensor& errors) {
  const int64_t points = errors.size(1) / 2;
  std::vector<float> relative;
  for (size_t i = 0; i < samples.size(); ++i) {
    const CropSet::Crop crop = crops.at(samples[i]);
    const Offsets offsets = crop.shard->label(crop.row).offsets;
    const double side = std::sqrt(static_cast<double>(1 + offsets[2] - offsets[0]) * (1 + offsets[3] - offsets[1]));
    const float* error = errors.const_data_ptr<float>() + 2 * points * static_cast<int64_t>(i);
    double distance = 0;
    for (int64_t point = 0; point < points; ++point) distance += std::hypot(error[2 * point], error[2 * point + 1]);
    relative.push_back(static_cast<float>(distance / static_cast<double>(points) / side));
  }
  return relative;
}

std::vector<float> values_of(const torch::Tensor& tensor) {
  const torch::Tensor plain = tensor.to(torch::kCPU, torch::kFloat).contiguous();
  return {plain.const_data_ptr<float>(), plain.const_data_ptr<float>() + plain.numel()};
}

void add_scores(const torch::Tensor& logits, bool positive, ValidationAnswers& answers) {
  const torch::Tensor log_probability = torch::log_softmax(logits, 1);
  answers.face_loss_sum -= log_probability.select(1, positive ? 1 : 0).to(torch::kDouble).sum().item<double>();
  (positive ? answers.positive_scores : answers.negative_scores) = values_of(log_probability.select(1, 1).exp());
}

ValidationAnswers validate_chunk(const NetModule& net, const CropSet& crops, const std::vector<SampleId>& samples,
                                 torch::Device device) {
  const torch::NoGradGuard no_grad;
  ValidationAnswers answers;
  Batch batch;
  load_plain(crops, samples, batch);
  const CropKind kind = samples.front().kind;
  const NetOutput output = net.forward(input_tensor(batch, device));
  const BatchTargets targets = target_tensors(batch, device);
  if (kind == CropKind::positive || kind == CropKind::negative)
    add_scores(output.face_logits.flatten(1), kind == CropKind::positive, answers);
  if (kind == CropKind::positive || kind == CropKind::part) {
    const torch::Tensor errors = (output.offsets.flatten(1) - targets.offsets).square().mean(1).sqrt();
    (kind == CropKind::positive ? answers.positive_box_errors : answers.part_box_errors) = values_of(errors);
  }
  if (kind == CropKind::landmark && output.landmarks.defined()) {
    const torch::Tensor points = output.landmarks.flatten(1);
    const torch::Tensor errors = (points - targets.landmarks).to(torch::kCPU).contiguous();
    answers.landmark_points = values_of(points);
    answers.landmark_errors = landmark_errors(crops, samples, errors);
    answers.landmark_squared_sum = errors.square().to(torch::kDouble).sum().item<double>();
  }
  return answers;
}

constexpr std::array kLists = {&ValidationAnswers::positive_scores,     &ValidationAnswers::negative_scores,
                               &ValidationAnswers::positive_box_errors, &ValidationAnswers::part_box_errors,
                               &ValidationAnswers::landmark_errors,     &ValidationAnswers::landmark_points};
constexpr std::array kSums = {&ValidationAnswers::face_loss_sum, &ValidationAnswers::landmark_squared_sum};

void append(const ValidationAnswers& more, ValidationAnswers& all) {
  for (const auto list : kLists) (all.*list).insert((all.*list).end(), (more.*list).begin(), (more.*list).end());
  for (const auto sum : kSums) all.*sum += more.*sum;
}

/// Adds a chunk's answers to bytes for another process of the same program.
void write_chunk(const ValidationAnswers& answers, std::string& bytes) {
  const auto add = [&](const void* data, size_t size) { bytes.append(static_cast<const char*>(data), size); };
  for (const auto sum : kSums) add(&(answers.*sum), sizeof(double));
  for (const auto list : kLists) {
    const uint64_t count = (answers.*list).size();
    add(&count, sizeof count);
    add((answers.*list).data(), count * sizeof(float));
  }
}

/// \param bytes  of write_chunk(); loses those of the chunk.
ValidationAnswers read_chunk(std::string_view& bytes) {
  const auto take = [&](void* data, size_t size) {
    require(size <= bytes.size(), "validate: another process's answers are cut off");
    if (size > 0) std::memcpy(data, bytes.data(), size);
    bytes.remove_prefix(size);
  };
  ValidationAnswers answers;
  for (const auto sum : kSums) take(&(answers.*sum), sizeof(double));
  for (const auto list : kLists) {
    uint64_t count = 0;
    take(&count, sizeof count);
    require(count <= bytes.size() / sizeof(float), "validate: another process's answers are cut off");
    (answers.*list).resize(count);
    take((answers.*list).data(), count * sizeof(float));
  }
  return answers;
}

/// Chunk i is with the process of rank i mod world; after it all have all.
void share_chunks(Peers& peers, std::vector<ValidationAnswers>& answers) {
  if (peers.alone()) return;
  const auto world = static_cast<size_t>(peers.world());
  std::string own;
  for (size_t i = static_cast<size_t>(peers.rank()); i < answers.size(); i += world) write_chunk(answers[i], own);
  const std::vector<std::string> all = gather_texts(peers, own);
  std::vector<std::string_view> rest(all.begin(), all.end());
  for (size_t i = 0; i < answers.size(); ++i) answers[i] = read_chunk(rest[i % world]);
}

/// All crops, in pieces of one kind.
std::vector<std::vector<SampleId>> chunks_of(const CropSet& crops) {
  std::vector<std::vector<SampleId>> chunks;
  for (const CropKind kind : kCropKinds) {
    for (int64_t i = 0; i < crops.count(kind); ++i) {
      if (i % kCropsTogether == 0) chunks.emplace_back();
      chunks.back().push_back({kind, i});
    }
  }
  return chunks;
}

}  // namespace

ValidationAnswers validate(const NetModule& net, const CropSet& crops, torch::Device device, ThreadPool& pool,
                           Peers& peers) {
  const std::vector<std::vector<SampleId>> chunks = chunks_of(crops);
  std::vector<ValidationAnswers> answers(chunks.size());
  const auto count = static_cast<int64_t>(chunks.size());
  const int64_t rank = peers.rank();
  const int64_t world = peers.world();
  pool.run((count - rank + world - 1) / world, [&](int64_t number) {
    take_over_threads();
    const auto i = static_cast<size_t>(rank + number * world);
    answers[i] = validate_chunk(net, crops, chunks[i], device);
  });
  crops.release_pages();
  share_chunks(peers, answers);
  ValidationAnswers all;
  for (const ValidationAnswers& chunk : answers) append(chunk, all);
  return all;
}

}  // namespace mtcnn
