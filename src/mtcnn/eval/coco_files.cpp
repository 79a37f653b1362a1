#include "mtcnn/eval/coco_files.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/annotations.h"
#include "mtcnn/data/json_fields.h"
#include "mtcnn/data/text_lines.h"

#include <algorithm>
#include <unordered_set>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

/// True where the first line has the key "image", which no COCO file has. An empty file is one of lines.
bool is_json_lines(const fs::path& path) {
  TextLines lines(path, "JSON file");
  if (!lines.next()) return true;
  constexpr std::string_view kKey = "\"image\"";
  for (size_t at = lines.text().find(kKey); at != std::string_view::npos; at = lines.text().find(kKey, at + 1)) {
    if (trim(lines.text().substr(at + kKey.size())).starts_with(':')) return true;
  }
  return false;
}

[[noreturn]] void refuse(const fs::path& path, const std::string& what, const std::string& found,
                         const std::string& expected, const std::string& hint = {}) {
  throw Error(ErrorCode::bad_format, what,
              {.where = path.string(), .found = found, .expected = expected, .hint = hint});
}

void add_image(CocoTruth& truth, const ImageAnnotation& annotation) {
  truth.by_name.emplace(annotation.image, truth.images.size());
  CocoImage& image = truth.images.emplace_back();
  for (const FaceAnnotation& face : annotation.faces) {
    image.faces.push_back({face.x, face.y, face.w, face.h, face.w * face.h, face.ignore});
  }
}

CocoTruth read_lines(const fs::path& path) {
  CocoTruth truth;
  read_annotations(path, [&](const ImageAnnotation& annotation) { add_image(truth, annotation); });
  return truth;
}

/// Fills `images`, by_id and by_name; the order is that of the ids.
void read_images(const Json& json, const fs::path& path, CocoTruth& truth) {
  std::vector<std::pair<int64_t, std::string>> images;
  const JsonFields whole(path.string());
  const Json& list = whole.list(json, "images");
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonFields fields(concat(path.string(), ": images[", i, "]"));
    images.emplace_back(fields.whole_number(list[i], "id"), fields.name(list[i], "file_name"));
  }
  std::sort(images.begin(), images.end());
  for (auto& [id, name] : images) {
    if (!truth.by_id.emplace(id, truth.images.size()).second) {
      refuse(path, "an image id occurs twice", concat(id), "one entry an image");
    }
    if (!truth.by_name.emplace(name, truth.images.size()).second) {
      refuse(path, "a file_name occurs twice", concat("'", name, "'"), "one entry an image");
    }
    truth.images.emplace_back();
  }
}

void choose_category(const Json& json, const fs::path& path, const std::string& wanted, CocoTruth& truth) {
  const JsonFields whole(path.string());
  const Json& list = whole.list(json, "categories");
  std::vector<std::string> names;
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonFields fields(concat(path.string(), ": categories[", i, "]"));
    names.push_back(fields.name(list[i], "name"));
    if (!wanted.empty() && names.back() != wanted) continue;
    if (!truth.category_id) {
      truth.category_id = fields.whole_number(list[i], "id");
      truth.category = names.back();
    } else if (wanted.empty()) {
      throw Error(ErrorCode::usage, "these annotations have several categories",
                  {.where = path.string(),
                   .found = concat("'", truth.category, "', '", names.back(), "'"),
                   .expected = "one",
                   .hint = "name the one to score with --category"});
    } else {
      refuse(path, "a category occurs twice", concat("'", wanted, "'"), "one entry a category");
    }
  }
  if (truth.category_id) return;
  if (names.empty()) refuse(path, "'categories' is empty", "[]", "the category that is labelled");
  const std::string near = nearest_name(wanted, names);
  throw Error(ErrorCode::usage, "these annotations do not have this category",
              {.where = path.string(),
               .found = concat("'", wanted, "'"),
               .hint = near.empty() ? "" : concat("did you mean '", near, "'?")});
}

std::array<double, 4> read_box(const JsonFields& fields, const Json& value) {
  const std::array<double, 4> box = fields.box(value, "bbox");
  if (box[2] < 0 || box[3] < 0) {
    fields.refuse("a box with a negative size", value["bbox"], "[x, y, w, h] with w and h of at least 0");
  }
  return box;
}

bool read_crowd(const JsonFields& fields, const Json& value) {
  const Json* crowd = fields.optional_member(value, "iscrowd");
  if (crowd == nullptr) return false;
  if (crowd->is_boolean()) return crowd->get<bool>();
  const double number = fields.number(*crowd, "iscrowd");
  if (number != 0 && number != 1) fields.refuse("bad 'iscrowd'", *crowd, "0 or 1");
  return number == 1;
}

