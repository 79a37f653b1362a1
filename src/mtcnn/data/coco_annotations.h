#pragma once

#include "mtcnn/data/annotations.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace mtcnn {

/// How many keypoints annotations are to have.
struct WantedKeypoints {
  size_t count = 5;
  bool required = false;  ///< true: another number of keypoints is an error; false: such keypoints are left aside
};

/// Reads boxes in COCO JSON: "images" (id, file_name, width, height), "annotations" (image_id, category_id, bbox [x, y,
/// w, h], optionally iscrowd and "keypoints" as x, y, visibility) and "categories". Crowds are given as ignored;
/// keypoints count where there are as many as wanted and all are labelled (visibility above 0). Calls `use` for every
/// image, in the order of the file, images without annotations too. The file is held in memory as a whole.
/// \param categories  names of the categories that count; none: all.
/// \param skip        called with "file: annotations[n]" for every box without area, which is passed over.
/// \throws Error naming the file and the entry on anything else, ids and names that occur twice, annotations of unknown
/// images, and Error{usage} on a category that the file does not have.
/// Source: Lin et al., Microsoft COCO, 2014; the data set's format page.
void read_coco_annotations(const std::filesystem::path& path, const std::vector<std::string>& categories,
                           const WantedKeypoints& points, const std::function<void(ImageAnnotation&&)>& use,
                           const std::function<void(const std::string& where)>& skip);

}  // namespace mtcnn
