#include "mtcnn/train/job_crops.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/random.h"
#include "mtcnn/core/text.h"

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

/// Opens the crops; without validation crops of their own, a share of the images is held out.
CropSets find_crops(const TrainJob& job) {
  const std::string stage = net_name(job.net);
  const fs::path own = job.validation.empty() ? job.data / "validation" : job.validation;
  if (!job.validation.empty() || path_exists(own / "manifest.json"))
    return {CropSet(job.data, stage), CropSet(own, stage)};
  const double share = job.options.batch.validation_share;
  const auto seed = static_cast<uint64_t>(job.options.seed);
  const auto held_out = [share, seed](int32_t source) {
    return RandomStream(seed, "held out", static_cast<uint64_t>(source)).chance(share);
  };
  log::warning(concat(job.data.string(), ": no validation crops; ", 100 * share, " % of the images are held out"));
  return {CropSet(job.data, stage, [held_out](int32_t source) { return !held_out(source); }),
          CropSet(job.data, stage, held_out)};
}

void require_same_landmarks(const CropSets& crops) {
  if (crops.training.landmarks() == crops.validation.landmarks()) return;
  throw Error(ErrorCode::usage, "training and validation crops have different landmarks",
              {.where = crops.validation.folder().string(),
               .found = landmark_layout_json(crops.validation.landmarks()).dump(),
               .expected = landmark_layout_json(crops.training.landmarks()).dump()});
}

void require_same_input(const CropSets& crops) {
  if (crops.training.input() == crops.validation.input()) return;
  throw Error(ErrorCode::usage, "training and validation crops were cut in different ways",
              {.where = crops.validation.folder().string(),
               .found = input_option_table().dump(crops.validation.input()).dump(),
               .expected = input_option_table().dump(crops.training.input()).dump(),
               .hint = "give both the same `mtcnn prepare --init`"});
}

/// A net that is shown other crops than those that it has learnt from sees faces moved by about a pixel.
void warn_of_other_input(const std::optional<NetWeights>& weights, const char* role, const CropSet& crops) {
  if (!weights) return;
  const InputOptions input = input_of(*weights, role).value_or(InputOptions{});
  if (input == crops.input()) return;
  const Json wanted = input_option_table().dump(input);
  log::warning(concat(role, " has learnt from crops that were cut in another way than ", crops.folder().string(), ": ",
                      first_difference(wanted, input_option_table().dump(crops.input())),
                      "; `mtcnn prepare --init` cuts them as it needs them"));
}

}  // namespace

CropSets open_crops(const TrainJob& job) {
  CropSets crops = find_crops(job);
  require_same_landmarks(crops);
  require_same_input(crops);
  warn_of_other_input(job.init, "--init", crops.training);
  warn_of_other_input(job.teacher, "--teacher", crops.training);
  return crops;
}

void verify(const CropSet& crops) { verify_shards(crops.folder(), read_manifest(crops.folder())); }

}  // namespace mtcnn
