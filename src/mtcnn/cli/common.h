#pragma once

#include "mtcnn/core/file.h"
#include "mtcnn/core/options.h"
#include "mtcnn/core/outputs.h"

#include <cstdint>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace mtcnn::cli {

/// Headings in --help.
inline constexpr const char* kRunGroup = "How to run";
inline constexpr const char* kConfigurationGroup = "Configuration";

/// What means the same in every command.
struct Common {
  std::string config;                 ///< --config FILE
  std::vector<std::string> settings;  ///< --set key=value
  std::string device = "auto";
  int threads = 0;
  bool quiet = false;
};

/// One of several parts of a command's work, which may run on different machines.
struct RankFlags {
  int rank = 0;
  int world = 1;
};

/// Adds --config and --set to a command.
void add_config_flags(CLI::App& verb, Common& common);
void add_quiet_flag(CLI::App& verb, Common& common);
/// Adds --device and --threads.
void add_device_flags(CLI::App& verb, Common& common);

/// Adds --rank and --world.
/// \param help  of --rank
void add_rank_flags(CLI::App& verb, RankFlags& flags, const std::string& help);
/// \throws Error{usage} if there is no such rank.
void require_rank(const RankFlags& flags);

/// Defaults, then the config file, then each --set. Dedicated flags come after.
/// \throws Error{usage}.
template <class Options>
void apply_config(const OptionTable<Options>& table, const Common& common, Options& options) {
  if (!common.config.empty()) table.apply_file(options, read_json(common.config), common.config);
  for (const std::string& setting : common.settings) table.apply_setting(options, setting);
}

/// Nobody reads stdout any more, as behind `| head -1`: the program ends as the system's own tools do.
class ClosedPipe : public std::exception {};

/// Where results go: a file, which appears whole or not at all, or stdout where the path is "-" or "/dev/stdout".
class ResultFile {
 public:
  /// \throws Error if it cannot be written.
  explicit ResultFile(const std::string& path);

  /// \throws Error where something is lost, ClosedPipe.
  void write(std::string_view text);
  void flush();
  void commit();

 private:
  std::optional<AtomicFile> file_;  ///< nothing: stdout
};

/// Writes `text` to the file, or to stdout where the path is "-".
/// \throws Error if it cannot be written, ClosedPipe.
void write_result(const std::string& path, const std::string& text);

/// Lines of text for people: each as_line(), so that names in them steer no terminal.
std::string as_text(std::string_view lines);

/// as_text() to stdout.
/// \throws Error, ClosedPipe as write_result() does.
void print(const std::string& text);

/// What --json writes; "-" is where stdout leads.
Output json_output(const std::string& json);

/// The files of a command that scores: --json, and the report in --out with `more` files beside it.
/// \throws Error{usage} where two would have one name.
std::vector<Output> report_outputs(const std::string& out, const std::string& json,
                                   const std::vector<std::string>& more = {});

/// require_apart() for commands that score, whose inputs may be folders of many files: what --json names must be none
/// of the images, lists and tables in them.
void require_report_apart(const std::vector<Output>& outputs, const std::vector<std::filesystem::path>& inputs);

/// Keeps files that are opened later from taking the place of a standard stream that is closed, so that results never
/// end up in one of them; a write to a closed stdout fails. A closed pipe no longer kills, so that temporary files can
/// be cleaned up. Call first.
/// \return whether a closed pipe would have killed.
bool guard_standard_streams();

/// Refuses an empty name of a file or folder, which would count as not given, for all commands of the program.
void refuse_empty_names(CLI::App& program);

}  // namespace mtcnn::cli
