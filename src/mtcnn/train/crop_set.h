#pragma once

#include "mtcnn/data/manifest.h"
#include "mtcnn/train/batch.h"
#include "mtcnn/weights/input.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace mtcnn {

/// Crops for one net: the shards of a folder, mapped, and which of their rows take part. Constant after construction.
class CropSet {
 public:
  /// \param stage   what the crops must be for: "pnet", "rnet" or "onet".
  /// \param takes   whether the crops of an image, by its row in sources.jsonl, take part; empty: all do.
  /// \throws Error if the folder holds no crops, crops of another stage or unfinished ones, or a shard is not as the
  /// manifest says.
  CropSet(const std::filesystem::path& folder, const std::string& stage,
          const std::function<bool(int32_t source)>& takes = {});

  int crop_size() const { return crop_size_; }
  /// The points of the landmark samples.
  const LandmarkLayout& landmarks() const { return landmarks_; }
  /// What the crops are like.
  const InputOptions& input() const { return input_; }
  const std::filesystem::path& folder() const { return folder_; }
  /// Checksum of the manifest: the same crops have the same.
  const std::string& checksum() const { return checksum_; }

  int64_t count(CropKind kind) const { return kinds_[static_cast<size_t>(kind)].count; }

  /// One crop: where its pixels and label are.
  struct Crop {
    const Shard* shard;
    int64_t row;
    int64_t segment;  ///< the number in the shard's name
  };
  /// \throws ContractError if there is no such crop.
  Crop at(SampleId id) const;

  /// Gives what was read back to the system, so that a process does not seem to hold all shards that it ever touched.
  void release_pages() const;

  /// "pnet-part-00003.safetensors row 17, picture 4711", for messages.
  std::string describe(SampleId id) const;

 private:
  struct Kind {
    std::vector<Shard> shards;
    std::vector<int64_t> segments;  ///< of each shard
    std::vector<int64_t> first;     ///< number of the first crop of each shard that takes part
    std::vector<uint32_t> rows;     ///< where not all take part: rows of all shards, one after the other
    bool all = true;
    int64_t count = 0;
  };

  std::filesystem::path folder_;
  std::string checksum_;
  int crop_size_ = 0;
  LandmarkLayout landmarks_;
  InputOptions input_;
  std::array<Kind, kCropKinds.size()> kinds_;
};

}  // namespace mtcnn
