#include "mtcnn/eval/landmarks.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/celeba.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kLow = 0.08;
constexpr double kHigh = 0.10;

double overlap_of(const FaceAnnotation& face, const Detection& detection) {
  const double w = std::min(face.x + face.w, detection.x + detection.w) - std::max(face.x, detection.x);
  const double h = std::min(face.y + face.h, detection.y + detection.h) - std::max(face.y, detection.y);
  if (w <= 0 || h <= 0) return 0;
  return w * h / (face.w * face.h + detection.w * detection.h - w * h);
}

double distance(const std::array<double, 2>& a, const std::array<double, 2>& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1]);
}

/// nullptr where no detection overlaps enough.
const Detection* find_face(const FaceAnnotation& face, std::span<const Detection> detections) {
  const Detection* best = nullptr;
  double highest = 0;
  for (const Detection& detection : detections) {
    const double overlap = overlap_of(face, detection);
    if (overlap < kLandmarkOverlap || overlap < highest) continue;
    if (best != nullptr && overlap == highest && detection.confidence <= best->confidence) continue;
    highest = overlap;
    best = &detection;
  }
  return best;
}

int64_t count_within(const NormalisedErrors& result, double error) {
  return std::upper_bound(result.errors.begin(), result.errors.end(), error) - result.errors.begin();
}

double failure(const NormalisedErrors& result, double limit) {
  return static_cast<double>(result.faces - count_within(result, limit)) / static_cast<double>(result.faces);
}

/// The area under the curve of `errors` from 0 to `limit`, in parts of `limit`: each face adds what is left of the
/// range after its error.
double curve_area(const NormalisedErrors& result, double limit) {
  double area = 0;
  for (const double error : result.errors) area += std::max(0.0, limit - error);
  return area / (limit * static_cast<double>(result.faces));
}

double median(const std::vector<double>& sorted) {
  const size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

NormalisedErrors normalise(std::span<const FaceError> faces, double FaceError::*unit) {
  NormalisedErrors result;
  for (const FaceError& face : faces) {
    if (face.*unit <= 0) continue;
    ++result.faces;
    if (!face.found) continue;
    result.errors.push_back(face.mean_distance() / (face.*unit));
    for (size_t i = 0; i < kLandmarkCount; ++i) result.points[i] += face.distances[i] / (face.*unit);
  }
  const auto found = static_cast<double>(result.errors.size());
  result.mean =
      result.errors.empty() ? kNone : std::accumulate(result.errors.begin(), result.errors.end(), 0.0) / found;
  std::sort(result.errors.begin(), result.errors.end());
  result.median = result.errors.empty() ? kNone : median(result.errors);
  for (double& point : result.points) point = result.errors.empty() ? kNone : point / found;
  result.failure_8 = failure(result, kLow);
  result.failure_10 = failure(result, kHigh);
  result.curve_area_8 = curve_area(result, kLow);
  result.curve_area_10 = curve_area(result, kHigh);
  return result;
}

void check_landmarks(const ImageDetections& image, const fs::path& path) {
  const auto bare =
      std::find_if(image.faces.begin(), image.faces.end(), [](const auto& face) { return !face.landmarks; });
  if (bare == image.faces.end()) return;
  throw Error(ErrorCode::bad_format, "a detection without keypoints cannot be scored for landmarks",
              {.where = concat(path.string(), ": image '", image.image, "'"),
               .found = concat("face ", bare - image.faces.begin()),
               .expected = "\"keypoints\" with five points"});
}

/// The scored images, and where each lies in the list.
struct Images {
  std::vector<ImageAnnotation> annotations;
  ImageIndex index;
};

Images read_images(const fs::path& path, const std::string& split, LandmarkData& data) {
  Images images;
  const auto keep = [&](ImageAnnotation&& image) {
    images.index.emplace(image.image, images.annotations.size());
    for (const FaceAnnotation& face : image.faces) {
      data.ignored_faces += face.ignore ? 1 : 0;
      data.faces_without_landmarks += !face.ignore && !face.landmarks ? 1 : 0;
    }
    images.annotations.push_back(std::move(image));
  };
  if (is_celeba(path)) {
    data.images_without_area = read_celeba(path, celeba_split(split), keep).without_area;
  } else if (fs::is_directory(path)) {
    throw Error(ErrorCode::not_found, "this folder is not in CelebA's layout",
                {.where = path.string(), .expected = "Anno/list_bbox_celeba.txt in it, or a JSON-lines file"});
  } else {
    read_annotations(path, keep);
  }
  return images;
}

}  // namespace

double FaceError::mean_distance() const {
  return std::accumulate(distances.begin(), distances.end(), 0.0) / kLandmarkCount;
}

double NormalisedErrors::share_within(double error) const {
  return static_cast<double>(count_within(*this, error)) / static_cast<double>(faces);
}

std::vector<FaceError> landmark_errors(const ImageAnnotation& image, std::span<const Detection> detections) {
  std::vector<FaceError> errors;
  for (const FaceAnnotation& face : image.faces) {
    if (face.ignore || !face.landmarks) continue;
    FaceError& error = errors.emplace_back();
    error.box_size = std::sqrt(face.w * face.h);
    error.eye_distance = distance((*face.landmarks)[0], (*face.landmarks)[1]);
    const Detection* detection = find_face(face, detections);
    if (detection == nullptr) continue;
    require(detection->landmarks.has_value(), "landmark_errors: a detection without landmarks");
    error.found = true;
    for (size_t i = 0; i < kLandmarkCount; ++i) {
      error.distances[i] = distance((*face.landmarks)[i], (*detection->landmarks)[i]);
    }
  }
  return errors;
}

LandmarkScore score_landmarks(std::span<const FaceError> faces) {
  LandmarkScore score;
  score.faces = static_cast<int64_t>(faces.size());
  score.not_found = std::count_if(faces.begin(), faces.end(), [](const FaceError& face) { return !face.found; });
  score.found = static_cast<double>(score.faces - score.not_found) / static_cast<double>(score.faces);
  score.by_box = normalise(faces, &FaceError::box_size);
  score.by_eyes = normalise(faces, &FaceError::eye_distance);
  return score;
}

LandmarkData read_landmark_errors(const fs::path& annotations, const std::string& split, const fs::path& detections) {
  LandmarkData data;
  Images images = read_images(annotations, split, data);
  std::vector<std::vector<FaceError>> errors;
  for (const ImageAnnotation& image : images.annotations) errors.push_back(landmark_errors(image, {}));
  data.fit = read_detections_of(detections, images.index, [&](size_t place, ImageDetections&& found) {
    check_landmarks(found, detections);
    errors[place] = landmark_errors(images.annotations[place], found.faces);
  });
  for (const auto& of_image : errors) data.faces.insert(data.faces.end(), of_image.begin(), of_image.end());
  if (data.faces.empty()) {
    throw Error(ErrorCode::bad_format, "no face with landmarks to score",
                {.where = annotations.string(),
                 .found = concat(images.annotations.size(), " images, ", data.faces_without_landmarks,
                                 " faces without landmarks, ", data.ignored_faces, " to be ignored")});
  }
  return data;
}

}  // namespace mtcnn
