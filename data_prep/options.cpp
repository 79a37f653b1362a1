#include "data_prep/options.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/labels/labels.h"
#include "mtcnn/model/options.h"

#include <algorithm>
#include <array>

namespace mtcnn {
namespace {

/// What is read in the layout of one public data set; all other kinds are formats of labels.
constexpr std::array<const char*, 3> kPublicKinds = {"wider", "celeba", "fddb"};

std::vector<std::string> dataset_kinds() {
  std::vector<std::string> kinds(kPublicKinds.begin(), kPublicKinds.end());
  for (const LabelFormat& format : label_formats()) kinds.emplace_back(format.name);
  return kinds;
}
constexpr Range kShare{0, 1};
constexpr Range kOverlap{0, 1, true};
constexpr Range kSamples{0, 10000};

const OptionTable<MiningOptions>& mining_option_table() {
  static const auto table =
      OptionTable<MiningOptions>()
          .add("min_face", &MiningOptions::min_face, {4, 10000}, "side of the smallest window, pixels")
          .add("factor", &MiningOptions::factor, {0, kLargestFactor, true},
               "scale of a pyramid level relative to the one before")
          .add("padding", &MiningOptions::padding, {0, 2},
               "how far beyond the image's edges windows may lie, relative to its shorter side; as in `mtcnn detect`")
          .add("pnet_threshold", &MiningOptions::pnet_threshold, kShare,
               "probability from which P-Net's windows are used; choose it by recall (`mtcnn eval cascade`)")
          .add("rnet_threshold", &MiningOptions::rnet_threshold, kShare,
               "probability from which R-Net's windows are used")
          .add("onet_threshold", &MiningOptions::onet_threshold, kShare,
               "probability from which O-Net's windows are used, for `false_faces`")
          .add("negatives", &MiningOptions::negatives, kSamples, "most mined negatives per image; drawn at random")
          .add("false_faces", &MiningOptions::false_faces, kSamples,
               "most false faces of the whole cascade per image that become negatives too, strongest first; 0 = none; "
               "more than 0 needs a model folder with all three nets, for P-Net too");
  return table;
}

const Json* find(const Json& object, const char* key) { return object.contains(key) ? &object[key] : nullptr; }

std::vector<DatasetOptions> read_datasets(const Json& list, const std::string& where) {
  if (!list.is_array()) {
    throw Error(ErrorCode::usage, "invalid value",
                {.where = where, .found = shown(list), .expected = "a list of data sets"});
  }
  std::vector<DatasetOptions> datasets;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string place = concat(where, "[", i, "]");
    DatasetOptions dataset;
    dataset_option_table().apply(dataset, list[i], place);
    const std::vector<std::string> kinds = dataset_kinds();
    if (std::find(kinds.begin(), kinds.end(), dataset.kind) == kinds.end()) {
      throw Error(ErrorCode::usage, "an unknown kind of data set",
                  {.where = place, .found = concat("'", dataset.kind, "'"), .expected = join(kinds, ", ")});
    }
    datasets.push_back(std::move(dataset));
  }
  return datasets;
}

void check_samples(const SampleOptions& samples, const std::string& stage) {
  const bool bands =
      samples.negative_overlap <= samples.part_overlap && samples.part_overlap < samples.positive_overlap;
  if (!bands) {
    throw Error(ErrorCode::usage, "the bands of overlap are not in order",
                {.where = stage,
                 .found = concat("negative ", samples.negative_overlap, ", part ", samples.part_overlap, ", positive ",
                                 samples.positive_overlap),
                 .expected = "negative <= part < positive"});
  }
}

}  // namespace

PrepareOptions::PrepareOptions() {
  rnet.positives = onet.positives = 12;
  rnet.parts = onet.parts = 10;
  rnet.near_negatives = onet.near_negatives = 6;
  rnet.negatives = onet.negatives = 4;
  rnet.landmarks = onet.landmarks = 20;
}

double SampleOptions::share_of(double side) const { return side < full_crops_from ? side / full_crops_from : 1; }

const SampleOptions& PrepareOptions::samples(const std::string& stage) const {
  if (stage == "pnet") return pnet;
  if (stage == "rnet") return rnet;
  require(stage == "onet", "PrepareOptions::samples: no such stage");
  return onet;
}

