#pragma once

#include "mtcnn/core/json.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn {

/// One step of a pipeline: a command of the program, as a user would type it, and the files that it reads and leaves.
struct Step {
  std::string name;                            ///< "1-train-rnet"
  std::vector<std::string> command;            ///< the program's arguments
  std::vector<std::filesystem::path> inputs;   ///< files that decide the result, missing ones included
  Json facts = nullptr;                        ///< what else does, as lists of data sets with their checksums
  std::vector<std::filesystem::path> outputs;  ///< files that it must leave
  std::filesystem::path folder;                ///< all that it writes lies below
  std::string size;                            ///< how much there is to do, for people; may be empty
  double estimate_s = 0;                       ///< rough, on two ordinary cores
  bool takes_resume = false;                   ///< a second start wants --resume
};

/// What is to become of a step.
enum class StepState {
  unchanged,  ///< done, and its inputs and outputs are as they were: passed over
  begun,      ///< cut, and its inputs are as they were: goes on
  outdated,   ///< done or begun with other inputs, or its outputs have changed: from the start
  waiting     ///< never begun
};
/// As progress and `--dry-run` show it.
const char* step_state_name(StepState state);

/// The records of a pipeline's steps, below `folder`: when a step begins, its command and the checksums of its inputs
/// are written down; when it ends, those of its outputs and the seconds.
class StepRecords {
 public:
  explicit StepRecords(std::filesystem::path folder) : folder_(std::move(folder)) {}

  StepState state(const Step& step) const;
  /// Seconds that the step took when it was last done, over all its starts; 0 where it never was.
  double seconds(const Step& step) const;
  void begin(const Step& step) const;
  void forget(const Step& step) const;
  /// \throws Error naming an output that the step did not leave.
  void end(const Step& step, double seconds) const;
  /// Adds to the time of a step that was cut.
  void cut(const Step& step, double seconds) const;

 private:
  std::filesystem::path file(const Step& step) const { return folder_ / (step.name + ".json"); }

  std::filesystem::path folder_;
};

}  // namespace mtcnn
