#include "mtcnn/train/shared_state.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/weights/weights.h"

#include <algorithm>
#include <filesystem>
#include <optional>

namespace mtcnn {
namespace fs = std::filesystem;

void share_state(Peers& peers, const RunLength& length, const TrainParts& parts, TrainState& state) {
  if (peers.alone()) return;
  std::optional<TemporaryFolder> folder;
  std::vector<std::string> contents;
  run_together(peers, [&] {
    folder.emplace(fs::temp_directory_path() / "mtcnn-checkpoint");
    if (peers.rank() != 0) return;
    write_checkpoint(folder->place(), state, parts);
    for (const std::string& name : checkpoint_files()) contents.push_back(read_text(folder->place() / name));
  });
  contents.resize(checkpoint_files().size());
  for (std::string& content : contents) content = broadcast_text(peers, content);
  run_together(peers, [&] {
    if (peers.rank() == 0) return;
    auto content = contents.begin();
    for (const std::string& name : checkpoint_files()) write_unsynced(folder->place() / name, *content++);
    state = read_checkpoint(folder->place(), length, parts);
  });
}

bool same_weights(Peers& peers, const TrainParts& parts) {
  if (peers.alone()) return true;
  parts.average.copy_to(parts.averaged);
  const std::string own = concat(weights_checksum(weights_of(parts.net)), weights_checksum(weights_of(parts.averaged)));
  const std::vector<std::string> all = gather_texts(peers, own);
  return std::all_of(all.begin(), all.end(), [&](const std::string& other) { return other == all.front(); });
}

}  // namespace mtcnn
