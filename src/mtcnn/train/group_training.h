#pragma once

#include "mtcnn/train/trainer.h"

#include <string>

namespace mtcnn {

/// train_net() in one of several processes that a process group of torch joins: gloo's for the CPU, NCCL's for GPUs.
/// The group is made in Python, whose torch must be the LibTorch that this is linked to.
/// \param group  its name, as torch.distributed knows it.
/// \throws Error as train_net() does; Error{unreadable} if another process is gone or does not answer within the
/// group's timeout.
TrainResult train_in_group(const TrainJob& job, const std::string& group);

}  // namespace mtcnn
