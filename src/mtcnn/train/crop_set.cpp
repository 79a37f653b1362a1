#include "mtcnn/train/crop_set.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"

#include <algorithm>

namespace mtcnn {
namespace fs = std::filesystem;

CropSet::CropSet(const fs::path& folder, const std::string& stage, const std::function<bool(int32_t source)>& takes)
    : folder_(folder) {
  if (!path_exists(folder / "manifest.json")) {
    throw Error(ErrorCode::not_found, "no crops here",
                {.where = folder.string(),
                 .expected = "a folder with manifest.json",
                 .hint = concat("`mtcnn prepare --stage ", stage, "` makes one")});
  }
  const Manifest manifest = read_manifest(folder);
  if (manifest.stage != stage) {
    throw Error(ErrorCode::usage, "crops of another stage",
                {.where = (folder / "manifest.json").string(), .found = manifest.stage, .expected = stage});
  }
  if (!manifest.complete) {
    throw Error(
        ErrorCode::usage, "these crops are not complete",
        {.where = (folder / "manifest.json").string(), .hint = "run the same `mtcnn prepare` again to finish them"});
  }
  checksum_ = checksum_text(crc32(MappedFile(folder / "manifest.json").bytes()));
  crop_size_ = manifest.crop_size;
  landmarks_ = manifest.landmarks;
  const std::string place = (folder / "manifest.json").string() + ": input";
  input_ = parse_input(manifest.input, place);
  require_usual_pixels(input_, place);
  for (Kind& kind : kinds_) kind.all = !takes;
  for (const ManifestSegment& segment : manifest.done) {
    for (const ShardEntry& entry : segment.shards) {
      Kind& kind = kinds_[static_cast<size_t>(entry.kind)];
      const Shard& shard = kind.shards.emplace_back(open_shard(folder, manifest, entry));
      kind.segments.push_back(segment.index);
      kind.first.push_back(kind.count);
      if (kind.all) {
        kind.count += shard.count();
        continue;
      }
      for (int64_t row = 0; row < shard.count(); ++row) {
        if (takes(shard.label(row).source)) kind.rows.push_back(static_cast<uint32_t>(row));
      }
      kind.count = static_cast<int64_t>(kind.rows.size());
    }
  }
}

CropSet::Crop CropSet::at(SampleId id) const {
  const Kind& kind = kinds_[static_cast<size_t>(id.kind)];
  require(id.index >= 0 && id.index < kind.count, "CropSet::at: no such crop");
  const auto next = std::upper_bound(kind.first.begin(), kind.first.end(), id.index);
  const auto shard = static_cast<size_t>(next - kind.first.begin()) - 1;
  const int64_t row = kind.all ? id.index - kind.first[shard] : kind.rows[static_cast<size_t>(id.index)];
  return {&kind.shards[shard], row, kind.segments[shard]};
}

void CropSet::release_pages() const {
  for (const Kind& kind : kinds_) {
    for (const Shard& shard : kind.shards) shard.release_pages();
  }
}

std::string CropSet::describe(SampleId id) const {
  const Crop crop = at(id);
  return concat(crop.shard->path().filename().string(), " row ", crop.row, ", image ",
                crop.shard->label(crop.row).source);
}

}  // namespace mtcnn
