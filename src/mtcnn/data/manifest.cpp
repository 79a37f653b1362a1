#include "mtcnn/data/manifest.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/json_fields.h"

#include <algorithm>
#include <limits>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFormat = "mtcnn-manifest";
constexpr int64_t kVersion = 1;
constexpr int64_t kLargestCrop = 1 << 20;  // pixels a side

Json skipped_json(const std::vector<Skipped>& all) {
  Json list = Json::array();
  for (const Skipped& skipped : all)
    list.push_back({{"reason", skipped.reason}, {"count", skipped.count}, {"examples", skipped.examples}});
  return list;
}

Json shard_json(const ShardEntry& shard, int64_t segment) {
  return {{"file", shard.file},   {"kind", crop_kind_name(shard.kind)}, {"count", shard.count},
          {"bytes", shard.bytes}, {"checksum", shard.checksum},         {"segment", segment}};
}

Json segment_json(const ManifestSegment& segment) {
  return {{"index", segment.index},
          {"first_image", segment.first_image},
          {"images", segment.images},
          {"unreadable", segment.unreadable},
          {"skipped", skipped_json(segment.skipped)}};
}

std::vector<Skipped> read_skipped(const JsonFields& fields, const Json& object) {
  std::vector<Skipped> all;
  for (const Json& item : fields.list(object, "skipped")) {
    Skipped skipped{.reason = fields.name(item, "reason"), .count = fields.count(item, "count")};
    for (const Json& example : fields.list(item, "examples")) {
      if (!example.is_string()) fields.refuse("bad 'examples'", example, "a list of texts");
      skipped.examples.push_back(example.get<std::string>());
    }
    all.push_back(std::move(skipped));
  }
  return all;
}

ShardEntry read_shard(const JsonFields& fields, const Json& object) {
  ShardEntry shard{.file = fields.name(object, "file"),
                   .kind = crop_kind(fields.name(object, "kind"), fields.where()),
                   .count = fields.count(object, "count"),
                   .bytes = fields.count(object, "bytes"),
                   .checksum = fields.name(object, "checksum")};
  if (shard.file.find('/') != std::string::npos || shard.file == "..")
    fields.refuse("bad 'file'", object["file"], "a file name without folders");
  return shard;
}

ManifestSegment read_segment(const JsonFields& fields, const Json& object) {
  ManifestSegment segment{.index = fields.count(object, "index"),
                          .first_image = fields.count(object, "first_image"),
                          .images = fields.count(object, "images"),
                          .unreadable = fields.count(object, "unreadable")};
  segment.skipped = read_skipped(fields, object);
  return segment;
}

/// Gives every shard of the flat list to its segment.
void read_shards(const JsonFields& fields, const Json& json, std::vector<ManifestSegment>& segments) {
  for (const Json& object : fields.list(json, "shards")) {
    const int64_t index = fields.count(object, "segment");
    const auto owner = std::find_if(segments.begin(), segments.end(),
                                    [index](const ManifestSegment& segment) { return segment.index == index; });
    if (owner == segments.end())
      fields.refuse("bad 'segment'", object["segment"], "the index of a segment of 'segments'");
    owner->shards.push_back(read_shard(fields, object));
  }
}

}  // namespace

std::array<int64_t, kCropKinds.size()> Manifest::counts() const {
  std::array<int64_t, kCropKinds.size()> counts = {};
  for (const ManifestSegment& segment : done) {
    for (const ShardEntry& shard : segment.shards) counts[static_cast<size_t>(shard.kind)] += shard.count;
  }
  return counts;
}

Manifest read_manifest(const fs::path& folder, const std::string& name) {
  const fs::path path = folder / name;
  const Json json = read_json(path, kLargestData);
  const JsonFields fields(path.string());
  if (!json.is_object()) fields.refuse("not a manifest", json, "a JSON object");
  if (fields.name(json, "format") != kFormat) fields.refuse("not a manifest", json["format"], kFormat);
  if (fields.whole_number(json, "version") != kVersion) {
    throw Error(ErrorCode::unsupported, "crops of another version",
                {.where = path.string(),
                 .found = concat("version ", shown(json["version"])),
                 .expected = concat("version ", kVersion),
                 .hint = "make the crops again with this program's `mtcnn prepare`"});
  }
  Manifest manifest{.stage = fields.name(json, "stage"),
                    .crop_size = static_cast<int>(fields.count(json, "crop_size", kLargestCrop)),
                    .seed = static_cast<uint64_t>(fields.count(json, "seed", std::numeric_limits<int64_t>::max())),
                    .config = fields.member(json, "config"),
                    .inputs = fields.member(json, "inputs"),
                    .images = fields.count(json, "images"),
                    .segments = fields.count(json, "segment_count")};
  if (const Json* landmarks = fields.optional_member(json, "landmarks"))
    manifest.landmarks = read_landmark_layout(*landmarks, path.string() + ": landmarks", ErrorCode::bad_format);
  if (const Json* input = fields.optional_member(json, "input")) manifest.input = *input;
  const Json& complete = fields.member(json, "complete");
  if (!complete.is_boolean()) fields.refuse("bad 'complete'", complete, "true or false");
  manifest.complete = complete.get<bool>();
  manifest.skipped = read_skipped(fields, json);
  for (const Json& segment : fields.list(json, "segments")) manifest.done.push_back(read_segment(fields, segment));
  read_shards(fields, json, manifest.done);
  return manifest;
}