const OptionTable<SampleOptions>& sample_option_table() {
  static const auto table =
      OptionTable<SampleOptions>()
          .add("positive_overlap", &SampleOptions::positive_overlap, kOverlap,
               "IoU with a face from which a window is a positive")
          .add("part_overlap", &SampleOptions::part_overlap, kOverlap, "IoU with a face from which a window is a part")
          .add("negative_overlap", &SampleOptions::negative_overlap, kOverlap,
               "IoU with every face below which a window is a negative")
          .add("square", &SampleOptions::square, {},
               "measure overlaps with the square around a face (longer side, same centre) instead of the face itself: "
               "for "
               "objects that are not square, see docs/other_objects.md")
          .add("min_face", &SampleOptions::min_face, {1, 10000},
               "shortest side of a face to learn from, pixels; smaller ones are only kept out of the negatives")
          .add("full_crops_from", &SampleOptions::full_crops_from, {0, 10000},
               "shortest side from which a face gets all the crops per face, pixels; a smaller one gets fewer, in "
               "proportion to its side, so that crowds do not outweigh the larger faces; 0 = all get all")
          .add("positives", &SampleOptions::positives, kSamples, "positives per face, mined ones included")
          .add("parts", &SampleOptions::parts, kSamples, "parts per face, mined ones included")
          .add("near_negatives", &SampleOptions::near_negatives, kSamples, "negatives per face that overlap it")
          .add("negatives", &SampleOptions::negatives, kSamples, "negatives per image, anywhere in it")
          .add("landmarks", &SampleOptions::landmarks, kSamples,
               "landmark samples per face with landmarks, mined ones included")
          .add("smallest_side", &SampleOptions::smallest_side, {0.1, 10},
               "smallest side of a jittered window, relative to the face's shorter side")
          .add("largest_side", &SampleOptions::largest_side, {0.1, 10},
               "largest side of a jittered window, relative to the face's longer side")
          .add("shift", &SampleOptions::shift, {0, 2},
               "largest shift of a jittered window, relative to the face's sides")
          .add("turn", &SampleOptions::turn, {0, 180}, "largest rotation of landmark samples, degrees, either way")
          .add("turned", &SampleOptions::turned, kShare, "share of landmark samples that are rotated")
          .add("mirrored", &SampleOptions::mirrored, kShare, "share of landmark samples that are mirrored")
          .add("max_samples", &SampleOptions::max_samples, {1, 1000000},
               "most samples per image; many faces share them")
          .add("crop_margin", &SampleOptions::crop_margin, {0, 1},
               "how far R-Net's and O-Net's crops go beyond each edge of their window, as a share of its side: "
               "surroundings help with small objects. With --init the crops are as that net's")
          .section("mine", &SampleOptions::mine, mining_option_table());
  return table;
}

const OptionTable<DatasetOptions>& dataset_option_table() {
  static const auto table =
      OptionTable<DatasetOptions>()
          .add("kind", &DatasetOptions::kind, {},
               "wider, celeba, fddb, own (JSON lines), coco, voc, yolo, labelme, cvat or labelstudio: docs/formats.md")
          .add("path", &DatasetOptions::path, {}, "folder of the data set, relative to `root`")
          .add("split", &DatasetOptions::split, {},
               "train, val or test; wider has train and val, celeba all three; yolo (data.yaml) and voc "
               "(ImageSets/Main, or "
               "folders of these names) may have them: empty = all images")
          .add("list", &DatasetOptions::list, {},
               "the file or folder with the labels, relative to `path`; default as in docs/formats.md; not for wider, "
               "celeba and fddb")
          .add("images", &DatasetOptions::images, {},
               "the folder of the images, relative to `path`; default `images` if it exists, or as the kind has it; "
               "not for "
               "wider, celeba and fddb")
          .add("categories", &DatasetOptions::categories, {},
               "names of the classes to use, separated by commas; empty = all")
          .add("strict", &DatasetOptions::strict, {},
               "treat problems in the labels as errors instead of reporting them; not for wider, celeba, fddb and own")
          .add("weight", &DatasetOptions::weight, {0, 1000}, "factor for the numbers of samples");
  return table;
}

const OptionTable<PrepareOptions>& prepare_option_table() {
  static const auto table = OptionTable<PrepareOptions>()
                                .add("seed", &PrepareOptions::seed, {0, 9e15}, "seed of all random numbers")
                                .section("pnet", &PrepareOptions::pnet, sample_option_table())
                                .section("rnet", &PrepareOptions::rnet, sample_option_table())
                                .section("onet", &PrepareOptions::onet, sample_option_table());
  return table;
}

void apply_prepare_options(PrepareOptions& options, const Json& object, const std::string& where,
                           const std::filesystem::path& folder) {
  Json rest = object;
  if (object.is_object()) {
    if (const Json* root = find(object, "root")) {
      std::string text;
      assign_option(text, *root, {}, where + ": root");
      options.root = (folder / text).lexically_normal();
    }
    if (const Json* datasets = find(object, "datasets"))
      options.datasets = read_datasets(*datasets, where + ": datasets");
    if (const Json* datasets = find(object, "validation"))
      options.validation = read_datasets(*datasets, where + ": validation");
    if (const Json* landmarks = find(object, "landmarks"))
      options.landmarks = read_landmark_layout(*landmarks, where + ": landmarks", ErrorCode::usage);
    for (const char* key : {"root", "datasets", "validation", "landmarks"}) rest.erase(key);
  }
  prepare_option_table().apply(options, rest, where);
}

void check_prepare_options(const PrepareOptions& options) {
  for (const char* stage : {"pnet", "rnet", "onet"}) check_samples(options.samples(stage), stage);
  if (options.datasets.empty()) {
    throw Error(ErrorCode::usage, "no data set to make crops from",
                {.hint = "name some under 'datasets' in the configuration, as configs/prepare.json does"});
  }
}

Json recipe_json(const PrepareOptions& options, const std::string& stage, const std::vector<DatasetOptions>& datasets) {
  Json list = Json::array();
  for (const DatasetOptions& dataset : datasets) {
    list.push_back(dataset_option_table().dump(dataset));
    list.back().erase("strict");  // decides whether there are crops, not which
  }
  Json samples = sample_option_table().dump(options.samples(stage));
  if (!options.samples(stage).square) samples.erase("square");  // crops from before there were these keys are the same
  if (options.samples(stage).mine.padding == 0) samples["mine"].erase("padding");
  return {{"stage", stage}, {"seed", options.seed}, {"datasets", std::move(list)}, {"samples", std::move(samples)}};
}

}  // namespace mtcnn
