#include "mtcnn/gpu/tensor_cascade.h"

#include "mtcnn/core/device_name.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/detect/stages.h"
#include "mtcnn/gpu/tensor_search.h"
#include "mtcnn/gpu/torch_device.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

namespace mtcnn {
namespace {

bool any(const Counted& windows) { return windows.windows.boxes.size(1) > 0; }

/// Adds each image's windows to Found.
/// \param boxes  [B, N, 4] on the host.
void tell(const at::Tensor& boxes, const Counted& windows, std::span<Found> found, std::vector<Box> Found::*where) {
  for (size_t i = 0; i < found.size(); ++i) {
    const float* edges = boxes.const_data_ptr<float>() + static_cast<int64_t>(i) * boxes.size(1) * 4;
    for (int64_t k = 0; k < windows.counts[i]; ++k, edges += 4)
      (found[i].*where).push_back({edges[0], edges[1], edges[2], edges[3]});
  }
}

/// Images, and how they are searched.
struct Job {
  std::span<const ImageView> images;
  PixelPlace place;
  const DetectorOptions& options;
  NetKind last;
  StageTimes* times;
};

ImageGroup uploaded_group(const TensorModel& model, const Job& job) {
  StageTimes unused;
  const Stopwatch watch((job.times == nullptr ? unused : *job.times).pyramid_s);
  ImageGroup images(job.images, job.place, model.inputs, model.device);
  if (job.times != nullptr) wait_for(model.device);
  return images;
}

/// \param job  of images of one size.
void search_group(const TensorModel& model, const Job& job, std::span<Found> found) {
  const DetectorOptions& options = job.options;
  const auto plan = model.planner.plan(levels_of(job.images.front(), options));
  if (plan->empty()) return;
  const ImageGroup images = uploaded_group(model, job);
  const TensorSearch search{model, model.nets(options.engine.half), options, images, job.times};
  const Counted after_pnet = look_everywhere(search, *plan);
  if (!any(after_pnet)) return;
  std::vector<at::Tensor> boxes = {after_pnet.windows.boxes};
  if (job.last == NetKind::pnet) return tell(floats_to_host(boxes).front(), after_pnet, found, &Found::after_pnet);
  const Counted after_rnet = refine_windows(search, after_pnet);
  boxes.push_back(after_rnet.windows.boxes);
  std::vector<std::vector<FoundFace>> faces(found.size());
  if (any(after_rnet) && job.last == NetKind::onet) {
    faces = find_faces(search, after_rnet, boxes);
  } else {
    boxes = floats_to_host(boxes);
  }
  if (options.confidence.mirror_weight > 0) look_again(search, job.images, faces);
  tell(boxes[0], after_pnet, found, &Found::after_pnet);
  tell(boxes[1], after_rnet, found, &Found::after_rnet);
  for (size_t i = 0; i < found.size(); ++i)
    found[i].faces = finished(faces[i], options, job.images[i].width, job.images[i].height);
}

/// LibTorch's complaints that a device, or the host, has no memory left.
bool is_out_of_memory(const c10::Error& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  const std::string_view said = error.what_without_backtrace();
  constexpr std::array kPhrases = {"not enough memory", "out of memory",
                                   "ALLOC_FAILED"};  // CPU, CUDA, cuDNN and cuBLAS
  return std::ranges::any_of(kPhrases, [&](const char* phrase) { return said.find(phrase) != std::string_view::npos; });
}

/// Runs `work` without gradients; LibTorch's errors become ours.
template <class Work>
auto on_device(at::Device device, Work work) {
  try {
    const c10::InferenceMode no_gradients;
    return work();
  } catch (const c10::Error& error) {
    if (is_out_of_memory(error)) {
      throw Error(ErrorCode::unsupported, concat("out of memory on ", device.str()),
                  {.hint = "search fewer images at once, or smaller ones (max_side), or find out what else takes the "
                           "device's memory"});
    }
    throw Error(ErrorCode::unsupported,
                concat("LibTorch failed on ", device.str(), ": ", error.what_without_backtrace()));
  }
}

std::vector<Found> search_all(const TensorModel& model, const Job& job) {
  std::vector<Found> found(job.images.size());
  on_device(model.device, [&] {
    for (const std::vector<size_t>& group : groups_by_size(job.images)) {
      std::vector<ImageView> images;
      for (const size_t i : group) images.push_back(job.images[i]);
      std::vector<Found> group_found(group.size());
      search_group(model, {images, job.place, job.options, job.last, job.times}, group_found);
      for (size_t i = 0; i < group.size(); ++i) found[group[i]] = std::move(group_found[i]);
    }
  });
  return found;
}

}  // namespace

std::unique_ptr<Cascade> gpu_cascade(const Model& model, const std::string& device) {
  const bool on_cpu = device == kTensorsOnCpu;
  const at::Device chosen = on_cpu ? at::Device(at::kCPU) : choose_device(device);
  if (chosen.is_cpu() && !on_cpu) return nullptr;
  return std::make_unique<TensorCascade>(
      on_device(chosen, [&] { return std::make_unique<const TensorModel>(model, chosen); }));
}

TensorCascade::TensorCascade(std::unique_ptr<const TensorModel> model) : model_(std::move(model)) {}

TensorCascade::~TensorCascade() = default;

std::vector<Found> TensorCascade::search(std::span<const ImageView> images, const DetectorOptions& options,
                                         NetKind last, StageTimes* times) const {
  return search_all(*model_, {images, PixelPlace::host, options, last, times});
}

std::vector<Found> TensorCascade::search_on_device(std::span<const ImageView> images,
                                                   const DetectorOptions& options) const {
  return search_all(*model_, {images, PixelPlace::device, options, NetKind::onet, nullptr});
}

std::vector<std::optional<Face>> TensorCascade::refine(const ImageView& image, std::span<const Box> windows,
                                                       const DetectorOptions& options, StageTimes* times) const {
  if (image.empty() || windows.empty()) return std::vector<std::optional<Face>>(windows.size());
  return on_device(model_->device, [&] {
    const ImageGroup images(std::span(&image, 1), PixelPlace::host, model_->inputs, model_->device);
    return answers_to({*model_, model_->nets(options.engine.half), options, images, times}, windows);
  });
}

std::string TensorCascade::device() const { return model_->device.is_cpu() ? kTensorsOnCpu : model_->device.str(); }

}  // namespace mtcnn
