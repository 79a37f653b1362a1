#include "mtcnn/detect/options.h"

namespace mtcnn {
namespace {

constexpr Range kShare{.low = 0, .high = 1};
constexpr Range kFactor{.low = 0, .high = kLargestFactor, .open = true};
constexpr Range kPixels{.low = 0, .high = 1e6};

}  // namespace

const OptionTable<DetectorOptions>& detector_option_table() {
  using O = DetectorOptions;
  static const OptionTable<O> table =
      OptionTable<O>()
          .add("min_face", &O::min_face, {.low = 1, .high = 1e6},
               "smallest face looked for, pixels; the cost grows as 1 / min_face²")
          .add("max_face", &O::max_face, kPixels, "largest face looked for, pixels; 0 = as large as the picture")
          .add("factor", &O::factor, kFactor,
               "size of a pyramid level relative to the one before; nearer 1 finds more and costs more")
          .add("thresholds", &O::thresholds, kShare, "probability needed to pass P-Net, R-Net and O-Net")
          .add("nms_level", &O::nms_level, kShare, "IoU above which the weaker window of one pyramid level is dropped")
          .add("nms_levels", &O::nms_levels, kShare, "the same across levels")
          .add("nms_rnet", &O::nms_rnet, kShare, "the same after R-Net")
          .add("nms_onet", &O::nms_onet, kShare,
               "intersection over the smaller area above which the weaker face is dropped at the end")
          .add("pnet_weight", &O::pnet_weight, {.low = 0, .high = 100},
               "weight of P-Net's answer in a face's confidence, which is the probability of the weighted mean of the "
               "three nets' logits, O-Net's with weight 1; 0 = none, as in the paper")
          .add("rnet_weight", &O::rnet_weight, {.low = 0, .high = 100}, "the same of R-Net's answer")
          .add("support", &O::support, {.low = 0, .high = 100},
               "how much other windows that agree on a face (IoU of 0.5) raise its confidence: its doubt, 1 - "
               "probability, is divided by 1 + support * their summed probability; 0 = not at all, as in the paper")
          .add("box_voting", &O::box_voting, kShare,
               "a face's box and points are the mean, weighted by confidence, of what O-Net says of all windows that "
               "overlap it by this IoU; 0 = the strongest window's alone, as in the paper")
          .add("mirror_weight", &O::mirror_weight, {.low = 0, .high = 100},
               "O-Net, and R-Net where rnet_weight is not 0, look at each face again, at the mirror image of its box: "
               "how many times as heavy as their first answers these are in the face's confidence; box and points "
               "(those of a face) become the mean of both of O-Net's; 0 = no second look, as in the paper; for objects "
               "whose mirror images look alike")
          .add("max_side", &O::max_side, kPixels,
               "a longer picture is searched as if shrunk to this side, pixels; 0 = never")
          .add("screen", &O::screen, {},
               "on CPUs with AVX-512 VNNI: look at every window in 8-bit arithmetic first, and in full precision only "
               "at "
               "those that may pass; the same faces for about half the time")
          .add("half", &O::half, {},
               "on a GPU: run the nets in half precision; docs/results.md has what that changes. Nothing on the CPU")
          .add("clip", &O::clip, {}, "cut boxes at the picture's border")
          .add("max_windows", &O::max_windows, {.low = 1, .high = 1e7},
               "strongest windows kept of one level, and of one picture after P-Net");
  return table;
}

const OptionTable<InputOptions>& input_option_table() {
  using O = InputOptions;
  static const OptionTable<O> table =
      OptionTable<O>()
          .add("mean", &O::mean, {.low = 0, .high = 255}, "net input = (pixel - mean) * scale")
          .add("scale", &O::scale, {.low = 0, .high = 1, .open = true}, "see mean")
          .add("border", &O::border, {.low = 0, .high = 255}, "value of pixels outside the picture")
          .add("crop_lead", &O::crop_lead, {.low = 0, .high = 16},
               "pixels by which a crop begins before its window's left and top edge")
          .add("landmark_shift", &O::landmark_shift, {.low = -16, .high = 16},
               "pixels added to both coordinates of O-Net's points")
          .add("window_first", &O::window_first, {.low = -12, .high = 12},
               "where P-Net's window begins, level pixels from its cell's corner")
          .add("window_size", &O::window_size, {.low = 1, .high = 24}, "its side, level pixels");
  return table;
}

}  // namespace mtcnn
