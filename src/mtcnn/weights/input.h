#pragma once

#include "mtcnn/core/options.h"
#include "mtcnn/weights/weights.h"

#include <optional>
#include <string>

namespace mtcnn {

/// What a net's crops are like: how pixels become numbers, and where a crop lies relative to the window that the net's
/// outputs are relative to. A net works best on crops like those that it has learnt from, so its file says it.
struct InputOptions {
  float mean = 127.5F;  ///< net input = (pixel - mean) * scale
  float scale = 1 / 128.0F;
  float border = 127.5F;  ///< value of pixels outside the image, 0..255
  float crop_lead = 0;    ///< image pixels by which R-Net's and O-Net's crops begin before their window's left and top
  float crop_margin = 0;  ///< share of the window's side by which R-Net's and O-Net's crops go beyond each edge
  float landmark_shift = 0;  ///< image pixels added to both coordinates of O-Net's landmarks
  float window_first = 0;    ///< where P-Net's window begins, in level pixels from its cell's corner
  float window_size = 12;    ///< its side in level pixels; the public weights have 12, from 1

  bool operator==(const InputOptions&) const = default;
};

/// Names, ranges and help of the fields, as in docs/configuration.md.
const OptionTable<InputOptions>& input_option_table();

/// Pixels of other mean and scale than the default ones are used by detection alone: training knows these.
/// \throws Error{unsupported} naming `where` otherwise.
void require_usual_pixels(const InputOptions& input, const std::string& where);

/// As files hold it: all keys, but crop_margin, which versions before 0.3 do not know, only where it is not 0.
Json input_json(const InputOptions& input);

/// Reads what input_json() gives; null is the default.
/// \throws Error{bad_format} naming `where` and the key.
InputOptions parse_input(const Json& json, const std::string& where);

/// What the weights' metadata say; nothing where they do not, as in files of older versions.
/// \throws Error{bad_format} naming `where` if it is not as docs/formats.md says.
std::optional<InputOptions> input_of(const NetWeights& weights, const std::string& where);

/// What of it concerns a net; the rest as by default.
InputOptions input_for(NetKind net, InputOptions input);

/// Writes what concerns the net into the weights' metadata.
void set_input(NetWeights& weights, const InputOptions& input);

/// The conventions that give the public weights their best accuracy (docs/results.md has the comparison).
InputOptions public_weights_input();

}  // namespace mtcnn
