#pragma once

#include "mtcnn/train/modules.h"
#include "mtcnn/train/trainer.h"

#include <torch/types.h>

/// \file
/// The nets that a run of training starts with.
namespace mtcnn {

/// The net to train, with the job's first weights, or random ones that follow from its seed.
/// \param points    of the crops; 0: no landmark head.
/// \param channels  of its layers.
/// \throws Error{usage} where the first weights have other channels.
NetPointer first_net(const TrainJob& job, int64_t points, const Channels& channels, torch::Device device);

/// The net whose answers are learnt from too; null where the job has none.
/// \param points  of the crops.
NetPointer teacher_net(const TrainJob& job, int64_t points, torch::Device device);

}  // namespace mtcnn
