#pragma once

#include "mtcnn/core/thread_pool.h"
#include "mtcnn/train/crop_set.h"
#include "mtcnn/train/metrics.h"
#include "mtcnn/train/modules.h"
#include "mtcnn/train/peers.h"

namespace mtcnn {

/// Runs the net over every crop, as it is, once. The landmark error is measured only where the net has that head.
/// Several processes share the crops, and all get all answers. Figures depend neither on their number nor on that of
/// threads.
ValidationAnswers validate(const NetModule& net, const CropSet& crops, torch::Device device, ThreadPool& pool,
                           Peers& peers);

}  // namespace mtcnn
