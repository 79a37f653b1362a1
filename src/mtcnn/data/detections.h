#pragma once

#include "mtcnn/data/landmark_layout.h"
#include "mtcnn/geometry/face.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mtcnn {

/// One detected face as files hold it. Double precision: evaluation compares scores for exact equality.
struct Detection {
  double x = 0;  ///< left edge, image pixels
  double y = 0;  ///< top edge
  double w = 0;
  double h = 0;
  double confidence = 0;
  std::optional<ExactPoints> landmarks = {};  ///< in the order of ImageDetections::landmark_names
  std::optional<double> angle = {};           ///< degrees clockwise from upright, of searches that turn the image
};

/// All faces of one image.
struct ImageDetections {
  std::string image;  ///< path relative to the folder that was searched
  int width = 0;      ///< pixels; 0 where the file does not say
  int height = 0;
  std::vector<Detection> faces;
  std::string error;  ///< why the image could not be read; empty where it could
  std::vector<std::string> landmark_names = face_landmarks().names;  ///< of the points of its faces
};

/// The same face with width and height in place of the far corner; without landmarks where it has no points.
/// \param with_angle  the face comes from a search that turns the image.
Detection to_detection(const Face& face, bool with_angle = false);

/// `{"box": [x, y, w, h], "confidence": …, "keypoints": {name: [x, y], …}, "angle": …}`; without keypoints and angle
/// where there are none. \throws ContractError unless there are as many names as points.
Json face_json(const Detection& face, const std::vector<std::string>& landmark_names);

/// One line of a detections file, without the line end. Bytes of the name that are no UTF-8 are replaced.
std::string detections_line(const ImageDetections& detections);

/// Calls `use` for every line of a JSON-lines detections file, in order; blank lines are passed over. Nothing is
/// checked but the form: negative sizes and such are for the user of the values to judge. Keypoints have the order of
/// the file, but those of a face that of kLandmarkNames.
/// \throws Error naming file and line on broken JSON, missing keys, wrong types, values that are not finite, or where
/// faces of one image have keypoints of different names.
void read_detections(const std::filesystem::path& path, const std::function<void(ImageDetections&&)>& use);

}  // namespace mtcnn
