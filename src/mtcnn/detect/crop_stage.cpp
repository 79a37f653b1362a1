#include "mtcnn/core/interrupt.h"
#include "mtcnn/detect/final_faces.h"
#include "mtcnn/detect/stages.h"
#include "mtcnn/engine/threads.h"
#include "mtcnn/geometry/nms.h"
#include "mtcnn/image/resample.h"

#include <algorithm>
#include <utility>

namespace mtcnn {
namespace {

/// Windows that are cut out and searched together, which bounds memory.
size_t largest_batch(NetKind net) { return net == NetKind::rnet ? 256 : 64; }

/// A window and the image it belongs to.
struct Job {
  size_t image;
  Box window;
  float votes = 0;        ///< Window::votes
  bool mirrored = false;  ///< the net sees the mirror image of the window
};

/// Mirrors a crop [side, side, 3].
void mirror_crop(float* pixels, int side) {
  for (int y = 0; y < side; ++y, pixels += ptrdiff_t{3} * side) {
    for (int x = 0; x < side / 2; ++x)
      std::swap_ranges(pixels + ptrdiff_t{3} * x, pixels + ptrdiff_t{3} * (x + 1),
                       pixels + ptrdiff_t{3} * (side - 1 - x));
  }
}

/// Cuts windows out of their images into the workspace.
void cut_crops(const StageContext& context, NetKind net, std::span<const ImageView> images, std::span<const Job> jobs) {
  const Stopwatch watch(context.times.crops_s);
  const InputOptions& input = context.input(net);
  const int side = net_input_size(net);
  const size_t crop_floats = static_cast<size_t>(side) * static_cast<size_t>(side) * 3;
  std::vector<float>& crops = context.workspace.pixels;
  crops.resize(jobs.size() * crop_floats);
  share_work(static_cast<int64_t>(jobs.size()), [&](int64_t index) {
    const Job& job = jobs[static_cast<size_t>(index)];
    float* pixels = crops.data() + static_cast<size_t>(index) * crop_floats;
    resample(images[job.image], crop_of(job.window, input, job.mirrored), input.border,
             {.pixels = pixels,
              .width = side,
              .height = side,
              .row_stride = static_cast<ptrdiff_t>(side) * 3,
              .mean = input.mean,
              .scale = input.scale});
    if (job.mirrored) mirror_crop(pixels, side);
  });
}

/// Crops and runs `jobs` in bounded batches; calls use(job index, values of that job). Probabilities below `least` do
/// not matter.
template <class Use>
void run_in_batches(const StageContext& context, NetKind net, float least, std::span<const ImageView> images,
                    std::span<const Job> jobs, Use use) {
  const size_t value_count = static_cast<size_t>(context.nets.value_count(net));
  const Workspace& workspace = context.workspace;
  for (size_t first = 0; first < jobs.size(); first += largest_batch(net)) {
    const size_t count = std::min(jobs.size() - first, largest_batch(net));
    stop_if_interrupted();
    cut_crops(context, net, images, jobs.subspan(first, count));
    {
      const Stopwatch watch(net == NetKind::rnet ? context.times.rnet_s : context.times.onet_s);
      context.nets.run_crops(net, workspace.pixels, static_cast<int>(count), context.workspace.values,
                             least_logit(context, net, least), !context.options.engine.fixed_point);
    }
    for (size_t i = 0; i < count; ++i)
      use(first + i, std::span<const float>(workspace.values).subspan(i * value_count, value_count));
  }
}

std::vector<Job> jobs_for(std::span<const ImageView> images, const std::vector<std::vector<Window>>& windows) {
  std::vector<Job> jobs;
  for (size_t image = 0; image < windows.size(); ++image) {
    for (const Window& window : windows[image]) {
      if (is_croppable(window.box, images[image])) jobs.push_back({image, window.box, window.votes});
    }
  }
  return jobs;
}

Offsets offsets_in(std::span<const float> values) { return {values[1], values[2], values[3], values[4]}; }

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
  float votes;
};

}  // namespace

