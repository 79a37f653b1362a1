#include "mtcnn/detect/detector.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/detect/final_faces.h"
#include "mtcnn/detect/stages.h"
#include "mtcnn/detect/turned_search.h"
#include "mtcnn/model/model_folder.h"

#include <mutex>
#include <utility>

namespace mtcnn {
namespace {

/// Images whose pyramids are searched together: enough to fill a canvas, few enough to bound memory.
constexpr int64_t kGroupPixels = int64_t{1024} * 640;

/// The first images of `images` that are searched together; at least one.
size_t group_size(std::span<const ImageView> images) {
  int64_t pixels = 0;
  size_t count = 0;
  for (; count < images.size(); ++count) {
    pixels += static_cast<int64_t>(images[count].width) * images[count].height;
    if (count > 0 && pixels > kGroupPixels) break;
  }
  return count;
}

/// One workspace for each call that runs at the same time.
class WorkspacePool {
 public:
  /// Brings a workspace back to its pool.
  struct GiveBack {
    WorkspacePool* pool;
    void operator()(Workspace* workspace) const { pool->give_back(std::unique_ptr<Workspace>(workspace)); }
  };

  std::unique_ptr<Workspace, GiveBack> take() {
    const std::scoped_lock lock(mutex_);
    if (free_.empty()) return {new Workspace, GiveBack{this}};
    std::unique_ptr<Workspace> taken = std::move(free_.back());
    free_.pop_back();
    return {taken.release(), GiveBack{this}};
  }

 private:
  void give_back(std::unique_ptr<Workspace> workspace) {
    const std::scoped_lock lock(mutex_);
    free_.push_back(std::move(workspace));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Workspace>> free_;
};

/// The cascade of the device; nothing where that is our engine.
std::unique_ptr<Cascade> cascade_on(const std::string& device, const Model& model, const CascadeFactory& elsewhere) {
  const DeviceName name = parse_device(device);
  if (device == "cpu") return nullptr;
  if (name.automatic) return elsewhere && has_gpu() ? elsewhere(model, device) : nullptr;
  if (elsewhere) return elsewhere(model, device);
  throw device_error(device, "this device needs LibTorch, and this program or library was built without it",
                     "the CPU computes with --device cpu; programs of your own link mtcnn::gpu and give gpu_cascade()");
}

std::vector<Box> boxes_of(const std::vector<Window>& windows) {
  std::vector<Box> boxes;
  boxes.reserve(windows.size());
  for (const Window& window : windows) boxes.push_back(window.box);
  return boxes;
}

}  // namespace

struct Detector::Shared {
  NetRunner nets;
  NetInputs inputs;
  std::vector<std::string> landmark_names;
  std::string object;
  std::vector<size_t> mirror;  ///< mirrored_points()
  WorkspacePool workspaces;
  std::unique_ptr<Cascade> elsewhere;  ///< nullptr on the CPU

  StageContext context(const DetectorOptions& options, Workspace& workspace, StageTimes& times) const {
    return {nets, options, inputs, mirror, workspace, times};
  }

