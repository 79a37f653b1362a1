#pragma once

#include "mtcnn/detect/detector.h"
#include "mtcnn/detect/picture_list.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace mtcnn {

/// One image after the search.
struct PictureResult {
  const PictureFile& file;
  const Image& image;  ///< empty where it could not be read
  Found found;         ///< nothing where it could not be read
  std::string error;   ///< why it could not be read; empty where it could
};

/// What a whole run came to.
struct RunTotals {
  int64_t pictures = 0;  ///< handled, readable or not
  int64_t unreadable = 0;
  int64_t faces = 0;
  double search_s = 0;  ///< spent in Detector::detect alone, without decoding
  bool interrupted = false;

  RunTotals& operator+=(const RunTotals& more);
};

/// Reads and searches images, a batch at a time: decoding runs on all threads, then the batch is searched at once.
/// Memory holds one batch, and a batch ends early where its images are large. Once the user interrupts, what is done
/// of a batch is dropped.
/// \param use  called for every image, in order, unreadable ones included; what it throws ends the run.
/// \throws ContractError if batch is not positive.
RunTotals search_pictures(const Detector& detector, std::span<const PictureFile> pictures, int batch,
                          const std::function<void(const PictureResult&)>& use);

}  // namespace mtcnn
