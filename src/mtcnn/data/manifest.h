#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/data/landmark_layout.h"
#include "mtcnn/data/shard.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn {

/// One shard as the manifest lists it.
struct ShardEntry {
  std::string file;  ///< name in the manifest's folder
  CropKind kind = CropKind::negative;
  int64_t count = 0;
  int64_t bytes = 0;
  std::string checksum;  ///< CRC-32 over the whole file, as checksum_text() writes it
};

/// Images that a run over some data passed over, by reason.
struct Skipped {
  std::string reason;
  int64_t count = 0;
  std::vector<std::string> examples;  ///< the first few
};

/// The part of the images whose crops were written together.
struct ManifestSegment {
  int64_t index = 0;
  int64_t first_image = 0;  ///< row in sources.jsonl
  int64_t images = 0;
  int64_t unreadable = 0;
  std::vector<ShardEntry> shards;  ///< at most one a kind
  std::vector<Skipped> skipped;
};

/// What a folder of crops holds: docs/formats.md describes manifest.json.
struct Manifest {
  std::string stage;  ///< "pnet", "rnet" or "onet"
  int crop_size = 0;
  uint64_t seed = 0;
  Json config;                        ///< resolved: what makes these crops what they are
  Json inputs;                        ///< lists and weights with their checksums
  int64_t images = 0;                 ///< rows of sources.jsonl
  int64_t segments = 0;               ///< when complete
  bool complete = false;              ///< false while `mtcnn prepare` has not finished
  std::vector<Skipped> skipped;       ///< faces and images that the readers passed over, in order of their lists
  std::vector<ManifestSegment> done;  ///< by index
  LandmarkLayout landmarks = face_landmarks();  ///< of the landmark samples
  Json input;  ///< what the crops are like, as InputOptions; null in older folders, whose crops are as by default

  /// Crops of each kind, in the order of kCropKinds.
  std::array<int64_t, kCropKinds.size()> counts() const;
};

/// Reads `folder`/`name`.
/// \throws Error naming the file and the key on anything that is not as docs/formats.md says.
Manifest read_manifest(const std::filesystem::path& folder, const std::string& name = "manifest.json");

/// Writes it in one atomic step. The same manifest gives the same bytes.
void write_manifest(const std::filesystem::path& folder, const Manifest& manifest,
                    const std::string& name = "manifest.json");

/// What the crops were made of, for people: a line for each data set, and one for the nets that windows were mined
/// with.
/// \throws Error naming `where` and the key if `inputs` is not as `mtcnn prepare` writes it.
std::string inputs_text(const Manifest& manifest, const std::string& where);

/// Opens a shard of the folder.
/// \throws Error as Shard does, and where the file's size, kind, count or number of points is not what the manifest
/// says.
Shard open_shard(const std::filesystem::path& folder, const Manifest& manifest, const ShardEntry& entry);

/// Reads every shard of a folder and compares checksums.
/// \throws Error naming the first file that is not as the manifest says.
void verify_shards(const std::filesystem::path& folder, const Manifest& manifest);

}  // namespace mtcnn