void read_faces(const Json& json, const fs::path& path, CocoTruth& truth) {
  const JsonFields whole(path.string());
  const Json& list = whole.list(json, "annotations");
  std::unordered_set<int64_t> ids;
  for (size_t i = 0; i < list.size(); ++i) {
    const Json& value = list[i];
    const JsonFields fields(concat(path.string(), ": annotations[", i, "]"));
    if (!ids.insert(fields.whole_number(value, "id")).second) {
      fields.refuse("this annotation id occurs twice", value["id"], "one entry a face");
    }
    const auto image = truth.by_id.find(fields.whole_number(value, "image_id"));
    if (image == truth.by_id.end()) fields.refuse("unknown 'image_id'", value["image_id"], "an id of \"images\"");
    const auto [x, y, w, h] = read_box(fields, value);
    const Json* area = fields.optional_member(value, "area");
    const bool crowd = read_crowd(fields, value);
    if (fields.whole_number(value, "category_id") != truth.category_id) continue;
    truth.images[image->second].faces.push_back(
        {x, y, w, h, area == nullptr ? w * h : fields.number(*area, "area"), crowd});
  }
}

/// What COCO results say of images: which they name, in all files.
struct NamedIds {
  std::unordered_set<int64_t> known;
  std::unordered_set<int64_t> unknown;
  ImageFiles files;
};

void add_results(const fs::path& path, CocoTruth& truth, NamedIds& ids, DetectionFit& fit) {
  const Json list = read_json(path, kLargestData);
  if (!list.is_array()) refuse(path, "no COCO results", shown(list), "a list of results, or JSON lines with \"image\"");
  if (!truth.category_id) {
    throw Error(ErrorCode::usage, "COCO results name images by ids, which these annotations do not have",
                {.where = path.string(), .hint = "give annotations in COCO JSON, or detections as JSON lines"});
  }
  std::unordered_set<int64_t> here;
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonFields fields(concat(path.string(), ": [", i, "]"));
    const auto [x, y, w, h] = read_box(fields, list[i]);
    const double score = fields.number(fields.member(list[i], "score"), "score");
    const int64_t id = fields.whole_number(list[i], "image_id");
    if (here.insert(id).second) ids.files.add(concat("image_id ", id), path);
    const bool counts = fields.whole_number(list[i], "category_id") == truth.category_id;
    const auto image = truth.by_id.find(id);
    if (image == truth.by_id.end()) {
      if (ids.unknown.empty()) fit.first_unknown = concat("image_id ", id);
      ids.unknown.insert(id);
      continue;
    }
    ids.known.insert(id);
    if (!counts) continue;
    ++fit.detections;
    truth.images[image->second].detections.push_back({x, y, w, h, score});
  }
}

DetectionFit read_results(const DetectionFiles& files, CocoTruth& truth) {
  DetectionFit fit;
  NamedIds ids;
  for (const fs::path& file : files) add_results(file, truth, ids, fit);
  fit.images = static_cast<int64_t>(truth.images.size());
  fit.missing_images = fit.images - static_cast<int64_t>(ids.known.size());
  fit.unknown_images = static_cast<int64_t>(ids.unknown.size());
  return fit;
}

}  // namespace

CocoTruth coco_truth(const std::vector<ImageAnnotation>& annotations) {
  CocoTruth truth;
  for (const ImageAnnotation& annotation : annotations) add_image(truth, annotation);
  return truth;
}

CocoTruth read_coco_truth(const fs::path& path, const std::string& category) {
  if (is_json_lines(path)) {
    if (category.empty()) return read_lines(path);
    throw Error(
        ErrorCode::usage, "JSON lines have no categories",
        {.where = path.string(), .found = concat("--category '", category, "'"), .hint = "leave --category out"});
  }
  const Json json = read_json(path, kLargestData);
  CocoTruth truth;
  read_images(json, path, truth);
  choose_category(json, path, category, truth);
  read_faces(json, path, truth);
  return truth;
}

DetectionFit read_coco_detections(const DetectionFiles& files, CocoTruth& truth) {
  require(!files.empty(), "read_coco_detections: no files");
  const bool lines = is_json_lines(files.front());
  for (const fs::path& file : files) {
    if (is_json_lines(file) == lines) continue;
    refuse(file, "detections of one run in two formats", lines ? "COCO results" : "JSON lines",
           concat(lines ? "JSON lines" : "COCO results", ", as in ", files.front().string()));
  }
  if (!lines) return read_results(files, truth);
  return read_detections_of(files, truth.by_name, [&](size_t place, ImageDetections&& image, const fs::path&) {
    for (const Detection& face : image.faces) {
      truth.images[place].detections.push_back({face.x, face.y, face.w, face.h, face.confidence});
    }
  });
}

}  // namespace mtcnn
