#pragma once

#include "mtcnn/detect/device.h"
#include "mtcnn/detect/found.h"
#include "mtcnn/detect/stage_times.h"
#include "mtcnn/detect/trace.h"
#include "mtcnn/geometry/face.h"
#include "mtcnn/image/image.h"
#include "mtcnn/model/options.h"
#include "mtcnn/weights/spec.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mtcnn {

struct Model;

/// Finds faces with the three-stage cascade. Constant after construction: any number of threads may call detect() on
/// one detector. Copies share the nets, so a copy with other options costs nothing.
///
///     const mtcnn::Detector detector;
///     for (const mtcnn::Face& face : detector.detect(image.view())) …
///
/// Source: Zhang et al. 2016, sec. II.
class Detector {
 public:
  /// The built-in default model, on the CPU.
  Detector();
  /// Reads a model folder; the options are those that the folder recommends.
  /// \param device  "cpu", "cuda" or "cuda:N" (experimental), "auto" (cuda if there is a GPU) or, for tests,
  /// "cpu:torch": what a GPU runs, on the CPU.
  /// \param elsewhere  makes the cascades of all devices but "cpu"; without it "auto" is the CPU.
  /// \throws Error if the folder is missing or damaged, or the device does not exist.
  explicit Detector(const std::filesystem::path& model_folder, const std::string& device = "auto",
                    const CascadeFactory& elsewhere = {});
  Detector(const Model& model, const std::string& device = "auto", const CascadeFactory& elsewhere = {});

  const DetectorOptions& options() const { return options_; }
  /// The same nets with changed options: `detector.with([](auto& options) { options.min_face = 40; })`. What `change`
  /// leaves alone stays as the model has it.
  /// \throws Error{usage} naming an option outside its range.
  Detector with(const std::function<void(DetectorOptions&)>& change) const;

  /// \param image  RGB, any size; empty images, and images that with their padding are smaller than min_face, give no
  /// faces.
  /// \return faces by falling confidence. Boxes may leave the image unless options().clip is set.
  /// \throws Error if a GPU fails (out of memory), or an image is too large for options().rotate = 45 (width + height
  /// above 23,170 pixels). In mtcnn's own commands Error{interrupted} once the user asks to stop.
  std::vector<Face> detect(const ImageView& image) const;

  /// Many images of any sizes: the same faces as one by one, and faster for small images, which share net passes.
  /// Memory is bounded by a few images' worth of work, however long the list.
  std::vector<std::vector<Face>> detect(std::span<const ImageView> images) const;

  /// The same for images whose pixels lie in the memory of the detector's device, where they are read without a copy to
  /// the host: pointers of the device `device()`, for "cpu" and "cpu:torch" of the host. On a GPU they are read in the
  /// order of the calling thread's current stream in LibTorch, and the answers are complete on return.
  /// \throws Error{usage} where options().rotate is not 0, but for "cpu": images are turned in the host's memory.
  std::vector<std::vector<Face>> detect_on_device(std::span<const ImageView> images) const;

  /// detect() with what each net let through: tells which net is weak, and gives the windows that the next one is
  /// trained with.
  /// \param last   the cascade ends behind this net, and what later ones would find stays empty.
  /// \param times  where the time went is added to it; may be nullptr.
  /// \throws ContractError if the model lacks a net up to `last`.
  std::vector<Found> detect_stages(std::span<const ImageView> images, NetKind last = NetKind::onet,
                                   StageTimes* times = nullptr) const;

  /// The search of one image, step by step, always on the CPU; its faces are those of detect().
  /// \throws Error{usage} where options().rotate is not 0: that is not one search.
  Trace trace(const ImageView& image) const;

  /// Looks at given windows with O-Net alone, for upright faces whatever options().rotate: much cheaper than a search,
  /// for faces whose places are nearly known. \param windows  squares, image pixels; they may leave the image. \param
  /// times    where the time went is added to it; may be nullptr. \return for each window the face that O-Net sees in
  /// it, with its own probability as confidence; nothing where that is below the third threshold or the window does not
  /// touch the image. Nothing is suppressed.
  std::vector<std::optional<Face>> refine(const ImageView& image, std::span<const Box> windows,
                                          StageTimes* times = nullptr) const;

  /// The names of a face's points, in order; empty where the model gives none.
  const std::vector<std::string>& landmark_names() const;

  /// What the model finds, one of them: "face".
  const std::string& object() const;

  /// "cpu", "cuda:0" or "cpu:torch".
  std::string device() const;

 private:
  void take_options();

  struct Shared;
  std::shared_ptr<Shared> shared_;
  DetectorOptions options_;  ///< as they were given
  DetectorOptions counted_;  ///< as the cascade counts them
};

}  // namespace mtcnn
