#include "mtcnn/eval/report.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/version.h"

#include <algorithm>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

size_t letters(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

int64_t count_files(const fs::path& folder) {
  std::error_code failure;
  int64_t files = 0;
  auto entry = fs::recursive_directory_iterator(folder, failure);
  for (; !failure && entry != fs::recursive_directory_iterator(); entry.increment(failure)) {
    files += entry->is_regular_file(failure) ? 1 : 0;
  }
  if (failure) {
    throw Error(ErrorCode::unreadable, "cannot read this folder (" + failure.message() + ")",
                {.where = folder.string()});
  }
  return files;
}

}  // namespace

Json input_entry(const std::string& what, const fs::path& path) {
  Json entry = {{"what", what}, {"path", path.string()}};
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    entry["files"] = count_files(path);
  } else {
    const MappedFile file(path);
    entry["bytes"] = file.bytes().size();
    entry["checksum"] = checksum_text(crc32(file.bytes()));
  }
  return entry;
}

std::string summary_text(const EvalReport& report) {
  Json summary = {{"eval", report.name},
                  {"protocol", report.protocol},
                  {"settings", report.settings},
                  {"versions", {{"mtcnn", version()}, {"commit", commit()}}},
                  {"inputs", report.inputs}};
  for (const auto& [key, value] : report.figures.items()) {
    require(!summary.contains(key), "EvalReport: a figure has the name of a common key");
    summary[key] = value;
  }
  return summary.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void write_report(const fs::path& folder, const EvalReport& report) {
  const std::string summary = summary_text(report);
  make_folder(folder);
  write_text(folder / "curve.csv", plot_csv(report.plot));
  write_text(folder / "curve.svg", plot_svg(report.plot));
  write_text(folder / "summary.json", summary);  // last: who finds it finds the others too
}

std::string text_table(std::vector<std::vector<std::string>> rows) {
  for (auto& row : rows) {
    for (std::string& cell : row) cell = as_line(cell);  // a name must not look like a row
  }
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], letters(row[i]));
  }
  std::string table;
  for (const auto& row : rows) {
    std::string text;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - letters(row[i]), ' ');
      text += i == 0 ? row[i] + blanks : "  " + blanks + row[i];
    }
    table += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
  return table;
}

}  // namespace mtcnn
