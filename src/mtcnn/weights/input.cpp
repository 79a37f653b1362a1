#include "mtcnn/weights/input.h"

#include "mtcnn/core/error.h"

namespace mtcnn {
namespace {

constexpr const char* kKey = "input";

}  // namespace

const OptionTable<InputOptions>& input_option_table() {
  using O = InputOptions;
  static const OptionTable<O> table =
      OptionTable<O>()
          .add("mean", &O::mean, {.low = 0, .high = 255}, "net input = (pixel - mean) * scale")
          .add("scale", &O::scale, {.low = 0, .high = 1, .open = true}, "see mean")
          .add("border", &O::border, {.low = 0, .high = 255}, "value of pixels outside the image")
          .add("crop_lead", &O::crop_lead, {.low = 0, .high = 16},
               "pixels by which a crop begins before its window's left and top edge")
          .add("landmark_shift", &O::landmark_shift, {.low = -16, .high = 16},
               "pixels added to both coordinates of O-Net's landmarks")
          .add("window_first", &O::window_first, {.low = -12, .high = 12},
               "where P-Net's window begins, in level pixels from its cell's corner")
          .add("window_size", &O::window_size, {.low = 1, .high = 24}, "side of P-Net's window, level pixels");
  return table;
}

std::optional<InputOptions> input_of(const NetWeights& weights, const std::string& where) {
  const auto text = weights.metadata.find(kKey);
  if (text == weights.metadata.end()) return std::nullopt;
  const std::string place = where + ": " + kKey;
  InputOptions input;
  try {
    input_option_table().apply(input, parse_json(text->second, place), place);
  } catch (const Error& error) {
    throw Error(ErrorCode::bad_format, error.what());
  }
  return input;
}

InputOptions input_for(NetKind net, InputOptions input) {
  const InputOptions plain;
  if (net != NetKind::onet) input.landmark_shift = plain.landmark_shift;
  if (net == NetKind::pnet) {
    input.crop_lead = plain.crop_lead;
  } else {
    input.window_first = plain.window_first;
    input.window_size = plain.window_size;
  }
  return input;
}

void set_input(NetWeights& weights, const InputOptions& input) {
  weights.metadata[kKey] = input_option_table().dump(input_for(weights.net, input)).dump();
}

InputOptions public_weights_input() {
  return {.border = 127, .crop_lead = 1, .landmark_shift = -0.75F, .window_first = 1, .window_size = 12};
}

}  // namespace mtcnn
