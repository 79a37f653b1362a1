#include "mtcnn/eval/known_images.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

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

void count_missing(const ImageIndex& known, const ImageFiles& seen, DetectionFit& fit) {
  size_t first = 0;
  for (const auto& [name, place] : known) {
    if (seen.contains(name)) continue;
    if (fit.missing_images++ > 0 && place > first) continue;
    first = place;
    fit.first_missing = name;
  }
}

}  // namespace

DetectionFit read_detections_of(
    const DetectionFiles& files, const ImageIndex& known,
    const std::function<void(size_t place, ImageDetections&& detections, const std::filesystem::path& file)>& use) {
  DetectionFit fit;
  fit.images = static_cast<int64_t>(known.size());
  ImageFiles seen;
  for (const std::filesystem::path& file : files) {
    read_detections(file, [&](ImageDetections&& image) {
      seen.add(image.image, file);
      check_sizes(image, file);
      const auto place = known.find(image.image);
      if (place == known.end()) {
        if (fit.unknown_images++ == 0) fit.first_unknown = image.image;
        return;
      }
      fit.failed_images += image.error.empty() ? 0 : 1;
      fit.detections += static_cast<int64_t>(image.faces.size());
      use(place->second, std::move(image), file);
    });
  }
  count_missing(known, seen, fit);
  return fit;
}

Json fit_json(const DetectionFit& fit) {
  Json json = {{"images", fit.images},
               {"detections", fit.detections},
               {"missing_images", fit.missing_images},
               {"failed_images", fit.failed_images},
               {"unknown_images", fit.unknown_images}};
  if (!fit.first_missing.empty()) json["first_missing_image"] = fit.first_missing;
  if (fit.unknown_images > 0) json["first_unknown_image"] = fit.first_unknown;
  return json;
}

std::string fit_warning(const DetectionFit& fit, const DetectionFiles& files) {
  std::vector<std::string> parts;
  if (fit.missing_images > 0) {
    parts.push_back(concat(fit.missing_images, " of ", fit.images,
                           " images are missing and count as without detections",
                           fit.first_missing.empty() ? "" : concat(", the first is '", fit.first_missing, "'")));
  }
  if (fit.failed_images > 0) parts.push_back(concat(fit.failed_images, " images could not be read by the detector"));
  if (fit.unknown_images > 0) {
    parts.push_back(concat(fit.unknown_images, " images are not in the annotations and were left out, the first is '",
                           fit.first_unknown, "'"));
  }
  return parts.empty() ? "" : concat(shown_files(files), ": ", join(parts, "; "));
}

}  // namespace mtcnn
