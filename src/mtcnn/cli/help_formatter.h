#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace mtcnn::cli {

/// How --help looks: lines of at most 100 columns; a command's summary (the first line of its description) in lists,
/// all of it in its own help; behind each option its range in (parentheses) and its default in [brackets]; exit codes
/// at the end. Commands inherit it from the program.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter();

  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_group(std::string group, bool is_positional, std::vector<const CLI::Option*> options) const override;
  std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode mode) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* verb) const override;
  std::string make_description(const CLI::App* app) const override;
  std::string make_footer(const CLI::App* app) const override;
};

}  // namespace mtcnn::cli
