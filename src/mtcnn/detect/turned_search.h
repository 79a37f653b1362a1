#pragma once

#include "mtcnn/detect/found.h"
#include "mtcnn/image/image.h"
#include "mtcnn/model/options.h"

#include <functional>
#include <span>
#include <vector>

/// \file
/// Faces at any angle: the image is searched in several turns, each as upright images are. Works on every device.
namespace mtcnn {

/// A search for upright faces: for each image what was found in it.
using UprightSearch =
    std::function<std::vector<Found>(std::span<const ImageView> images, const DetectorOptions& options)>;

/// Searches all turns of one image and brings what they find back to its frame: boxes upright, landmarks, angles. A
/// face found in several turns is reported once, where it is most confident, `options.rotate_margin` counted.
/// Of turns by 45 degrees what lies mostly outside the image is dropped.
/// \param options  `rotate` is not 0.
/// \param border   value of the pixels outside the image, 0 to 255.
/// \return windows of the first two nets: those of each turn by falling score, turn by turn.
Found search_turned(const ImageView& image, const DetectorOptions& options, float border, const UprightSearch& search);

}  // namespace mtcnn
