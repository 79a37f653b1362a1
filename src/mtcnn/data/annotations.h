#pragma once

#include "mtcnn/data/landmark_layout.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mtcnn {

/// One labelled face, in image pixels. Double precision, so that scores are exact.
struct FaceAnnotation {
  double x = 0;                               ///< left edge
  double y = 0;                               ///< top edge
  double w = 0;                               ///< above 0
  double h = 0;                               ///< above 0
  std::optional<ExactPoints> landmarks = {};  ///< all of them, in the data set's order; never an empty list
  bool ignore = false;                        ///< neither a positive nor a negative
  std::string category = {};                  ///< name of its class; empty where the labels do not say
};

/// All labelled faces of one image; none is an answer too.
struct ImageAnnotation {
  std::string image;  ///< path relative to the folder of the images
  int width = 0;      ///< pixels; 0 where the file does not say
  int height = 0;
  std::vector<FaceAnnotation> faces;
};

/// Where the images of own data lie that `folder`/annotations.jsonl names: `folder`/images where there is such a
/// folder, else `folder`.
std::filesystem::path own_images_folder(const std::filesystem::path& folder);

/// True for the name of an image outside the folder of its data set: an absolute one, or one with "..".
bool leaves_folder(const std::string& name);

/// Where the image lies that a data set's `list` names.
/// \throws Error if the name leaves the folder.
std::filesystem::path picture_path(const std::filesystem::path& images, const std::string& name,
                                   const std::filesystem::path& list);

/// One line of a file of own data, without a line end.
std::string annotation_line(const ImageAnnotation& image);

/// Reads annotations of own data: JSON lines, one image a line, `{"image": "rel/path.jpg", "width": 640, "height": 480,
/// "faces": [{"box": [x,y,w,h], "landmarks": [[x,y], …], "ignore": false, "category": "name"}]}`, where width, height,
/// landmarks, ignore and category may be left out; no landmarks are none, too. Calls `use` for every line, in order;
/// blank lines are passed over. Holds one line and the names of the images in memory. \param points  how many landmarks
/// a face with any must have; 0 = any number, the same in the whole file. \throws Error naming file and line on broken
/// JSON, missing keys, wrong types or counts, values that are not finite,
///         boxes without width or height, and images that occur twice.
void read_annotations(const std::filesystem::path& path, const std::function<void(ImageAnnotation&&)>& use,
                      size_t points = 0);

}  // namespace mtcnn
