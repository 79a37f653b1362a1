#include "data_prep/prepare.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/file_lock.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <mutex>

#include "data_prep/segment_worker.h"

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr const char* kManifest = "manifest.json";
constexpr const char* kPartPrefix = "manifest-part-";
constexpr const char* kSources = "sources.jsonl";

std::string part_name(int rank, int world) { return concat(kPartPrefix, rank, "-of-", world, ".json"); }

std::string manifest_name(const PrepareJob& job) {
  return job.world == 1 ? std::string(kManifest) : part_name(job.rank, job.world);
}

bool is_mine(const PrepareJob& job, int64_t segment) { return segment % job.world == job.rank; }

/// Older versions wrote one `input` for all nets that windows were mined with.
Json with_input_of_each_net(Json inputs, const std::string& where) {
  if (!inputs.is_object() || !inputs.contains("model") || !inputs["model"].is_object()) return inputs;
  Json& model = inputs["model"];
  if (!model.contains("input") || !model.contains("nets") || !model["nets"].is_array()) return inputs;
  const InputOptions input = parse_input(model["input"], where + ": inputs");
  for (Json& net : model["nets"]) {
    const bool named = net.is_object() && net.contains("net") && net["net"].is_string();
    if (const auto kind = named ? net_named(net["net"].get<std::string>()) : std::nullopt)
      net["input"] = input_json(input_for(*kind, input));
  }
  model.erase("input");
  return inputs;
}

/// \throws Error unless `found` was made by the same job as `wanted`.
void require_same_job(const fs::path& file, const Manifest& found, const Manifest& wanted) {
  const auto facts = [&file](const Manifest& m) {
    return Json{{"config", m.config},
                {"inputs", with_input_of_each_net(m.inputs, file.string())},
                {"seed", m.seed},
                {"crop_size", m.crop_size},
                {"images", m.images},
                {"segment_count", m.segments},
                {"landmarks", landmark_layout_json(m.landmarks)},
                {"input", input_json(parse_input(m.input, file.string() + ": input"))}};
  };
  if (found.stage != wanted.stage) {
    throw Error(ErrorCode::usage, "this folder holds crops of another stage",
                {.where = file.string(),
                 .found = found.stage,
                 .expected = wanted.stage,
                 .hint = "choose another output folder"});
  }
  if (const std::string difference = first_difference(facts(wanted), facts(found)); !difference.empty()) {
    throw Error(ErrorCode::usage, "this folder holds crops of another configuration",
                {.where = file.string(),
                 .found = difference,
                 .hint = "choose another output folder, or delete this one to make its crops anew"});
  }
}

/// A segment counts as made while all its shards are there with their full length.
bool is_whole(const fs::path& folder, const ManifestSegment& segment) {
  return std::all_of(segment.shards.begin(), segment.shards.end(), [&](const ShardEntry& shard) {
    std::error_code failed;
    const auto bytes = fs::file_size(folder / shard.file, failed);
    return !failed && static_cast<int64_t>(bytes) == shard.bytes;
  });
}

/// Temporary files of this run's own shards and lists that a killed run left.
void remove_leftovers(const PrepareJob& job) {
  for (const fs::path& entry : folder_entries(job.out)) {
    const std::string name = entry.filename().string();
    if (!is_temporary_name(name)) continue;
    const size_t dash = name.rfind('-', name.find(".safetensors"));
    int64_t segment = -1;
    if (name.starts_with(job.stage + "-") && dash != std::string::npos)
      std::from_chars(name.data() + dash + 1, name.data() + name.size(), segment);
    const bool list = name.starts_with(manifest_name(job)) || (job.world == 1 && name.starts_with(kSources));
    if (list || (segment >= 0 && is_mine(job, segment))) remove_path(entry);
  }
}

/// One run of prepare_crops().
class Preparation {
 public:
  Preparation(const PrepareJob& job, const Sources& sources)
      : job_(job),
        sources_(sources),
        segments_(plan_segments(sources, job.samples, job.crop_size, static_cast<bool>(job.finder))) {
    result_.manifest = {.stage = job.stage,
                        .crop_size = job.crop_size,
                        .seed = job.seed,
                        .config = job.recipe,
                        .inputs = {{"datasets", sources.inputs}, {"model", job.model}},
                        .images = static_cast<int64_t>(sources.pictures.size()),
                        .segments = static_cast<int64_t>(segments_.size()),
                        .skipped = sources.skipped,
                        .landmarks = job.landmarks,
                        .input = input_json(job.input)};
  }

  PrepareResult run() {
    make_folder(job_.out);
    const FileLock lock(job_.out / concat(".lock-", job_.rank, "-of-", job_.world));
    refuse_other_split();
    continue_earlier_run();
    remove_leftovers(job_);
    write_sources(job_.out / kSources, sources_);
    write_manifest(job_.out, result_.manifest, manifest_name(job_));
    for (const Segment& segment : segments_) {
      if (is_mine(job_, segment.index) && !is_done(segment.index)) waiting_.push_back(&segment);
    }
    make_waiting();
    if (interrupted()) {
      throw Error(ErrorCode::interrupted,
                  concat("stopped after ", done_pictures_.load(), " of ", sources_.pictures.size(), " images"),
                  {.where = job_.out.string(), .hint = "run the same command again to go on"});
    }
    finish();
    return std::move(result_);
  }

