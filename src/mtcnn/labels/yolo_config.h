#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn::labels {

/// What a data.yaml says.
struct YoloConfig {
  std::string path;                  ///< folder of the data set; empty: the file's own
  std::vector<std::string> classes;  ///< names by number
  std::vector<std::pair<std::string, std::string>>
      images;                            ///< split ("train", "val", "test") and folder or list of images
  size_t points = 0;                     ///< keypoints of an object; 0 = none
  size_t point_values = 0;               ///< 2 (x, y) or 3 (and visibility)
  std::vector<std::string> point_names;  ///< none where the file does not say
};

/// \throws Error naming the file and the key where it is no such file.
YoloConfig read_yolo_config(const std::filesystem::path& file);

}  // namespace mtcnn::labels
