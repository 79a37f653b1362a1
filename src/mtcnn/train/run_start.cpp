#include "mtcnn/train/run_start.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/version.h"
#include "mtcnn/train/metrics.h"

#include <cmath>
#include <vector>

#include <torch/version.h>

namespace mtcnn {

Json config_json(const TrainJob& job, const CropSets& crops) {
  Json config = {{"net", net_name(job.net)},
                 {"training_crops", crops.training.checksum()},
                 {"validation_crops", crops.validation.checksum()},
                 {"init", job.init_name}};
  if (job.teacher) config["teacher"] = weights_checksum(*job.teacher);
  const Json options = train_option_table().dump(job.options);
  for (const auto& [key, value] : options.items()) config[key] = value;
  return config;
}

Json environment_json(const TrainJob& job, const CropSets& crops) {
  return {{"version", version()},
          {"commit", commit()},
          {"libtorch", TORCH_VERSION},
          {"device", job.device},
          {"threads", job.threads},
          {"seed", job.options.seed},
          {"data", absolute_path(job.data).string()},
          {"validation", absolute_path(crops.validation.folder()).string()}};
}

void require_same_start(Peers& peers, const Json& own) {
  if (peers.alone()) return;
  const std::vector<std::string> all = gather_texts(peers, own.dump());
  const Json first = parse_json(all.front(), "rank 0");
  for (size_t rank = 1; rank < all.size(); ++rank) {
    const std::string difference = first_difference(parse_json(all[rank], "another rank"), first);
    if (difference.empty()) continue;
    throw Error(ErrorCode::usage, concat("rank ", rank, " was started in another way than rank 0"),
                {.found = difference, .hint = "give all the same command, crops and version"});
  }
}

void require_validation(const CropSet& validation, const std::string& best_metric) {
  const auto some = [&](CropKind kind) { return std::vector<float>(validation.count(kind) > 0 ? 1 : 0); };
  const ValidationMetrics possible = score_validation({.positive_scores = some(CropKind::positive),
                                                       .negative_scores = some(CropKind::negative),
                                                       .positive_box_errors = some(CropKind::positive),
                                                       .part_box_errors = some(CropKind::part),
                                                       .landmark_errors = some(CropKind::landmark)},
                                                      {});
  if (!std::isnan(possible.to_minimise(best_metric))) return;
  throw Error(ErrorCode::usage, concat("the validation crops cannot tell '", best_metric, "'"),
              {.where = validation.folder().string(), .hint = "choose another best_metric or other validation crops"});
}

}  // namespace mtcnn
