#pragma once

#include "mtcnn/core/histogram.h"
#include "mtcnn/data/manifest.h"
#include "mtcnn/weights/input.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mtcnn {

/// What the labels of one kind of crops look like.
struct KindStatistics {
  CropKind kind = CropKind::negative;
  int64_t count = 0;
  Histogram overlap;  ///< IoU with the nearest face
  Histogram side;     ///< of the window, pixels of its image
  Histogram offsets;  ///< all four together; empty for negatives

  explicit KindStatistics(CropKind crop_kind);
  void add(const Shard& shard);
};

/// Where crops lie: the shards of a folder, or one shard.
struct CropFiles {
  std::string stage;
  int size = 0;
  InputOptions input;  ///< what the crops are like; the default for a shard alone, which does not say it
  std::vector<Shard> shards;

  /// All shards of a folder that holds a manifest, or the shard that `path` is.
  /// \throws Error as read_manifest(), open_shard() and Shard do.
  static CropFiles open(const std::filesystem::path& path);

  /// A kind's statistics, or nothing where there are no such crops.
  std::optional<KindStatistics> statistics(CropKind kind) const;
  /// `most` crops of a kind, drawn without replacement; the same for the same seed. Pairs of shard and row.
  std::vector<std::pair<const Shard*, int64_t>> draw(CropKind kind, int64_t most, uint64_t seed) const;
};

}  // namespace mtcnn
