#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/train/job_crops.h"
#include "mtcnn/train/peers.h"
#include "mtcnn/train/trainer.h"

#include <string>

/// \file
/// What is written down of a run of training before it starts, and what is refused then.
namespace mtcnn {

/// Everything that decides what the run comes to.
Json config_json(const TrainJob& job, const CropSets& crops);
/// What it runs on.
Json environment_json(const TrainJob& job, const CropSets& crops);

/// \throws Error{usage} in all processes where one differs from rank 0 in what decides on the bytes of the run.
void require_same_start(Peers& peers, const Json& own);

/// \param best_metric  as in TrainOptions.
/// \throws Error{usage} where the validation crops lack the kinds that this metric is measured on.
void require_validation(const CropSet& validation, const std::string& best_metric);

}  // namespace mtcnn
