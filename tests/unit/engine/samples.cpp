#include "unit/engine/samples.h"

#include "mtcnn/image/read.h"
#include "mtcnn/image/resample.h"

#include "support/shared_data.h"

namespace mtcnn::engine {
namespace {

std::vector<float> window_pixels(const Image& image, const Box& window, int side) {
  std::vector<float> pixels(static_cast<size_t>(3 * side * side));
  resample(image.view(), window, 127,
           {.pixels = pixels.data(),
            .width = side,
            .height = side,
            .row_stride = ptrdiff_t{3} * side,
            .mean = 127.5F,
            .scale = 1 / 128.0F});
  return pixels;
}

Image sample(const std::string& name) { return read_image(testing::source_folder() / "samples" / name); }

}  // namespace

NetWeights default_net(NetKind net) {
  const std::string name = std::string(net_name(net)) + ".safetensors";
  return read_weights(testing::source_folder() / "models/default" / name, net);
}

std::vector<float> sample_pixels(const std::string& name, int side) {
  const Image image = sample(name);
  return window_pixels(image, {0, 0, static_cast<float>(image.width()), static_cast<float>(image.height())}, side);
}

std::vector<float> sample_pixels(const std::string& name, int side, float x, float y, float window) {
  return window_pixels(sample(name), {x, y, x + window, y + window}, side);
}

SamplePlane::SamplePlane(const std::string& name, int side) : pixels(sample_pixels(name, side)) {
  plane = {pixels.data(), ptrdiff_t{3} * side, side, side};
}

std::vector<float> SamplePlane::exact(const PNet& net) const {
  std::vector<float> values(static_cast<size_t>(cells() * stride()));
  net.run(plane, 0, cells(), values.data(), stride());
  return values;
}

}  // namespace mtcnn::engine
