#include "mtcnn/detect/stages.h"
#include "mtcnn/geometry/nms.h"
#include "mtcnn/image/resample.h"
#include "mtcnn/nets/threads.h"

#include <algorithm>
#include <cmath>

namespace mtcnn {
namespace {

/// Batch sizes that the nets are run with; a batch is filled up with zeros to the next one. Few shapes keep LibTorch's
/// caches small.
constexpr int kBatchSizes[] = {4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256};

int largest_batch(NetKind net) { return net == NetKind::rnet ? 256 : 64; }

int padded_batch(int count) { return *std::lower_bound(std::begin(kBatchSizes), std::end(kBatchSizes), count); }

/// The part of the picture that a net sees of a window.
Box crop_of(const Box& window, float lead) { return {window.x1 - lead, window.y1 - lead, window.x2, window.y2}; }

/// A window that a net can be run on: finite, with area, and touching its picture.
bool is_croppable(const Box& box, const ImageView& image) {
  return std::isfinite(box.area()) && box.area() >= 1 && box.x1 < static_cast<float>(image.width) && box.x2 > 0 &&
         box.y1 < static_cast<float>(image.height) && box.y2 > 0;
}

/// A window and the picture it belongs to.
struct Job {
  size_t image;
  Box window;
};

/// Crops and runs `jobs` in bounded batches; calls use(job index, values of that job).
template <class Use>
void run_in_batches(const StageContext& context, NetKind net, std::span<const ImageView> images,
                    const std::vector<Job>& jobs, Use use) {
  const int side = net_input_size(net);
  const size_t crop_floats = static_cast<size_t>(side) * static_cast<size_t>(side) * 3;
  const int value_count = net == NetKind::rnet ? kFaceValues : kFaceAndLandmarkValues;
  std::vector<float> crops;
  std::vector<float> values;
  for (size_t first = 0; first < jobs.size(); first += static_cast<size_t>(largest_batch(net))) {
    const auto count = std::min(jobs.size() - first, static_cast<size_t>(largest_batch(net)));
    const int batch = padded_batch(static_cast<int>(count));
    crops.assign(static_cast<size_t>(batch) * crop_floats, 0.0F);
    parallel_for(static_cast<int64_t>(count), 4, [&](int64_t begin, int64_t end) {
      for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
        const Job& job = jobs[first + i];
        resample(images[job.image], crop_of(job.window, context.input.crop_lead), context.input.border,
                 {.pixels = crops.data() + i * crop_floats,
                  .width = side,
                  .height = side,
                  .row_stride = static_cast<ptrdiff_t>(side) * 3,
                  .mean = context.input.mean,
                  .scale = context.input.scale});
      }
    });
    context.nets.run_crops(net, crops, batch, values);
    for (size_t i = 0; i < count; ++i) use(first + i, values.data() + i * static_cast<size_t>(value_count));
  }
}

std::vector<Job> jobs_for(std::span<const ImageView> images, const std::vector<std::vector<Window>>& windows) {
  std::vector<Job> jobs;
  for (size_t image = 0; image < windows.size(); ++image) {
    for (const Window& window : windows[image]) {
      if (is_croppable(window.box, images[image])) jobs.push_back({image, window.box});
    }
  }
  return jobs;
}

Offsets offsets_in(const float* values) { return {values[1], values[2], values[3], values[4]}; }

/// The items that survive suppression, strongest first; `box` and `score` name the members that it reads.
template <class Item>
std::vector<Item> suppressed(const std::vector<Item>& items, float threshold, Overlap overlap, Box Item::*box,
                             float Item::*score) {
  std::vector<Box> boxes;
  std::vector<float> scores;
  for (const Item& item : items) {
    boxes.push_back(item.*box);
    scores.push_back(item.*score);
  }
  std::vector<Item> kept;
  for (const int32_t index : nms(boxes, scores, threshold, overlap)) kept.push_back(items[static_cast<size_t>(index)]);
  return kept;
}

/// What R-Net lets through.
struct Refined {
  Box window;
  Offsets offsets;
  float score;
};

}  // namespace

void run_rnet_stage(const StageContext& context, std::span<const ImageView> images,
                    std::vector<std::vector<Window>>& windows) {
  const std::vector<Job> jobs = jobs_for(images, windows);
  std::vector<std::vector<Refined>> passed(images.size());
  run_in_batches(context, NetKind::rnet, images, jobs, [&](size_t job, const float* values) {
    const float score = logit_to_probability(values[0]);
    if (score >= context.options.thresholds[1])
      passed[jobs[job].image].push_back({jobs[job].window, offsets_in(values), score});
  });
  for (size_t image = 0; image < images.size(); ++image) {
    windows[image].clear();
    for (const Refined& item :
         suppressed(passed[image], context.options.nms_rnet, Overlap::union_area, &Refined::window, &Refined::score)) {
      windows[image].push_back({square(decode_offsets(item.window, item.offsets)), item.score});
    }
  }
}

std::vector<std::vector<Face>> run_onet_stage(const StageContext& context, std::span<const ImageView> images,
                                              const std::vector<std::vector<Window>>& windows) {
  const std::vector<Job> jobs = jobs_for(images, windows);
  std::vector<std::vector<Face>> faces(images.size());
  run_in_batches(context, NetKind::onet, images, jobs, [&](size_t job, const float* values) {
    const float score = logit_to_probability(values[0]);
    if (!(score >= context.options.thresholds[2])) return;
    LandmarkTargets targets{};
    std::copy_n(values + kFaceValues, targets.size(), targets.begin());
    const Box& window = jobs[job].window;
    faces[jobs[job].image].push_back(
        {decode_offsets(window, offsets_in(values)), score, decode_landmarks(window, targets)});
  });
  for (size_t image = 0; image < images.size(); ++image) {
    faces[image] =
        suppressed(faces[image], context.options.nms_onet, Overlap::smaller_area, &Face::box, &Face::confidence);
    if (!context.options.clip) continue;
    for (Face& face : faces[image]) {
      face.box = clip(face.box, static_cast<float>(images[image].width), static_cast<float>(images[image].height));
    }
  }
  return faces;
}

}  // namespace mtcnn
