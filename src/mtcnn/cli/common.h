#pragma once

#include "mtcnn/core/options.h"

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace mtcnn::cli {

/// Headings in --help.
inline constexpr const char* kRunGroup = "How to run";
inline constexpr const char* kConfigurationGroup = "Configuration";

/// What means the same in every verb.
struct Common {
  std::string config;                 ///< --config FILE
  std::vector<std::string> settings;  ///< --set key=value
  std::string device = "auto";
  int threads = 0;
  bool quiet = false;
};

/// Adds --config and --set to a verb.
void add_config_flags(CLI::App& verb, Common& common);
void add_quiet_flag(CLI::App& verb, Common& common);
/// Adds --device and --threads.
void add_device_flags(CLI::App& verb, Common& common);

/// Defaults, then the config file, then each --set. Dedicated flags come after.
/// \throws Error{usage}.
template <class Options>
void apply_config(const OptionTable<Options>& table, const Common& common, Options& options) {
  if (!common.config.empty()) table.apply(options, read_json(common.config), common.config);
  for (const std::string& setting : common.settings) table.apply_setting(options, setting);
}

/// Writes `text` to the file, or to stdout where the path is "-".
/// \throws Error if it cannot be written.
void write_result(const std::string& path, const std::string& text);

}  // namespace mtcnn::cli