Face face_of(const Box& window, std::span<const float> values, const InputOptions& input) {
  Landmarks points = decode_landmarks(window, values.subspan(kFaceValues));
  for (Point& point : points) {
    point.x = landmark_at(point.x, input);
    point.y = landmark_at(point.y, input);
  }
  return {decode_offsets(window, offsets_in(values)), logit_to_probability(values[0]), std::move(points)};
}

void run_rnet_stage(const StageContext& context, std::span<const ImageView> images,
                    std::vector<std::vector<Window>>& windows) {
  const std::vector<Job> jobs = jobs_for(images, windows);
  std::vector<std::vector<Refined>> passed(images.size());
  run_in_batches(context, NetKind::rnet, context.options.thresholds[1], images, jobs,
                 [&](size_t job, std::span<const float> values) {
                   const float score = logit_to_probability(values[0]);
                   const Box& window = jobs[job].window;
                   if (context.trace != nullptr)
                     context.trace->rnet.push_back({window, score, decode_offsets(window, offsets_in(values)), {}});
                   if (passes(score, context.options.thresholds[1]))
                     passed[jobs[job].image].push_back(
                         {window, offsets_in(values), score, rnet_votes(context.options, jobs[job].votes, values[0])});
                 });
  const Stopwatch watch(context.times.windows_s);
  for (size_t image = 0; image < images.size(); ++image) {
    windows[image].clear();
    for (const Refined& item :
         suppressed(passed[image], context.options.nms_rnet, Overlap::union_area, &Refined::window, &Refined::score)) {
      windows[image].push_back({square(decode_offsets(item.window, item.offsets)), item.score, item.votes});
    }
    if (context.trace != nullptr) context.trace->after_rnet = windows[image];
  }
}

namespace {

/// What O-Net says of one image's windows.
struct Answers {
  std::vector<Face> faces;    ///< those that pass
  std::vector<Face> windows;  ///< all, where options ask for windows that agree
};

std::vector<Box> boxes_of(const std::vector<Face>& faces) {
  std::vector<Box> boxes;
  for (const Face& face : faces) boxes.push_back(face.box);
  return boxes;
}

/// The summed confidence of the other windows that agree on each face.
std::vector<float> agreement_on(const std::vector<Face>& faces, const std::vector<Face>& windows) {
  std::vector<float> sums(faces.size());
  visit_overlapping(boxes_of(windows), boxes_of(faces), kAgreement,
                    [&](size_t face, size_t window) { sums[face] += windows[window].confidence; });
  for (size_t i = 0; i < faces.size(); ++i) sums[i] = std::max(0.0F, sums[i] - faces[i].confidence);
  return sums;
}

/// Moves faces to the mean of the windows that agree, weighted by confidence (Gidaris and Komodakis 2015).
void vote(float least, const std::vector<Face>& windows, std::vector<Face>& faces) {
  std::vector<Face> sums(faces.size());
  for (size_t i = 0; i < faces.size(); ++i) sums[i].landmarks.resize(faces[i].landmarks.size());
  visit_overlapping(boxes_of(windows), boxes_of(faces), least, [&](size_t face, size_t window) {
    Face& sum = sums[face];
    const Face& one = windows[window];
    const float weight = one.confidence;
    sum.confidence += weight;
    sum.box = {sum.box.x1 + weight * one.box.x1, sum.box.y1 + weight * one.box.y1, sum.box.x2 + weight * one.box.x2,
               sum.box.y2 + weight * one.box.y2};
    for (size_t i = 0; i < sum.landmarks.size(); ++i) {
      sum.landmarks[i].x += weight * one.landmarks[i].x;
      sum.landmarks[i].y += weight * one.landmarks[i].y;
    }
  });
  for (size_t i = 0; i < faces.size(); ++i) {
    const Face& sum = sums[i];
    const float weight = sum.confidence;
    if (!(weight > 0)) continue;  // a face without area meets not even itself
    faces[i].box = {sum.box.x1 / weight, sum.box.y1 / weight, sum.box.x2 / weight, sum.box.y2 / weight};
    for (size_t k = 0; k < sum.landmarks.size(); ++k)
      faces[i].landmarks[k] = {sum.landmarks[k].x / weight, sum.landmarks[k].y / weight};
  }
}

/// Suppression and votes.
std::vector<FoundFace> strongest_faces(const Answers& answers, const DetectorOptions& options) {
  std::vector<Face> faces =
      suppressed(answers.faces, options.nms_onet, Overlap::smaller_area, &Face::box, &Face::confidence);
  if (options.confidence.box_voting > 0) vote(options.confidence.box_voting, answers.windows, faces);
  std::vector<float> agreement(faces.size());
  if (options.confidence.support > 0) agreement = agreement_on(faces, answers.windows);
  std::vector<FoundFace> found;
  for (size_t i = 0; i < faces.size(); ++i) found.push_back({std::move(faces[i]), agreement[i]});
  return found;
}

/// See final_faces.h.
void look_again(const StageContext& context, std::span<const ImageView> images,
                std::span<std::vector<FoundFace>> found) {
  std::vector<SecondLook> looks = second_looks(images, found);
  std::vector<Job> jobs;
  for (const SecondLook& look : looks) jobs.push_back({.image = look.picture, .window = look.window, .mirrored = true});
  if (rnet_looks_again(context.options)) {
    run_in_batches(context, NetKind::rnet, 0, images, jobs,
                   [&](size_t job, std::span<const float> values) { looks[job].rnet_logit = values[0]; });
  }
  run_in_batches(context, NetKind::onet, 0, images, jobs, [&](size_t job, std::span<const float> values) {
    add_second_look(looks[job], values, context.options, context.input(NetKind::onet), context.mirror);
  });
}

}  // namespace

