#pragma once

#include "mtcnn/data/shard.h"

#include <filesystem>
#include <string>

namespace mtcnn::testing {

/// A folder of crops that a net can learn: faces are bright discs whose place the labels tell, negatives are stripes.
struct MadeCrops {
  std::string stage = "pnet";
  int size = 12;
  int count = 50;  ///< of each kind
  int shards = 2;  ///< of each kind
  uint64_t seed = 1;
  bool landmarks = true;
  bool complete = true;
};

void make_crops(const std::filesystem::path& folder, const MadeCrops& options);

}  // namespace mtcnn::testing
