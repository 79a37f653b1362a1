#include "mtcnn/pipeline/pipeline.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/file_lock.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/pipeline/process.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

/// "1:02:03" or "2:03".
std::string clock_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  const auto two = [](int64_t value) { return concat(value < 10 ? "0" : "", value); };
  if (whole < 3600) return concat(whole / 60, ":", two(whole % 60));
  return concat(whole / 3600, ":", two(whole / 60 % 60), ":", two(whole % 60));
}

std::string padded(const std::string& text, size_t width) {
  return text + std::string(width > text.size() ? width - text.size() : 0, ' ');
}

/// Position of the named step.
size_t find_step(const std::vector<Step>& steps, const std::string& name, const char* flag) {
  std::vector<std::string> names;
  for (const Step& step : steps) names.push_back(step.name);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  const std::string nearest = nearest_name(name, names);
  throw Error(ErrorCode::usage, "no such step",
              {.where = flag,
               .found = concat("'", name, "'"),
               .expected = join(names, ", "),
               .hint = nearest.empty() ? "" : concat("did you mean '", nearest, "'?")});
}

/// Removes what an outdated step left; a training run took long, so it is put aside.
void clear(const Step& step, const fs::path& out) {
  if (!path_exists(step.folder)) return;
  if (!step.takes_resume || !path_exists(step.folder / "config.json")) {
    remove_path(step.folder);
    return;
  }
  make_folder(out / "old");
  for (int number = 1;; ++number) {
    const fs::path aside = out / "old" / concat(step.name, "-", number);
    if (path_exists(aside)) continue;
    rename_path(step.folder, aside);
    return;
  }
}

bool computes(const Step& step) { return step.command.front() != "export"; }

class Runner {
 public:
  Runner(const std::vector<Step>& steps, const PipelineJob& job)
      : steps_(steps), job_(job), records_(job.out / "steps") {}

  void run() {
    make_folder(job_.out / "steps");
    const FileLock lock(job_.out / ".lock");
    const size_t only = job_.only.empty() ? steps_.size() : find_step(steps_, job_.only, "--only");
    const size_t from = job_.from.empty() ? steps_.size() : find_step(steps_, job_.from, "--from");
    for (size_t i = 0; i < steps_.size(); ++i) {
      if (!job_.only.empty() && i != only) continue;
      const bool anew = i >= from || i == only;
      const StepState recorded = records_.state(steps_[i]);
      const StepState state = anew && recorded != StepState::waiting ? StepState::outdated : recorded;
      say(i, state);
      if (state != StepState::unchanged) run_step(steps_[i], state);
    }
  }

 private:
  void say(size_t index, StepState state) const {
    if (!job_.say) return;
    const Step& step = steps_[index];
    std::string line = concat("[", index + 1, "/", steps_.size(), "] ", step.name, ": ", step_state_name(state));
    if (state != StepState::unchanged) line += concat(" (", join(command_of(step), " "), ")");
    job_.say(line);
  }

  std::vector<std::string> command_of(const Step& step) const {
    std::vector<std::string> command = {job_.program.filename().string()};
    command.insert(command.end(), step.command.begin(), step.command.end());
    return command;
  }

  void run_step(const Step& step, StepState state) const {
    // What lies there without a record is not ours to remove: the command itself goes on with it, or says what is
    // wrong.
    if (state == StepState::outdated) {
      clear(step, job_.out);
      records_.forget(step);
    }
    records_.begin(step);
    std::vector<std::string> arguments = step.command;
    if (step.takes_resume && path_exists(step.folder / "config.json")) {
      arguments.emplace_back("--resume");
    } else if (step.takes_resume && state == StepState::begun) {
      remove_path(step.folder);  // nothing learnt yet
    }
    if (computes(step)) arguments.insert(arguments.end(), job_.flags.begin(), job_.flags.end());
    if (job_.quiet && computes(step)) arguments.emplace_back("--quiet");
    const auto start = Clock::now();
    const int code = run_process(job_.program, arguments);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (code == 0) return records_.end(step, seconds);
    records_.cut(step, seconds);
    if (interrupted())
      throw Error(ErrorCode::interrupted, concat("stopped in the step '", step.name, "'"),
                  {.where = job_.out.string(), .hint = "the same command goes on"});
    throw Error(ErrorCode::unsupported, concat("the step '", step.name, "' failed with exit code ", code),
                {.where = job_.out.string(),
                 .hint = concat("its command was: ", join(command_of(step), " "),
                                "; the same `mtcnn pipeline` goes on from it")});
  }

  const std::vector<Step>& steps_;
  const PipelineJob& job_;
  StepRecords records_;
};

}  // namespace

std::string plan_text(const std::vector<Step>& steps, const fs::path& out) {
  const StepRecords records(out / "steps");
  size_t width = 0;
  for (const Step& step : steps) width = std::max(width, step.name.size());
  std::string text;
  double rest = 0;
  for (const Step& step : steps) {
    const StepState state = records.state(step);
    const double before = records.seconds(step);
    const double expected = before > 0 ? before : step.estimate_s;
    if (state != StepState::unchanged) rest += expected;
    text += concat(padded(step.name, width + 2), padded(step_state_name(state), 11), padded(clock_text(expected), 9),
                   padded(before > 0 ? "measured" : "estimated", 11), step.size, "\n");
  }
  return text + concat("to do: about ", clock_text(rest), " (estimates are for two ordinary cores)\n");
}

void run_pipeline(const std::vector<Step>& steps, const PipelineJob& job) {
  Runner(steps, job).run();
  write_text(job.out / "summary.json", pipeline_summary(steps, job.out).dump(2) + "\n");
}

}  // namespace mtcnn