 private:
  /// One folder is made either by one run or by the ranks of one world.
  void refuse_other_split() const {
    for (const fs::path& entry : folder_entries(job_.out)) {
      const std::string name = entry.filename().string();
      const bool whole = name == kManifest;
      const bool part = name.starts_with(kPartPrefix) && name.ends_with(".json");
      const bool same_world = job_.world > 1 && name.ends_with(concat("-of-", job_.world, ".json"));
      if ((whole && job_.world > 1) || (part && !same_world)) {
        throw Error(ErrorCode::usage, "this folder is made by another number of ranks",
                    {.where = entry.string(),
                     .found = whole ? "a whole manifest" : "a part's manifest",
                     .expected = concat("--world ", job_.world),
                     .hint = "join parts with `mtcnn prepare --merge`, or choose another output folder"});
      }
    }
  }

  void continue_earlier_run() {
    const fs::path file = job_.out / manifest_name(job_);
    if (!path_exists(file)) return;
    const Manifest earlier = read_manifest(job_.out, manifest_name(job_));
    require_same_job(file, earlier, result_.manifest);
    for (const ManifestSegment& segment : earlier.done) {
      if (!is_whole(job_.out, segment)) continue;
      result_.manifest.done.push_back(segment);
      result_.resumed_pictures += segment.images;
    }
    done_pictures_ = result_.resumed_pictures;
  }

  bool is_done(int64_t index) const {
    return std::any_of(result_.manifest.done.begin(), result_.manifest.done.end(),
                       [index](const ManifestSegment& segment) { return segment.index == index; });
  }

  void make_waiting() {
    ThreadPool(job_.threads).run(static_cast<int64_t>(waiting_.size()), [this](int64_t index) {
      if (stopped()) return;
      try {
        SegmentWorker worker(job_, sources_);
        const Segment& segment = *waiting_[static_cast<size_t>(index)];
        // Where the user stops it, run() tells.
        std::optional<std::optional<ManifestSegment>> made =
            unless_interrupted([&] { return worker.make(segment, [this] { return picture_done(); }); });
        if (made && *made) keep(std::move(**made));
      } catch (...) {
        failed_ = true;  // other threads stop in the middle of theirs
        throw;
      }
    });
  }

  bool stopped() const { return failed_ || interrupted(); }

  bool picture_done() {
    const int64_t done = ++done_pictures_;
    if (job_.progress) {
      const std::scoped_lock lock(mutex_);
      job_.progress(done);
    }
    return !stopped();
  }

  void keep(ManifestSegment made) {
    const std::scoped_lock lock(mutex_);
    std::vector<ManifestSegment>& done = result_.manifest.done;
    const auto place = std::upper_bound(done.begin(), done.end(), made.index,
                                        [](int64_t index, const ManifestSegment& s) { return index < s.index; });
    done.insert(place, std::move(made));
    write_manifest(job_.out, result_.manifest, manifest_name(job_));
  }

  void finish() {
    int64_t unreadable = 0;
    int64_t images = 0;
    for (const ManifestSegment& segment : result_.manifest.done) {
      unreadable += segment.unreadable;
      images += segment.images;
    }
    if (images > 0 && unreadable == images) {
      const std::vector<Skipped>& skipped = result_.manifest.done.front().skipped;
      throw Error(ErrorCode::unreadable, "not one image could be used",
                  {.where = job_.out.string(),
                   .found = skipped.empty() || skipped[0].examples.empty() ? "" : skipped[0].examples[0],
                   .hint = "check 'root' and the data sets' paths, then delete the output folder"});
    }
    result_.manifest.complete = job_.world == 1;
    write_manifest(job_.out, result_.manifest, manifest_name(job_));
  }

  const PrepareJob& job_;
  const Sources& sources_;
  std::vector<Segment> segments_;
  PrepareResult result_;
  std::vector<const Segment*> waiting_;
  std::atomic<int64_t> done_pictures_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;  ///< over the manifest and calls of `progress`
};

}  // namespace

PrepareResult prepare_crops(const PrepareJob& job, const Sources& sources) {
  require(job.crop_size > 0 && job.world > 0 && job.rank >= 0 && job.rank < job.world, "prepare_crops: a bad job");
  return Preparation(job, sources).run();
}

Manifest merge_parts(const fs::path& folder) {
  std::vector<std::string> parts;
  if (!is_folder(folder)) throw Error(ErrorCode::not_found, "no folder of crops here", {.where = folder.string()});
  for (const fs::path& entry : folder_entries(folder)) {
    const std::string name = entry.filename().string();
    if (name.starts_with(kPartPrefix) && name.ends_with(".json")) parts.push_back(name);
  }
  if (parts.empty()) {
    throw Error(ErrorCode::not_found, "no parts to join here",
                {.where = folder.string(), .expected = part_name(0, 2) + " and so on, as `--rank R --world N` writes"});
  }
  Manifest merged;
  for (const std::string& name : parts) {
    Manifest part = read_manifest(folder, name);
    if (merged.stage.empty()) {
      merged = part;
      merged.done.clear();
    }
    require_same_job(folder / name, part, merged);
    std::move(part.done.begin(), part.done.end(), std::back_inserter(merged.done));
  }
  std::sort(merged.done.begin(), merged.done.end(),
            [](const ManifestSegment& a, const ManifestSegment& b) { return a.index < b.index; });
  for (int64_t index = 0; index < merged.segments; ++index) {
    const bool there = index < static_cast<int64_t>(merged.done.size()) &&
                       merged.done[static_cast<size_t>(index)].index == index &&
                       is_whole(folder, merged.done[static_cast<size_t>(index)]);
    if (there) continue;
    throw Error(ErrorCode::bad_format, "the parts are not complete",
                {.where = folder.string(),
                 .found = concat("no whole segment ", index),
                 .expected = concat(merged.segments, " segments"),
                 .hint = "run the missing ranks, or those that were cut, again"});
  }
  merged.complete = true;
  write_manifest(folder, merged);
  for (const std::string& name : parts) remove_path(folder / name);
  return merged;
}

}  // namespace mtcnn