void write_manifest(const fs::path& folder, const Manifest& manifest, const std::string& name) {
  Json counts = Json::object();
  for (const CropKind kind : kCropKinds) counts[crop_kind_name(kind)] = manifest.counts()[static_cast<size_t>(kind)];
  Json shards = Json::array();
  Json segments = Json::array();
  for (const ManifestSegment& segment : manifest.done) {
    for (const ShardEntry& shard : segment.shards) shards.push_back(shard_json(shard, segment.index));
    segments.push_back(segment_json(segment));
  }
  Json json = {{"format", kFormat},
               {"version", kVersion},
               {"stage", manifest.stage},
               {"crop_size", manifest.crop_size},
               {"seed", manifest.seed},
               {"complete", manifest.complete},
               {"counts", std::move(counts)},
               {"images", manifest.images},
               {"segment_count", manifest.segments},
               {"config", manifest.config},
               {"inputs", manifest.inputs},
               {"skipped", skipped_json(manifest.skipped)},
               {"segments", std::move(segments)},
               {"shards", std::move(shards)}};
  if (!(manifest.landmarks == face_landmarks())) json["landmarks"] = landmark_layout_json(manifest.landmarks);
  if (!manifest.input.is_null()) json["input"] = manifest.input;
  write_text(folder / name, json.dump(1, '\t') + "\n");
}

std::string inputs_text(const Manifest& manifest, const std::string& where) {
  const JsonFields fields(where + ": inputs");
  fields.require_object(manifest.inputs, "bad 'inputs'");
  std::string text;
  if (fields.optional_member(manifest.inputs, "datasets") != nullptr) {
    for (const Json& dataset : fields.list(manifest.inputs, "datasets")) {
      fields.require_object(dataset, "bad 'datasets'");
      text += concat("  from ", fields.optional_text(dataset, "name", ""), ": ",
                     fields.optional_count(dataset, "images", 0), " images\n");
    }
  }
  if (const Json* model = fields.optional_member(manifest.inputs, "model")) {
    fields.require_object(*model, "bad 'model'");
    const Json* nets = fields.optional_member(*model, "nets");
    text += concat("  mined with ", nets == nullptr ? "[]" : nets->dump(), "\n");
  }
  return text;
}

Shard open_shard(const fs::path& folder, const Manifest& manifest, const ShardEntry& entry) {
  const fs::path path = folder / entry.file;
  std::error_code failed;
  const auto bytes = static_cast<int64_t>(fs::file_size(path, failed));
  if (!failed && bytes != entry.bytes) {
    throw Error(ErrorCode::bad_format, "a shard is not as long as the manifest says",
                {.where = path.string(),
                 .found = concat(bytes, " bytes"),
                 .expected = concat(entry.bytes),
                 .hint = "delete it and run the same `mtcnn prepare` again"});
  }
  Shard shard(path);
  const auto text = [](const std::string& stage, CropKind kind, int size, int64_t count, int64_t points) {
    return concat(count, " crops of kind '", crop_kind_name(kind), "', stage '", stage, "', side ", size,
                  kind == CropKind::landmark ? concat(", ", points, " points") : "");
  };
  const std::string found = text(shard.stage(), shard.kind(), shard.size(), shard.count(), shard.points());
  const std::string expected = text(manifest.stage, entry.kind, manifest.crop_size, entry.count,
                                    static_cast<int64_t>(manifest.landmarks.count()));
  if (found != expected) {
    throw Error(ErrorCode::bad_format, "a shard does not hold what the manifest says",
                {.where = path.string(), .found = found, .expected = expected});
  }
  return shard;
}

void verify_shards(const fs::path& folder, const Manifest& manifest) {
  for (const ManifestSegment& segment : manifest.done) {
    for (const ShardEntry& entry : segment.shards) {
      const Shard shard = open_shard(folder, manifest, entry);
      if (const std::string found = shard.checksum(); found != entry.checksum) {
        throw Error(ErrorCode::bad_format, "a damaged shard: its bytes are not those that were written",
                    {.where = shard.path().string(),
                     .found = found,
                     .expected = entry.checksum,
                     .hint = "delete it and run the same `mtcnn prepare` again"});
      }
    }
  }
}

}  // namespace mtcnn
