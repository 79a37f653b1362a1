#include "data_prep/crop_statistics.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/random.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

std::vector<double> even_edges(double low, double high, int bins) {
  std::vector<double> edges;
  for (int i = 0; i <= bins; ++i) edges.push_back(low + (high - low) * i / bins);
  return edges;
}

}  // namespace

KindStatistics::KindStatistics(CropKind crop_kind)
    : kind(crop_kind),
      overlap("IoU with the nearest face", even_edges(0, 1, 20)),
      side("side of the window, pixels", {0, 12, 17, 24, 34, 48, 68, 96, 136, 192, 272, 384, 768}),
      offsets("offsets, all four edges", even_edges(-0.6, 0.6, 12)) {}

void KindStatistics::add(const Shard& shard) {
  count += shard.count();
  for (int64_t i = 0; i < shard.count(); ++i) {
    const CropLabel label = shard.label(i);
    overlap.add(label.overlap);
    side.add(label.window.width());
    if (kind == CropKind::negative) continue;
    for (const float offset : label.offsets) offsets.add(offset);
  }
}

CropFiles CropFiles::open(const fs::path& path) {
  CropFiles files;
  if (!is_folder(path)) {
    files.shards.emplace_back(path);
    files.stage = files.shards.front().stage();
    files.size = files.shards.front().size();
    return files;
  }
  const Manifest manifest = read_manifest(path);
  files.stage = manifest.stage;
  files.size = manifest.crop_size;
  files.input = parse_input(manifest.input, (path / "manifest.json").string() + ": input");
  for (const ManifestSegment& segment : manifest.done) {
    for (const ShardEntry& entry : segment.shards) files.shards.push_back(open_shard(path, manifest, entry));
  }
  return files;
}

std::optional<KindStatistics> CropFiles::statistics(CropKind kind) const {
  KindStatistics statistics(kind);
  for (const Shard& shard : shards) {
    if (shard.kind() == kind) statistics.add(shard);
  }
  if (statistics.count == 0) return std::nullopt;
  return statistics;
}

std::vector<std::pair<const Shard*, int64_t>> CropFiles::draw(CropKind kind, int64_t most, uint64_t seed) const {
  int64_t total = 0;
  for (const Shard& shard : shards) total += shard.kind() == kind ? shard.count() : 0;
  RandomStream random(seed, crop_kind_name(kind));
  std::set<int64_t> rows;
  while (static_cast<int64_t>(rows.size()) < std::min(most, total)) rows.insert(random.below(total));
  std::vector<std::pair<const Shard*, int64_t>> drawn;
  int64_t first = 0;
  auto row = rows.begin();
  for (const Shard& shard : shards) {
    if (shard.kind() != kind) continue;
    for (; row != rows.end() && *row < first + shard.count(); ++row) drawn.emplace_back(&shard, *row - first);
    first += shard.count();
  }
  return drawn;
}

}  // namespace mtcnn
