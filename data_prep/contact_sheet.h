#pragma once

#include "mtcnn/image/image.h"
#include "mtcnn/labels/labels.h"

#include <cstdint>
#include <functional>

namespace mtcnn {

/// Images on a contact sheet at most, so that it has no more than 5,000 pixels a side.
inline constexpr int kMostSheetImages = 400;

/// How the images of a data set are read.
struct ImageReading {
  int threads = 1;
  std::function<void(int64_t done)> progress;  ///< called from one thread; may be empty
};

/// Reads the headers of all images. Sizes that the labels do not say are filled in; images that are missing (unless
/// the labels' reader counted them), cannot be read, or have another size than the labels say are counted in `kept`.
/// The result is the same for any number of threads.
/// \throws Error{interrupted}.
void check_images(LabelSet& set, const ImageReading& reading);

/// Images of the data set side by side, shrunk to tiles of 240 pixels, with boxes, landmarks and, where there are
/// several, the names of classes. One image at random out of each of `count` equal runs of the list: the same for the
/// same seed. An image that cannot be read leaves its tile empty and is counted in `kept`. Memory: the sheet, and one
/// image a thread.
/// \param count  images, 1 to kMostSheetImages; fewer where there are fewer.
/// \throws ContractError without images; Error{interrupted}.
Image draw_contact_sheet(LabelSet& set, int count, uint64_t seed, const ImageReading& reading);

}  // namespace mtcnn
