#pragma once

#include "mtcnn/train/batch_source.h"

#include <memory>

namespace mtcnn {

/// Batches that are gathered, augmented and normalised on the device that trains. The crops lie there as bytes, where
/// they take no more than job.device_memory of its memory; else those of a batch are read by threads and copied as
/// bytes while others are learnt from. What chance decides is drawn on the host, as for the plain CPU.
/// \param crops  outlives the source.
/// \throws Error{usage} as BatchOrder's constructor.
std::unique_ptr<BatchSource> make_device_source(const TrainJob& job, const CropSet& crops, DataRank rank);

}  // namespace mtcnn
