#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/pipeline/step.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace mtcnn {

/// How a plan is carried out.
struct PipelineJob {
  std::filesystem::path program;   ///< that runs the commands
  std::filesystem::path out;       ///< records of the steps go into its folder `steps`
  std::vector<std::string> flags;  ///< for every command that computes: threads, device
  std::string from;                ///< this step and all behind it are done anew; empty = what is needed
  std::string only;                ///< no other step is done, and this one anew
  bool quiet = false;
  std::function<void(const std::string& line)> say;  ///< told of every step
};

/// Steps with their states, sizes and rough times, as a table for people.
std::string plan_text(const std::vector<Step>& steps, const std::filesystem::path& out);

/// Runs the steps that are not done, in order, each as a process of its own: unchanged ones are passed over, cut ones
/// go on, outdated ones start anew (training runs of before are kept in `out`/old). Writes summary.json at the end.
/// \throws Error{usage} for an unknown step; Error naming the step whose command failed; Error{interrupted} where the
/// user stops it: the same call goes on.
void run_pipeline(const std::vector<Step>& steps, const PipelineJob& job);

/// What came out: seconds a step, the best figures of each training run, the figures of the evaluations.
/// \return the content of summary.json.
Json pipeline_summary(const std::vector<Step>& steps, const std::filesystem::path& out);
std::string summary_text(const Json& summary);

}  // namespace mtcnn