  /// Detector::detect_stages(), upright alone.
  std::vector<Found> search(std::span<const ImageView> images, const DetectorOptions& options, NetKind last,
                            StageTimes* times);
};

Detector::Detector() : Detector(default_model()) {}

Detector::Detector(const std::filesystem::path& model_folder, const std::string& device,
                   const CascadeFactory& elsewhere)
    : Detector(read_model(model_folder), device, elsewhere) {}

Detector::Detector(const Model& model, const std::string& device, const CascadeFactory& elsewhere)
    : shared_(new Shared{NetRunner(model.nets),
                         inputs_of(model.nets),
                         model.landmark_names,
                         model.object,
                         mirrored_points(model.landmark_names),
                         {},
                         cascade_on(device, model, elsewhere)}),
      options_(model.detector) {
  take_options();
  const bool whole = !model.nets.back().tensors.empty();
  require(!whole || static_cast<size_t>(shared_->nets.landmark_count()) == model.landmark_names.size(),
          "Detector: as many names as points are needed");
}

Detector Detector::with(const std::function<void(DetectorOptions&)>& change) const {
  Detector copy = *this;
  change(copy.options_);
  copy.take_options();
  return copy;
}

void Detector::take_options() {
  detector_option_table().check(options_);
  counted_ = options_;
  counted_.confidence = counted(options_.confidence);
}

std::vector<Face> Detector::detect(const ImageView& image) const { return detect(std::span(&image, 1)).front(); }

std::vector<std::vector<Face>> Detector::detect(std::span<const ImageView> images) const {
  std::vector<std::vector<Face>> faces;
  for (Found& found : detect_stages(images)) faces.push_back(std::move(found.faces));
  return faces;
}

std::vector<std::vector<Face>> Detector::detect_on_device(std::span<const ImageView> images) const {
  if (!shared_->elsewhere) return detect(images);
  if (counted_.rotate != 0) {
    throw Error(
        ErrorCode::usage, "images on a device are not turned",
        {.where = "rotate", .found = concat(counted_.rotate), .expected = "0", .hint = "copy them to the host"});
  }
  std::vector<std::vector<Face>> faces;
  for (Found& found : shared_->elsewhere->search_on_device(images, counted_)) faces.push_back(std::move(found.faces));
  return faces;
}

std::vector<Found> Detector::detect_stages(std::span<const ImageView> images, NetKind last, StageTimes* times) const {
  const auto search = [&](std::span<const ImageView> views, const DetectorOptions& options) {
    return shared_->search(views, options, last, times);
  };
  if (counted_.rotate == 0) return search(images, counted_);
  std::vector<Found> found;
  for (const ImageView& image : images)
    found.push_back(search_turned(image, counted_, shared_->inputs.front().border, search));
  return found;
}

std::vector<Found> Detector::Shared::search(std::span<const ImageView> images, const DetectorOptions& options,
                                            NetKind last, StageTimes* times) {
  if (elsewhere) return elsewhere->search(images, options, last, times);
  const auto workspace = workspaces.take();
  StageTimes unused;
  const StageContext context = this->context(options, *workspace, times != nullptr ? *times : unused);
  std::vector<Found> found(images.size());
  for (size_t first = 0; first < images.size();) {
    const std::span<const ImageView> group = images.subspan(first, group_size(images.subspan(first)));
    std::vector<std::vector<Window>> windows = run_pyramid_stage(context, group);
    const std::span<Found> group_found = std::span(found).subspan(first, group.size());
    for (size_t i = 0; i < group.size(); ++i) group_found[i].after_pnet = boxes_of(windows[i]);
    first += group.size();
    if (last == NetKind::pnet) continue;
    run_rnet_stage(context, group, windows);
    for (size_t i = 0; i < group.size(); ++i) group_found[i].after_rnet = boxes_of(windows[i]);
    if (last == NetKind::rnet) continue;
    std::vector<std::vector<Face>> faces = run_onet_stage(context, group, windows);
    for (size_t i = 0; i < group.size(); ++i) group_found[i].faces = std::move(faces[i]);
  }
  return found;
}

Trace Detector::trace(const ImageView& image) const {
  if (options_.rotate != 0) {
    throw Error(ErrorCode::usage, "a trace shows one search of the upright image",
                {.where = "rotate", .found = concat(options_.rotate), .expected = "0"});
  }
  const auto workspace = shared_->workspaces.take();
  StageTimes times;
  Trace trace;
  StageContext context = shared_->context(counted_, *workspace, times);
  context.trace = &trace;
  const std::span<const ImageView> images(&image, 1);
  std::vector<std::vector<Window>> windows = run_pyramid_stage(context, images);
  run_rnet_stage(context, images, windows);
  trace.faces = run_onet_stage(context, images, windows).front();
  return trace;
}

std::vector<std::optional<Face>> Detector::refine(const ImageView& image, std::span<const Box> windows,
                                                  StageTimes* times) const {
  if (shared_->elsewhere) return shared_->elsewhere->refine(image, windows, counted_, times);
  const auto workspace = shared_->workspaces.take();
  StageTimes unused;
  const StageContext context = shared_->context(counted_, *workspace, times != nullptr ? *times : unused);
  return answer_windows(context, image, windows);
}

const std::string& Detector::object() const { return shared_->object; }

const std::vector<std::string>& Detector::landmark_names() const { return shared_->landmark_names; }

std::string Detector::device() const { return shared_->elsewhere ? shared_->elsewhere->device() : "cpu"; }

}  // namespace mtcnn
