#include "mtcnn/eval/landmarks.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/paths.h"
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

NormalisedErrors normalise(std::span<const FaceError> faces, double FaceError::*unit, size_t points) {
  NormalisedErrors result{.points = std::vector<double>(points)};
  for (const FaceError& face : faces) {
    if (face.*unit <= 0) continue;
    ++result.faces;
    if (!face.found) continue;
    result.errors.push_back(face.mean_distance() / (face.*unit));
    for (size_t i = 0; i < points; ++i) result.points[i] += face.distances[i] / (face.*unit);
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
               .expected = "\"keypoints\" with points; a model without points has none to score"});
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
  } else if (is_folder(path)) {
    throw Error(ErrorCode::not_found, "this folder holds no annotations",
                {.where = path.string(),
                 .expected = "Anno/list_bbox_celeba.txt or annotations.jsonl in it, or a JSON-lines file"});
  } else {
    read_annotations(path, keep);
  }
  return images;
}

/// \param names  of the detections before; empty before the first.
void require_same_names(const ImageDetections& image, const fs::path& path, std::vector<std::string>& names) {
  if (names.empty()) names = image.landmark_names;
  if (names == image.landmark_names) return;
  throw Error(ErrorCode::bad_format, "detections with different keypoints",
              {.where = concat(path.string(), ": image '", image.image, "'"),
               .found = shown_names(image.landmark_names),
               .expected = shown_names(names)});
}

/// How many points a labelled face has; 0 where none has any.
size_t labelled_points(const Images& images) {
  for (const ImageAnnotation& image : images.annotations) {
    for (const FaceAnnotation& face : image.faces) {
      if (face.landmarks) return face.landmarks->size();
    }
  }
  return 0;
}

/// \param face   whether the labelled points are known to be those of a face.
/// \param names  of the detections' points; empty where there are no detections.
ComparedPoints compared_points(size_t labelled, bool face, const std::vector<std::string>& names,
                               const std::string& where) {
  ComparedPoints points;
  const auto face_points = face_points_among(names);
  if (labelled == points.names.size() && (face_points || names.empty())) {
    if (face_points) points.detected.assign(face_points->begin(), face_points->end());
    return points;
  }
  if (face || (!names.empty() && names.size() != labelled)) {
    throw Error(ErrorCode::bad_format, "the detections have other points than the labels",
                {.where = where,
                 .found = concat(names.size(), ": ", shown_names(names)),
                 .expected = face ? shown_names(points.names) : concat(labelled, " points"),
                 .hint = "score a model with labels of the points that it was trained for"});
  }
  points.names = names.empty() ? default_landmark_names(labelled) : names;
  points.detected.resize(labelled);
  std::iota(points.detected.begin(), points.detected.end(), size_t{0});
  const auto place = [&](const char* name) {
    return std::find(points.names.begin(), points.names.end(), name) - points.names.begin();
  };
  const auto left = static_cast<size_t>(place("left_eye"));
  const auto right = static_cast<size_t>(place("right_eye"));
  points.eyes.reset();
  if (std::max(left, right) < labelled) points.eyes = {left, right};
  return points;
}

}  // namespace

double FaceError::mean_distance() const {
  return distances.empty()
             ? 0
             : std::accumulate(distances.begin(), distances.end(), 0.0) / static_cast<double>(distances.size());
}

double NormalisedErrors::share_within(double error) const {
  return static_cast<double>(count_within(*this, error)) / static_cast<double>(faces);
}

std::vector<FaceError> landmark_errors(const ImageAnnotation& image, std::span<const Detection> detections,
                                       const ComparedPoints& points) {
  std::vector<FaceError> errors;
  for (const FaceAnnotation& face : image.faces) {
    if (face.ignore || !face.landmarks) continue;
    FaceError& error = errors.emplace_back();
    error.box_size = std::sqrt(face.w * face.h);
    const ExactPoints& labelled = *face.landmarks;
    require(labelled.size() == points.names.size(), "landmark_errors: another number of labelled points");
    error.distances.resize(labelled.size());
    if (points.eyes) error.eye_distance = distance(labelled[(*points.eyes)[0]], labelled[(*points.eyes)[1]]);
    const Detection* detection = find_face(face, detections);
    if (detection == nullptr) continue;
    require(detection->landmarks.has_value(), "landmark_errors: a detection without landmarks");
    error.found = true;
    for (size_t i = 0; i < labelled.size(); ++i)
      error.distances[i] = distance(labelled[i], detection->landmarks->at(points.detected[i]));
  }
  return errors;
}

LandmarkScore score_landmarks(std::span<const FaceError> faces, const std::vector<std::string>& names) {
  LandmarkScore score{.names = names};
  score.faces = static_cast<int64_t>(faces.size());
  score.not_found = std::count_if(faces.begin(), faces.end(), [](const FaceError& face) { return !face.found; });
  score.found = static_cast<double>(score.faces - score.not_found) / static_cast<double>(score.faces);
  score.by_box = normalise(faces, &FaceError::box_size, names.size());
  score.by_eyes = normalise(faces, &FaceError::eye_distance, names.size());
  return score;
}

LandmarkData read_landmark_errors(const fs::path& annotations, const std::string& split,
                                  const DetectionFiles& detections) {
  LandmarkData data;
  Images images = read_images(annotations, split, data);
  std::vector<std::vector<Detection>> found(images.annotations.size());
  std::vector<std::string> names;  // of the detections' points
  const auto use = [&](size_t place, ImageDetections&& of_image, const fs::path& file) {
    check_landmarks(of_image, file);
    if (!of_image.faces.empty()) require_same_names(of_image, file, names);
    found[place] = std::move(of_image.faces);
  };
  data.fit = read_detections_of(detections, images.index, use);
  const size_t labelled = labelled_points(images);
  if (labelled > 0) data.points = compared_points(labelled, is_celeba(annotations), names, shown_files(detections));
  for (size_t i = 0; i < found.size(); ++i) {
    for (FaceError& error : landmark_errors(images.annotations[i], found[i], data.points))
      data.faces.push_back(std::move(error));
  }
  if (data.faces.empty()) {
    throw Error(ErrorCode::bad_format, "no face with landmarks to score",
                {.where = annotations.string(),
                 .found = concat(images.annotations.size(), " images, ", data.faces_without_landmarks,
                                 " faces without landmarks, ", data.ignored_faces, " to be ignored")});
  }
  return data;
}

}  // namespace mtcnn
