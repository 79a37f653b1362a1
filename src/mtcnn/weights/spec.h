#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// The description of the three nets. Names and shapes of parameters, the modules that are trained, the engine, the
/// nets on a GPU, TorchScript and imports all follow from it.
namespace mtcnn {

/// The three stages of the cascade.
enum class NetKind { pnet, rnet, onet };
inline constexpr NetKind kNetKinds[] = {NetKind::pnet, NetKind::rnet, NetKind::onet};

/// "pnet", "rnet", "onet": the names in files.
const char* net_name(NetKind net);
/// The net of this net_name(); nothing for any other name.
std::optional<NetKind> net_named(std::string_view name);
/// "P-Net", "R-Net", "O-Net": the names in messages.
const char* net_title(NetKind net);
/// Points of a face.
inline constexpr int64_t kFacePoints = 5;
/// Points that a net can be made for.
inline constexpr int64_t kMostPoints = 1000;
/// Channels that a layer can have.
inline constexpr int64_t kMostChannels = 1024;

/// A layer before the heads: a convolution (stride 1, no padding) or a dense layer, then PReLU, then perhaps
/// max-pooling (stride 2, ceil mode: a last, partial window counts).
struct LayerSpec {
  std::string name;   ///< of its parameters: conv1.weight, conv1.bias
  std::string prelu;  ///< prelu1.weight
  int kernel = 0;     ///< side of the convolution's kernel; 0: a dense layer, which sees the whole map in C,H,W order
  int pool = 0;       ///< side of the pooling's window; 0: none
  int channels = 0;   ///< the paper's; a net's own are in its weights
};

/// What a head tells of a window. The cascade reads the first three; others are trained and exported.
enum class HeadKind { face, box, landmarks };

/// What all heads of a kind have in common.
struct HeadTraits {
  const char* output;     ///< what it is called in ONNX files
  const char* meaning;    ///< in the same
  int64_t values = 0;     ///< its outputs; 0: two per point
  bool optional = false;  ///< weights may lack it
};
/// Those of this kind.
const HeadTraits& head_traits(HeadKind kind);

/// The head with so many outputs: 2 of a face, 4 offsets, else landmarks.
HeadKind head_of_size(int64_t values);

/// An output layer: of a fully convolutional net a 1 x 1 convolution, else a dense layer.
struct HeadSpec {
  std::string name;
  HeadKind kind = HeadKind::face;

  /// Its outputs: two logits (no face, face), four offsets, two numbers a point.
  int64_t values(int64_t points) const;
};

/// One of the three nets.
struct NetSpec {
  NetKind net = NetKind::pnet;
  int input_side = 0;  ///< of the square window, pixels
  std::vector<LayerSpec> layers;
  std::vector<HeadSpec> heads;  ///< face first

  /// Runs on maps of any size: there is no dense layer.
  bool is_convolutional() const { return layers.back().kernel > 0; }
  /// Side of the square map behind the first `count` layers for one window; dense layers leave it as it is.
  int side_behind(size_t count) const;
  const HeadSpec& head(HeadKind kind) const;
};

/// Source: Zhang et al. 2016, fig. 2; docs/formats.md has the table.
const NetSpec& net_spec(NetKind net);

/// Names of the heads that detection uses: the landmark heads of P-Net and R-Net only help training.
std::vector<std::string> detection_heads(NetKind net);

/// The side of the square window in pixels: 12, 24, 48.
int net_input_size(NetKind net);

/// Channels of a net's layers, in their order.
using Channels = std::vector<int64_t>;

/// The paper's numbers times `width`, rounded, at least 1.
Channels channels_for(NetKind net, double width = 1);

/// One parameter tensor of a net.
struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;
  /// Of a head that gives landmarks, two rows a point. `shape` is that for five points.
  bool landmark_head = false;
  /// Of a head that may be left out: landmark heads of P-Net and R-Net only help training, and a model without points
  /// has none.
  bool optional = false;

  int64_t count() const;  ///< values of `shape`
  /// The tensor's shape in a net with so many points.
  std::vector<int64_t> shape_for(int64_t points) const;
};

/// Every parameter of a net with these channels, in the order of its layers. Dense columns are in C,H,W order.
std::vector<TensorSpec> tensor_specs(NetKind net, const Channels& channels);
/// The same for the paper's channels.
const std::vector<TensorSpec>& tensor_specs(NetKind net);

/// nullptr where there is no tensor of this name.
const TensorSpec* find_spec(std::span<const TensorSpec> specs, std::string_view name);

}  // namespace mtcnn
