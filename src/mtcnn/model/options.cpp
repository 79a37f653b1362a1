#include "mtcnn/model/options.h"

namespace mtcnn {
namespace {

constexpr Range kShare{.low = 0, .high = 1};
constexpr Range kFactor{.low = 0, .high = kLargestFactor, .open = true};
constexpr Range kPixels{.low = 0, .high = 1e6};
constexpr Range kTurns{.low = 0, .high = 90, .step = 45};

const OptionTable<ConfidenceOptions>& confidence_option_table() {
  using O = ConfidenceOptions;
  static const OptionTable<O> table =
      OptionTable<O>()
          .add("plain", &O::plain, {},
               "the paper's cascade: confidence, box and landmarks of a face are O-Net's outputs for its strongest "
               "window; the other options of the group confidence count as 0")
          .add("pnet_weight", &O::pnet_weight, {.low = 0, .high = 100},
               "weight of P-Net's logit in a face's confidence, which is the sigmoid of the weighted mean of the three "
               "nets' logits; O-Net's weight is 1; 0 = not counted, as in the paper")
          .add("rnet_weight", &O::rnet_weight, {.low = 0, .high = 100},
               "weight of R-Net's logit in a face's confidence, as pnet_weight; 0 = not counted, as in the paper")
          .add("support", &O::support, {.low = 0, .high = 100},
               "how much other windows on the same face (IoU of at least 0.5) raise its confidence p: 1 - p is divided "
               "by 1 + support * the sum of their probabilities; 0 = not at all, as in the paper")
          .add(
              "box_voting", &O::box_voting, kShare,
              "box and landmarks of a face become the mean, weighted by confidence, of O-Net's outputs for all windows "
              "with at least this IoU with it; 0 = those of the strongest window alone, as in the paper")
          .add("mirror_weight", &O::mirror_weight, {.low = 0, .high = 100},
               "weight of a second, mirrored evaluation of each face by O-Net, and by R-Net if rnet_weight is not 0: "
               "how much its logits count in the confidence relative to the first ones. Box and the five landmarks of "
               "a face become the mean of both evaluations. 0 = no second evaluation, as in the paper. Only for "
               "objects whose mirror images look alike");
  return table;
}

const OptionTable<EngineOptions>& engine_option_table() {
  using O = EngineOptions;
  static const OptionTable<O> table =
      OptionTable<O>()
          .add(
              "screen", &O::screen, {},
              "on CPUs with AVX2, AVX-512 VNNI or Arm dot products: P-Net and R-Net first run in 8-bit arithmetic, and "
              "in full precision only on windows that may pass. Takes half to three quarters of the time; loses about "
              "one window in a thousand, right at the threshold")
          .add("fixed_point", &O::fixed_point, {},
               "on x86 CPUs: R-Net and O-Net multiply numbers rounded to 15 bits instead of floats, in three quarters "
               "of "
               "the time. Confidences differ by about 0.001")
          .add(
              "half", &O::half, {},
              "on a GPU (experimental): run the nets in half precision; docs/results.md has its effect on accuracy. No "
              "effect on the CPU")
          .add("max_windows", &O::max_windows, {.low = 1, .high = 1e7},
               "most candidate windows kept per pyramid level, and per image after P-Net; the weakest are dropped");
  return table;
}

}  // namespace

ConfidenceOptions counted(const ConfidenceOptions& options) {
  return options.plain ? ConfidenceOptions{.plain = true} : options;
}

const OptionTable<DetectorOptions>& detector_option_table() {
  using O = DetectorOptions;
  static const OptionTable<O> table =
      OptionTable<O>()
          .add("min_face", &O::min_face, {.low = 1, .high = 1e6},
               "smallest face to find, pixels. The time of a search grows as 1 / min_face²: raise it if small faces "
               "are not "
               "needed")
          .add("max_face", &O::max_face, kPixels, "largest face to find, pixels; 0 = no limit")
          .add("factor", &O::factor, kFactor,
               "scale of a pyramid level relative to the one before. Nearer to 1 finds a few more faces and takes "
               "longer")
          .add("thresholds", &O::thresholds, kShare,
               "least probability of a candidate window to pass P-Net, R-Net and O-Net; the third is compared with a "
               "face's confidence before support. Lower ones find more faces and more false ones, and take longer")
          .add("nms_level", &O::nms_level, kShare,
               "non-maximum suppression within a pyramid level: IoU above which the weaker of two windows is dropped")
          .add("nms_levels", &O::nms_levels, kShare,
               "non-maximum suppression across levels: IoU above which the weaker of two windows is dropped")
          .add("nms_rnet", &O::nms_rnet, kShare,
               "non-maximum suppression after R-Net: IoU above which the weaker of two windows is dropped")
          .add("nms_onet", &O::nms_onet, kShare,
               "non-maximum suppression after O-Net: intersection over the smaller area above which the weaker of two "
               "faces "
               "is dropped. Lower it if one face gives two boxes")
          .add("padding", &O::padding, {.low = 0, .high = 2},
               "also search this far beyond the image's edges, relative to its shorter side: finds faces that fill the "
               "image or are cut off by its edge")
          .add("max_side", &O::max_side, kPixels,
               "an image with a longer side is searched as if shrunk to this side, pixels; boxes are in its own "
               "pixels; 0 = "
               "never. For large images without small faces")
          .add("rotate", &O::rotate, kTurns,
               "also search the image rotated by all multiples of this angle, degrees: 90 (four rotations) or 45 "
               "(eight), to find faces at any angle; boxes stay axis-aligned; 0 = upright faces only")
          .add("rotate_margin", &O::rotate_margin, {.low = 0, .high = 100},
               "with rotate: subtracted from the logit of a rotated face's confidence, before the third threshold and "
               "non-maximum suppression. Most faces are upright, and searching rotated images adds false positives; 0 "
               "suits images in which all angles are equally likely")
          .add("clip", &O::clip, {}, "clip boxes to the image")
          .section("confidence", &O::confidence, confidence_option_table(), SectionName::optional)
          .section("engine", &O::engine, engine_option_table(), SectionName::optional);
  return table;
}

}  // namespace mtcnn
