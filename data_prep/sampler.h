#pragma once

#include "mtcnn/core/random.h"
#include "mtcnn/data/landmark_layout.h"
#include "mtcnn/data/shard.h"
#include "mtcnn/geometry/box.h"

#include <optional>
#include <span>
#include <vector>

#include "data_prep/options.h"

namespace mtcnn {

/// A face as sampling sees it.
struct SampledFace {
  Box box;
  std::optional<Landmarks> landmarks = {};
  bool learnt = true;    ///< false where it is too small: it only bars negatives from its place
  bool ignored = false;  ///< true: no window is judged by it, and no negative may touch it
};

/// The faces of one image and how windows relate to them.
class PictureFaces {
 public:
  /// \param landmarks  what their points are; must outlive this.
  PictureFaces(std::vector<SampledFace> faces, int width, int height,
               const LandmarkLayout& landmarks = face_landmarks());

  /// How a window lies among the faces.
  struct Relation {
    float overlap = 0;                  ///< the largest IoU with any face, ignored ones included
    const SampledFace* face = nullptr;  ///< that face, or nullptr where it is ignored or there is none
    bool touches_ignored = false;
  };
  /// \param squared  overlaps are measured with the squares round the faces.
  Relation relate(const Box& window, bool squared = false) const;

  const std::vector<SampledFace>& faces() const { return faces_; }
  int width() const { return width_; }
  int height() const { return height_; }
  const LandmarkLayout& landmarks() const { return *landmarks_; }

 private:
  std::vector<SampledFace> faces_;
  int width_;
  int height_;
  const LandmarkLayout* landmarks_;
};

/// A crop to be cut.
struct PlannedCrop {
  CropKind kind = CropKind::negative;
  CropLabel label;  ///< without `source`
};

/// What the nets so far found in an image: windows that they let through, and, where asked for, wrong answers of the
/// whole cascade. Squares, falling score.
struct MinedWindows {
  std::vector<Box> windows;
  std::vector<Box> false_faces;
};

/// Draws the windows of one image. Every window keeps its band against all faces: positives and parts belong to the
/// face they overlap most, negatives overlap none by more than `negative_overlap` and touch no ignored face. Windows
/// are squares of continuous size and place. Mined windows come first: all positives and parts, negatives up to their
/// cap; jittered ones fill up. Where there is no space for as many as asked for, there are fewer; it always ends.
/// \param weight  multiplies the numbers of samples; a fraction is rounded at random.
/// \param mined   nullptr where nothing was mined.
/// \return at most max_samples.
/// Source: Zhang et al. 2016, sec. III-A.
std::vector<PlannedCrop> plan_crops(const PictureFaces& picture, const SampleOptions& options, float weight,
                                    const MinedWindows* mined, RandomStream& random);

}  // namespace mtcnn
