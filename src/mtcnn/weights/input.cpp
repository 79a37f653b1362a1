#include "mtcnn/weights/input.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

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
          .add("crop_margin", &O::crop_margin, {.low = 0, .high = 1},
               "how far a crop goes beyond each edge of its window, as a share of the window's side: what surrounds "
               "a small object tells much")
          .add("landmark_shift", &O::landmark_shift, {.low = -16, .high = 16},
               "pixels added to both coordinates of O-Net's landmarks")
          .add("window_first", &O::window_first, {.low = -12, .high = 12},
               "where P-Net's window begins, in level pixels from its cell's corner")
          .add("window_size", &O::window_size, {.low = 1, .high = 24}, "side of P-Net's window, level pixels");
  return table;
}

void require_usual_pixels(const InputOptions& input, const std::string& where) {
  const InputOptions usual;
  if (input.mean == usual.mean && input.scale == usual.scale) return;
  throw Error(ErrorCode::unsupported, "training has no pixels of this mean and scale",
              {.where = where,
               .found = concat("mean ", input.mean, ", scale ", input.scale),
               .expected = concat("mean ", usual.mean, ", scale ", usual.scale)});
}

Json input_json(const InputOptions& input) {
  Json json = input_option_table().dump(input);
  if (input.crop_margin == 0) json.erase("crop_margin");
  return json;
}

InputOptions parse_input(const Json& json, const std::string& where) {
  InputOptions input;
  if (json.is_null()) return input;
  try {
    input_option_table().apply(input, json, where);
  } catch (const Error& error) {
    throw Error(ErrorCode::bad_format, error.what());
  }
  return input;
}

std::optional<InputOptions> input_of(const NetWeights& weights, const std::string& where) {
  const auto text = weights.metadata.find(kKey);
  if (text == weights.metadata.end()) return std::nullopt;
  const std::string place = where + ": " + kKey;
  return parse_input(parse_json(text->second, place), place);
}

InputOptions input_for(NetKind net, InputOptions input) {
  const InputOptions plain;
  if (net != NetKind::onet) input.landmark_shift = plain.landmark_shift;
  if (net == NetKind::pnet) {
    input.crop_lead = plain.crop_lead;
    input.crop_margin = plain.crop_margin;
  } else {
    input.window_first = plain.window_first;
    input.window_size = plain.window_size;
  }
  return input;
}

void set_input(NetWeights& weights, const InputOptions& input) {
  weights.metadata[kKey] = input_json(input_for(weights.net, input)).dump();
}

InputOptions public_weights_input() {
  return {.border = 127, .crop_lead = 1, .landmark_shift = -0.75F, .window_first = 1, .window_size = 12};
}

}  // namespace mtcnn
