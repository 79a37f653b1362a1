#pragma once

#include "mtcnn/data/annotations.h"
#include "mtcnn/data/detections.h"
#include "mtcnn/eval/known_images.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mtcnn {

/// A detection of at least this IoU counts as the labelled face found.
inline constexpr double kLandmarkOverlap = 0.5;

/// How far the points of one labelled face are off.
struct FaceError {
  bool found = false;
  std::vector<double> distances;  ///< pixels, per labelled point; all 0 where the face was not found
  double box_size = 0;            ///< sqrt(w * h) of the labelled box
  double eye_distance = 0;        ///< between the labelled eyes; 0 where they coincide or are not known

  double mean_distance() const;
};

/// Which points are compared.
struct ComparedPoints {
  std::vector<std::string> names = face_landmarks().names;  ///< of the labelled points
  std::vector<size_t> detected = {0, 1, 2, 3, 4};           ///< where each is among those of a detection
  std::optional<std::array<size_t, 2>> eyes = std::array<size_t, 2>{0, 1};  ///< among the labelled; nothing: not known
};

/// The errors of the faces of one image, in their order. Faces that are to be ignored and faces without landmarks are
/// left out. A face belongs to the detection of highest IoU (without +1; of equal ones the one of higher confidence,
/// then the earlier); it is found where that IoU is at least kLandmarkOverlap. One detection may belong to several
/// faces.
/// \throws ContractError if a face or a detection that belongs to it has other landmarks than `points` says.
std::vector<FaceError> landmark_errors(const ImageAnnotation& image, std::span<const Detection> detections,
                                       const ComparedPoints& points = {});

/// Errors in units of a length: the figures that papers give. All are NaN where no face can be measured.
struct NormalisedErrors {
  std::vector<double> errors;  ///< mean over the points of each face found, rising
  double mean = 0;             ///< of `errors`
  double median = 0;           ///< of `errors`; of an even number the mean of the middle two
  double failure_8 = 0;        ///< share of faces not found or with an error above 8 %
  double failure_10 = 0;       ///< … above 10 %
  double curve_area_8 = 0;     ///< area under the curve of share_within() from 0 to 8 %, divided by 8 %: 1 is perfect
  double curve_area_10 = 0;    ///< … to 10 %
  std::vector<double> points;  ///< mean error of each point over the faces found
  int64_t faces = 0;           ///< measured, found or not

  /// The share of the faces with an error of at most `error`; those not found never are.
  double share_within(double error) const;
};

/// Errors over all faces; those not found count in `found` and in the failures only.
struct LandmarkScore {
  int64_t faces = 0;
  int64_t not_found = 0;
  double found = 0;  ///< share of the faces; NaN without faces
  NormalisedErrors by_box;
  NormalisedErrors by_eyes;        ///< without the faces whose eyes coincide or are not known
  std::vector<std::string> names;  ///< of the points
};

/// Means, failures and the curve of these faces; no faces give NaN.
/// \param names  of the points of every face.
LandmarkScore score_landmarks(std::span<const FaceError> faces,
                              const std::vector<std::string>& names = face_landmarks().names);

/// Which faces a landmark evaluation leaves out, and how the detections fit.
struct LandmarkData {
  std::vector<FaceError> faces;
  ComparedPoints points;
  int64_t ignored_faces = 0;
  int64_t faces_without_landmarks = 0;
  int64_t images_without_area = 0;  ///< of CelebA: left out
  DetectionFit fit;
};

/// Reads annotations (own JSON lines or a folder in CelebA's layout, of which `split` is taken: "train", "val", "test")
/// and the detections of one run (JSON lines), and measures every face. Labels of own data tell no names: five points
/// are those of a face where the detections have these, any other points are compared in their order and named as in
/// the detections. \throws Error as the readers do, on detections without keypoints or with another number of them than
/// the labels, and if no face has landmarks.
LandmarkData read_landmark_errors(const std::filesystem::path& annotations, const std::string& split,
                                  const DetectionFiles& detections);

}  // namespace mtcnn
