#pragma once

#include "mtcnn/core/file_lock.h"
#include "mtcnn/core/json.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mtcnn {

/// The folder of one training run; docs/formats.md describes what is in it.
class RunFolder {
 public:
  /// Opens a folder for a run and writes config.json and environment.json into it.
  /// \param config  everything that decides what the run comes to.
  /// \param resume  go on with the run that the folder holds.
  /// \throws Error{usage} if the folder holds a run and `resume` is not set, holds none and it is set, or holds one of
  /// another configuration, naming the first difference; Error if another process writes into it.
  RunFolder(std::filesystem::path path, const Json& config, const Json& environment, bool resume);

  const std::filesystem::path& path() const { return path_; }

  /// Appends a line to metrics.jsonl.
  /// \throws Error if it cannot be written.
  void add_metrics(const Json& line);
  /// Drops the lines behind this step: those of work that is done again.
  void cut_metrics(int64_t step);
  /// Appends a line with the time to log.txt.
  void log(const std::string& message);

  /// The checkpoints, newest first.
  std::vector<std::filesystem::path> checkpoints() const;
  /// Renames a checkpoint that cannot be read, so that it no longer counts as one.
  /// \return its new place.
  /// \throws Error if that fails.
  std::filesystem::path set_aside(const std::filesystem::path& checkpoint);
  /// An empty folder to write a checkpoint into; it counts only once it is kept.
  std::filesystem::path begin_checkpoint();
  /// Gives the checkpoint, synced, its name in one step, then removes all but the last `most`.
  void keep_checkpoint(const std::filesystem::path& begun, int64_t step, int most);

 private:
  std::filesystem::path path_;
  std::optional<FileLock> lock_;
};

}  // namespace mtcnn
