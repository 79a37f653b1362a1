#include "support/made_crops.h"

#include "mtcnn/core/file.h"
#include "mtcnn/core/random.h"
#include "mtcnn/data/manifest.h"

#include <cmath>

namespace mtcnn::testing {
namespace {

/// A disc of radius .35 windows round (cx, cy), or stripes.
void paint(std::vector<uint8_t>& pixels, int size, bool disc, float cx, float cy, RandomStream& random) {
  const auto light = static_cast<int>(150 + random.below(100));
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < size; ++y) {
      for (int x = 0; x < size; ++x) {
        const float dx = (static_cast<float>(x) + .5F) / static_cast<float>(size) - cx;
        const float dy = (static_cast<float>(y) + .5F) / static_cast<float>(size) - cy;
        const bool bright = disc ? std::hypot(dx, dy) < .35F : (x / 2) % 2 == 0;
        pixels.push_back(static_cast<uint8_t>((bright ? light : 40) + random.below(10)));
      }
    }
  }
}

Crops crops_of(CropKind kind, const MadeCrops& options, int count, RandomStream& random, int first_source) {
  Crops crops{.kind = kind, .size = options.size};
  for (int i = 0; i < count; ++i) {
    const auto cx = static_cast<float>(random.uniform(.35, .65));
    const auto cy = static_cast<float>(random.uniform(.35, .65));
    const bool negative = kind == CropKind::negative;
    paint(crops.pixels, options.size, !negative, cx, cy, random);
    CropLabel label{.overlap = negative                 ? .1F
                               : kind == CropKind::part ? .5F
                                                        : .8F,
                    .source = first_source + i,
                    .window = {10, 10, 40, 40}};
    if (!negative) label.offsets = {cx - .35F, cy - .35F, cx + .35F - 1, cy + .35F - 1};
    if (kind == CropKind::landmark) {
      label.landmarks = {cx - .15F, cy - .1F, cx + .15F, cy - .1F, cx, cy, cx - .1F, cy + .15F, cx + .1F, cy + .15F};
    }
    crops.labels.push_back(label);
  }
  return crops;
}

}  // namespace

void make_crops(const std::filesystem::path& folder, const MadeCrops& options) {
  make_folder(folder);
  RandomStream random(options.seed, "made crops");
  Manifest manifest{.stage = options.stage,
                    .crop_size = options.size,
                    .seed = options.seed,
                    .config = Json::object(),
                    .inputs = Json::object(),
                    .images = options.count,
                    .segments = options.shards,
                    .complete = options.complete};
  for (int s = 0; s < options.shards; ++s) {
    ManifestSegment segment{.index = s, .first_image = s, .images = 1};
    const int first = options.count * s / options.shards;
    const int count = options.count * (s + 1) / options.shards - first;
    for (const CropKind kind : kCropKinds) {
      if (kind == CropKind::landmark && !options.landmarks) continue;
      const std::string name = shard_name(options.stage, kind, s);
      write_shard(folder / name, options.stage, crops_of(kind, options, count, random, first));
      segment.shards.push_back({name, kind, count, static_cast<int64_t>(std::filesystem::file_size(folder / name)),
                                Shard(folder / name).checksum()});
    }
    manifest.done.push_back(segment);
  }
  write_manifest(folder, manifest);
}

}  // namespace mtcnn::testing
