#pragma once

#include "mtcnn/data/annotations.h"
#include "mtcnn/eval/coco.h"
#include "mtcnn/eval/known_images.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace mtcnn {

/// Labelled images as COCO scoring takes them, and the names by which detections refer to them.
struct CocoTruth {
  std::vector<CocoImage> images;  ///< in the order of their ids (COCO JSON) or lines (JSON lines)
  ImageIndex by_name;
  std::unordered_map<int64_t, size_t> by_id;  ///< empty for JSON lines, which have no ids
  std::optional<int64_t> category_id;         ///< of COCO JSON: the category that is scored
  std::string category;                       ///< its name, empty for JSON lines
};

/// Reads ground truth; the form is told from the content:
/// - own JSON lines (annotations.h): a face with `ignore` becomes a crowd, so that what is found in it is neutral;
/// - COCO JSON: "images" (id, file_name), "categories" (id, name), "annotations" (image_id, category_id, bbox; area,
///   w * h where absent; iscrowd). As in pycocotools, the key "ignore" of COCO JSON has no effect.
/// \param category  the name of the category to score; needed where COCO JSON has several, else it may be empty.
/// \throws Error on damage, duplicate images or ids, unknown image ids, negative sizes, and categories that are not
/// there.
CocoTruth read_coco_truth(const std::filesystem::path& path, const std::string& category);

/// The same of annotations that are in memory; names are all different.
CocoTruth coco_truth(const std::vector<ImageAnnotation>& annotations);

/// Reads the detections of one run, from one file or several, into `truth.images`; the form is told from the content:
/// - own JSON lines (detections.h): images are found by name (COCO's file_name);
/// - COCO results: a list of {image_id, category_id, bbox, score}; entries of other categories are passed over. Needs
///   ground truth in COCO JSON. Image ids that the ground truth does not have are counted as unknown.
/// \throws Error on damage, negative sizes, images that occur twice, in one file of lines or in two files, and files of
/// both forms.
DetectionFit read_coco_detections(const DetectionFiles& files, CocoTruth& truth);

}  // namespace mtcnn
