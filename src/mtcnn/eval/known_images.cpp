#include "mtcnn/eval/known_images.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <unordered_set>

namespace mtcnn {
namespace {

void check_sizes(const ImageDetections& image, const std::filesystem::path& path) {
  for (const Detection& face : image.faces) {
    if (face.w >= 0 && face.h >= 0) continue;
    throw Error(ErrorCode::bad_format, "a detection with a negative size",
                {.where = concat(path.string(), ": image '", image.image, "'"),
                 .found = concat("[", face.x, ", ", face.y, ", ", face.w, ", ", face.h, "]"),
                 .expected = "[x, y, w, h] with w and h of at least 0"});
  }
}

}  // namespace

DetectionFit read_detections_of(const std::filesystem::path& path, const ImageIndex& known,
                                const std::function<void(size_t place, ImageDetections&& detections)>& use) {
  DetectionFit fit;
  fit.images = static_cast<int64_t>(known.size());
  fit.missing_images = fit.images;
  std::unordered_set<std::string> seen;
  read_detections(path, [&](ImageDetections&& image) {
    if (!seen.insert(image.image).second) {
      throw Error(ErrorCode::bad_format, "an image occurs twice in these detections",
                  {.where = path.string(), .found = concat("'", image.image, "'"), .expected = "one line an image"});
    }
    check_sizes(image, path);
    const auto place = known.find(image.image);
    if (place == known.end()) {
      if (fit.unknown_images++ == 0) fit.first_unknown = image.image;
      return;
    }
    --fit.missing_images;
    fit.failed_images += image.error.empty() ? 0 : 1;
    fit.detections += static_cast<int64_t>(image.faces.size());
    use(place->second, std::move(image));
  });
  return fit;
}

Json fit_json(const DetectionFit& fit) {
  Json json = {{"images", fit.images},
               {"detections", fit.detections},
               {"missing_images", fit.missing_images},
               {"failed_images", fit.failed_images},
               {"unknown_images", fit.unknown_images}};
  if (fit.unknown_images > 0) json["first_unknown_image"] = fit.first_unknown;
  return json;
}

std::string fit_warning(const DetectionFit& fit, const std::filesystem::path& path) {
  std::vector<std::string> parts;
  if (fit.missing_images > 0) {
    parts.push_back(
        concat(fit.missing_images, " of ", fit.images, " images are missing and count as without detections"));
  }
  if (fit.failed_images > 0) parts.push_back(concat(fit.failed_images, " images could not be read by the detector"));
  if (fit.unknown_images > 0) {
    parts.push_back(concat(fit.unknown_images, " images are not in the annotations and were left out, the first is '",
                           fit.first_unknown, "'"));
  }
  return parts.empty() ? "" : concat(path.string(), ": ", join(parts, "; "));
}

}  // namespace mtcnn
