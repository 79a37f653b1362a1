#pragma once

#include "mtcnn/train/crop_set.h"
#include "mtcnn/train/trainer.h"

namespace mtcnn {

/// Training and validation crops.
struct CropSets {
  CropSet training;
  CropSet validation;
};

/// Opens the crops of a training; without validation crops of their own, a share of the images is held out. Warns
/// where a net to start or to learn from has seen crops that were cut in another way.
/// \throws Error if they are missing or damaged, or training and validation crops differ in kind.
CropSets open_crops(const TrainJob& job);

/// \throws Error if a shard is not as the manifest says.
void verify(const CropSet& crops);

}  // namespace mtcnn
