#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn {

/// What an optimizer keeps of one parameter.
struct ParameterState {
  std::string name;
  std::vector<int64_t> shape;
  int group = 0;  ///< of the optimizer's parameter groups
  /// Steps that have reached the parameter; 0 where the optimizer does not count, or none has.
  int64_t steps = 0;
  /// One list of values, row-major, for each of optimizer_slots(); none where no step has reached the parameter.
  std::vector<std::vector<float>> slots;
};

/// What an optimizer keeps, group by group and in the order of each group's parameters.
struct OptimizerState {
  std::string kind;  ///< "sgd", "adam" or "adamw"
  std::vector<ParameterState> parameters;
};

/// Names of the tensors that an optimizer of this kind keeps for each parameter.
std::vector<std::string> optimizer_slots(const std::string& kind);
/// Whether it counts steps.
bool counts_steps(const std::string& kind);

/// Writes a state in one atomic step (docs/formats.md).
void write_optimizer_state(const std::filesystem::path& path, const OptimizerState& state);

/// Reads what write_optimizer_state() wrote. \param state  gives kind, names and shapes; steps and slots are set.
/// \param most_steps  that a parameter can have seen.
/// \throws Error if the file is missing, damaged, of another kind of optimizer or for other parameters, or holds values
/// that no optimizer arrives at.
void read_optimizer_state(const std::filesystem::path& path, int64_t most_steps, OptimizerState& state);

/// The same from an optimizer.pt, as older runs have it: a TorchScript archive, read as data.
void read_optimizer_archive(const std::filesystem::path& path, int64_t most_steps, OptimizerState& state);

}  // namespace mtcnn
