#pragma once

#include "mtcnn/engine/nets.h"

#include <string>
#include <vector>

/// The default model's nets and what they see of the sample images.
namespace mtcnn::engine {

/// From models/default.
NetWeights default_net(NetKind net);

/// A sample image, or a window of it, as floats of a net.
/// \return [side, side, 3], values (pixel - 127.5) / 128
std::vector<float> sample_pixels(const std::string& name, int side);
std::vector<float> sample_pixels(const std::string& name, int side, float x, float y, float window);

/// A sample image as P-Net sees it at some level of its pyramid.
struct SamplePlane {
  std::vector<float> pixels;
  Plane plane;

  SamplePlane(const std::string& name, int side);

  int cells() const { return plane.width / 2 - 5; }
  ptrdiff_t stride() const { return ptrdiff_t{cells()} * PNet::kValues; }
  std::vector<float> exact(const PNet& net) const;  ///< what the float net answers
};

}  // namespace mtcnn::engine
