#pragma once

#include "mtcnn/core/options.h"
#include "mtcnn/data/landmark_layout.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mtcnn {

/// How windows are mined with the nets trained so far.
struct MiningOptions {
  float min_face = 20;  ///< pixels
  float factor = 0.709F;
  float padding = 0;  ///< beyond the image's edges, relative to its shorter side
  float pnet_threshold = 0.4F;
  float rnet_threshold = 0.3F;
  float onet_threshold = 0.3F;  ///< for false faces only
  int negatives = 60;           ///< at most, per image
  int false_faces = 0;          ///< wrong answers of the whole cascade that become negatives, at most, per image
};

/// How crops of one stage are drawn from an image. Numbers of samples are for a data set of weight 1.
struct SampleOptions {
  float positive_overlap = 0.65F;
  float part_overlap = 0.4F;
  float negative_overlap = 0.3F;
  bool square = false;         ///< bands of overlap are measured with the square round a face, not the face itself
  float min_face = 12;         ///< pixels
  float full_crops_from = 0;   ///< pixels; faces with a shorter side get fewer crops, see share_of()
  int positives = 24;          ///< per face
  int parts = 20;              ///< per face
  int near_negatives = 20;     ///< per face
  int negatives = 22;          ///< per image
  int landmarks = 28;          ///< a face with points
  float smallest_side = 0.8F;  ///< of a jittered window, relative to the face's shorter side
  float largest_side = 1.25F;  ///< the same, relative to its longer side
  float shift = 0.2F;          ///< of its centre, relative to the face's sides
  float turn = 20;             ///< degrees
  float turned = 0.5F;         ///< share
  float mirrored = 0.5F;       ///< share
  int max_samples = 6000;      ///< per image
  float crop_margin = 0;       ///< of R-Net's and O-Net's crops, see InputOptions; without --init
  MiningOptions mine;

  /// Of the crops per face, what a face with this shorter side gets, 0 to 1.
  double share_of(double side) const;
};

/// One data set of a configuration.
struct DatasetOptions {
  std::string kind;   ///< "wider", "celeba", "fddb" or a format of label_formats()
  std::string path;   ///< its folder; relative to PrepareOptions::root
  std::string split;  ///< "train", "val" or "test", where the kind knows splits
  std::string list;   ///< file or folder with the labels, relative to `path`; need not be given; formats of labels only
  std::string images;      ///< folder of the images, relative to `path`; likewise
  std::string categories;  ///< the classes that count, with commas between; empty = all
  bool strict = false;     ///< problems in the labels are errors
  float weight = 1;        ///< multiplies the numbers of samples
};

/// Everything that `mtcnn prepare` is configured by.
struct PrepareOptions {
  std::filesystem::path root;  ///< where the data sets lie; relative to the configuration file's folder
  std::vector<DatasetOptions> datasets;
  std::vector<DatasetOptions> validation;
  /// The points of the objects; nothing: the five of a face, and other points that COCO files hold are left aside.
  std::optional<LandmarkLayout> landmarks;
  int64_t seed = 1;
  SampleOptions pnet;
  SampleOptions rnet;
  SampleOptions onet;

  /// The paper's numbers for P-Net; fewer jittered windows for the nets that have mined ones.
  PrepareOptions();
  /// \throws ContractError unless `stage` is "pnet", "rnet" or "onet".
  const SampleOptions& samples(const std::string& stage) const;
  const LandmarkLayout& layout() const { return landmarks ? *landmarks : face_landmarks(); }
};

/// Names, ranges and help of the fields, as in docs/configuration.md.
const OptionTable<SampleOptions>& sample_option_table();
const OptionTable<DatasetOptions>& dataset_option_table();
/// All but `root`, `datasets`, `validation` and `landmarks`.
const OptionTable<PrepareOptions>& prepare_option_table();

/// Overwrites what `object` names.
/// \param where   for messages.
/// \param folder  what a relative root in `object` is relative to.
/// \throws Error{usage} naming `where` and the key.
void apply_prepare_options(PrepareOptions& options, const Json& object, const std::string& where,
                           const std::filesystem::path& folder);

/// \throws Error{usage} where options contradict each other or there is no data set.
void check_prepare_options(const PrepareOptions& options);

/// What decides the crops of one stage, for the manifest: everything but the place of the data sets.
Json recipe_json(const PrepareOptions& options, const std::string& stage, const std::vector<DatasetOptions>& datasets);

}  // namespace mtcnn