std::vector<std::vector<Face>> run_onet_stage(const StageContext& context, std::span<const ImageView> images,
                                              const std::vector<std::vector<Window>>& windows) {
  const DetectorOptions& options = context.options;
  const std::vector<Job> jobs = jobs_for(images, windows);
  std::vector<Answers> answers(images.size());
  run_in_batches(context, NetKind::onet, 0, images, jobs, [&](size_t job, std::span<const float> values) {
    Answers& picture = answers[jobs[job].image];
    const Box& window = jobs[job].window;
    Face face = face_of(window, values, context.input(NetKind::onet));
    if (context.trace != nullptr) context.trace->onet.push_back({window, face.confidence, face.box, face.landmarks});
    face.confidence = logit_to_probability(face_logit(options, jobs[job].votes, values[0]));
    if (options.confidence.support > 0 || options.confidence.box_voting > 0) picture.windows.push_back(face);
    if (passes(face.confidence, options.thresholds[2])) picture.faces.push_back(face);
  });
  std::vector<std::vector<FoundFace>> found;
  {
    const Stopwatch watch(context.times.windows_s);
    for (const Answers& picture : answers) found.push_back(strongest_faces(picture, options));
  }
  if (options.confidence.mirror_weight > 0) look_again(context, images, found);
  std::vector<std::vector<Face>> faces;
  for (size_t image = 0; image < images.size(); ++image)
    faces.push_back(finished(found[image], options, images[image].width, images[image].height));
  return faces;
}

std::vector<std::optional<Face>> answer_windows(const StageContext& context, const ImageView& image,
                                                std::span<const Box> windows) {
  std::vector<Job> jobs;
  std::vector<size_t> places;  // of the jobs in `windows`
  for (size_t i = 0; i < windows.size(); ++i) {
    if (!is_croppable(windows[i], image)) continue;
    jobs.push_back({0, windows[i]});
    places.push_back(i);
  }
  std::vector<std::optional<Face>> faces(windows.size());
  run_in_batches(context, NetKind::onet, 0, std::span(&image, 1), jobs, [&](size_t job, std::span<const float> values) {
    const Face face = face_of(jobs[job].window, values, context.input(NetKind::onet));
    if (passes(face.confidence, context.options.thresholds[2])) faces[places[job]] = face;
  });
  return faces;
}

}  // namespace mtcnn
