#include "mtcnn/train/run_folder.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/json_fields.h"
#include "mtcnn/train/run_files.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <vector>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr const char* kBegun = "begun";
constexpr const char* kDamaged = "damaged_";
constexpr const char* kLock = ".lock";

std::string step_name(int64_t step) {
  const std::string digits = concat(step);
  return concat("step_", std::string(9 - std::min<size_t>(9, digits.size()), '0'), digits);
}

/// The checkpoints, oldest first.
std::vector<fs::path> checkpoints_in(const fs::path& folder) {
  std::vector<fs::path> found;
  if (!is_folder(folder)) return found;
  for (const fs::path& entry : folder_entries(folder)) {
    if (entry.filename().string().starts_with("step_")) found.push_back(entry);
  }
  return found;
}

/// A temporary file that a killed run left.
bool is_leftover(const fs::path& file) {
  const std::string name = file.filename().string();
  const auto is_of = [&](const char* whole) { return name.starts_with(whole); };
  return is_temporary_name(name) &&
         (is_of(run_files::kConfig) || is_of(run_files::kEnvironment) || is_of(run_files::kMetrics));
}

void remove_leftovers(const fs::path& folder) {
  for (const fs::path& entry : folder_entries(folder)) {
    if (is_leftover(entry)) remove_path(entry);
  }
}

/// What a run leaves that is killed before it has written config.json counts as nothing.
void require_no_other_things(const fs::path& folder) {
  if (!is_folder(folder)) return;
  for (const fs::path& entry : folder_entries(folder)) {
    if (entry.filename() == kLock || entry.filename() == run_files::kEnvironment || is_leftover(entry)) continue;
    throw Error(ErrorCode::usage, "this folder holds other things",
                {.where = folder.string(),
                 .found = entry.filename().string(),
                 .expected = "a new or empty folder",
                 .hint = "choose another --out"});
  }
}

void append_line(const fs::path& path, const std::string& line) {
  std::ofstream file(path, std::ios::app);
  file << line << "\n" << std::flush;
  if (!file) throw system_error(ErrorCode::unwritable, "writing this file failed", path);
}

}  // namespace

RunFolder::RunFolder(fs::path path, const Json& config, const Json& environment, bool resume) : path_(std::move(path)) {
  const bool holds_run = path_exists(path_ / run_files::kConfig);
  if (holds_run && !resume) {
    throw Error(ErrorCode::usage, "this folder holds a training run already",
                {.where = path_.string(), .hint = "go on with it with --resume, or choose another --out"});
  }
  if (!holds_run && resume) {
    throw Error(
        ErrorCode::usage, "no training run to go on with",
        {.where = path_.string(), .expected = "a folder with config.json", .hint = "leave --resume out to start one"});
  }
  if (!holds_run) require_no_other_things(path_);
  if (holds_run) {
    if (const std::string difference = first_difference(config, read_json(path_ / run_files::kConfig));
        !difference.empty()) {
      throw Error(ErrorCode::usage, "the run in this folder has another configuration",
                  {.where = (path_ / run_files::kConfig).string(),
                   .found = difference,
                   .hint = "resume with the settings it was started with, or choose another --out"});
    }
  }
  make_folder(path_);
  lock_.emplace(path_ / kLock);
  remove_leftovers(path_);
  write_text(path_ / run_files::kEnvironment, environment.dump(2) + "\n");
  write_text(path_ / run_files::kConfig, config.dump(2) + "\n");
  remove_path(path_ / run_files::kCheckpoints / kBegun);
}

void RunFolder::add_metrics(const Json& line) { append_line(path_ / run_files::kMetrics, line.dump()); }

void RunFolder::cut_metrics(int64_t step) {
  if (!path_exists(path_ / run_files::kMetrics)) return;
  std::string kept;
  int64_t number = 0;
  for (const std::string& line : split(read_text(path_ / run_files::kMetrics), '\n')) {
    ++number;
    // The last line of a killed run may be half a line.
    const std::optional<Json> json = try_parse_json(line);
    if (!json || !json->is_object()) continue;
    const JsonFields fields(concat((path_ / run_files::kMetrics).string(), ":", number));
    if (fields.optional_count(*json, "step", 0) <= step) kept += line + "\n";
  }
  write_text(path_ / run_files::kMetrics, kept);
}

void RunFolder::log(const std::string& message) {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  append_line(path_ / run_files::kLog, concat(text, " ", message));
}

std::vector<fs::path> RunFolder::checkpoints() const {
  std::vector<fs::path> found = checkpoints_in(path_ / run_files::kCheckpoints);
  std::reverse(found.begin(), found.end());
  return found;
}

fs::path RunFolder::set_aside(const fs::path& checkpoint) {
  fs::path aside = checkpoint.parent_path() / concat(kDamaged, checkpoint.filename().string());
  remove_path(aside);
  rename_path(checkpoint, aside);
  return aside;
}

fs::path RunFolder::begin_checkpoint() {
  fs::path folder = path_ / run_files::kCheckpoints / kBegun;
  remove_path(folder);
  make_folder(folder);
  return folder;
}

void RunFolder::keep_checkpoint(const fs::path& begun, int64_t step, int most) {
  const fs::path kept = path_ / run_files::kCheckpoints / step_name(step);
  remove_path(kept);
  sync_folder(begun);
  rename_path(begun, kept);
  sync_folder(path_ / run_files::kCheckpoints);
  const std::vector<fs::path> all = checkpoints_in(path_ / run_files::kCheckpoints);
  for (size_t i = 0; i + static_cast<size_t>(most) < all.size(); ++i) remove_path(all[i]);
}

}  // namespace mtcnn
