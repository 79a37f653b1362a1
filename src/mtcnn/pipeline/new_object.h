#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/data/landmark_layout.h"
#include "mtcnn/labels/facts.h"
#include "mtcnn/labels/labels.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// \file
/// From the labels of an object to configurations that suit it: what `mtcnn new-object` decides.
namespace mtcnn {

/// Fewer to learn from are refused.
inline constexpr int64_t kFewestObjects = 20;

/// What the user wants of a new object.
struct NewObjectOptions {
  std::string name;             ///< of one object; empty = its class
  double held_out = 0.2;        ///< share of the images that is kept apart and scored
  std::string group = "image";  ///< what is never divided by the split: "image", "folder" or "name", see split_images()
  double minutes = 6;           ///< of training, on two ordinary cores
  std::string init = "auto";    ///< "default" = the built-in face nets, "none" = random weights, "auto" = by the data
  bool mirror = true;           ///< whether a mirror image shows the object as well
};

/// What was decided, and why, in one sentence.
struct Decision {
  std::string what;
  std::string why;
};

/// How a new object is learnt.
struct ObjectPlan {
  std::string name;
  bool from_face_nets = true;
  bool square = false;
  int min_face = 20;
  double padding = 0;
  bool mirror = true;
  LandmarkLayout landmarks;
  double false_boxes = 0;    ///< per image, that the calibration allows
  int64_t steps[3] = {};     ///< of P-Net, R-Net and O-Net
  int batches[3] = {};       ///< crops of a step
  bool regularised = false;  ///< O-Net learns with more weight decay and covered crops
  int crops_per_object = 0;
  int crops_per_image = 0;  ///< negatives anywhere
  std::vector<Decision> decisions;
  std::vector<std::string> notices;
};

/// \param set    the images that are learnt from.
/// \param facts  of them.
/// \throws Error{usage} where there are too few objects, or several classes and no name for all together.
ObjectPlan plan_object(const LabelSet& set, const LabelFacts& facts, const NewObjectOptions& options);

/// The configurations by their file names: pipeline.json, prepare.json, pnet.json, rnet.json and onet.json. They expect
/// own data in `training` and `held_out`, relative to their folder, and the face nets in `face_nets`.
/// \param curve  parts of the images with pipelines of their own, by number of images and configuration; may be empty.
std::map<std::string, Json> object_configs(const ObjectPlan& plan, const std::string& training,
                                           const std::string& held_out, const std::string& face_nets,
                                           const std::vector<std::pair<int64_t, std::string>>& curve = {});

}  // namespace mtcnn
