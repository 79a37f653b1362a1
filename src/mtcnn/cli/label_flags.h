#pragma once

#include "mtcnn/core/log.h"
#include "mtcnn/labels/labels.h"

#include <string>

#include <CLI/CLI.hpp>

namespace mtcnn::cli {

/// How label files are read, for all commands that take a format of labels.
struct LabelFlags {
  std::string kind;  ///< empty: as before there were kinds
  std::string classes;
  bool strict = false;
};

/// Adds --classes and --strict.
void add_label_flags(CLI::App& verb, LabelFlags& flags);
/// Adds --kind too. \param usual  what counts without it, for --help.
void add_kind_flags(CLI::App& verb, LabelFlags& flags, const std::string& usual);

/// \throws Error{usage} where --classes or --strict is given and no --kind, which they are for.
void require_kind(const LabelFlags& flags);

LabelOptions label_options(const LabelFlags& flags);

/// read_labels(), which may take long, with its progress on the terminal.
LabelSet read_labels_with_progress(const std::string& kind, const std::string& path, LabelOptions options, bool quiet);

/// Tells what was counted while labels were read, as warnings.
void report_labels(const LabelSet& set);

}  // namespace mtcnn::cli
