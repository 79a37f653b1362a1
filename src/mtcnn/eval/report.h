#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/eval/plot.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn {

/// What every evaluation leaves behind.
struct EvalReport {
  std::string name;      ///< "wider", "fddb", …
  std::string protocol;  ///< one line that says by which rules was scored
  Json settings = Json::object();
  Json inputs = Json::array();    ///< one input_entry() per file or folder that was read
  Json figures = Json::object();  ///< its keys become keys of summary.json itself, after the common ones
  Plot plot;
};

/// What was read, so that a score can be traced: {"what", "path", "bytes", "checksum"} for a file; for a folder
/// {"what", "path", "files"}, the number of plain files in it and below.
/// \throws Error if it cannot be read.
Json input_entry(const std::string& what, const std::filesystem::path& path);

/// The text of summary.json: "eval", "protocol", "settings", "versions" (program and commit), "inputs", then the
/// figures. Numbers that are not finite become null.
/// \throws ContractError if a figure has the name of a common key.
std::string summary_text(const EvalReport& report);

/// Writes curve.csv, curve.svg and, last, summary.json into `folder`, each in one atomic step; makes the folder.
/// \throws Error if that fails.
void write_report(const std::filesystem::path& folder, const EvalReport& report);

/// Rows of cells as lines of text: the first column left-aligned, the others right-aligned, two blanks between. Rows
/// may be of different length. Widths count letters, not bytes.
std::string text_table(std::vector<std::vector<std::string>> rows);

}  // namespace mtcnn
