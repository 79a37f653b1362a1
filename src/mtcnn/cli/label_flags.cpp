#include "mtcnn/cli/label_flags.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/progress.h"
#include "mtcnn/core/text.h"

namespace mtcnn::cli {

void add_label_flags(CLI::App& verb, LabelFlags& flags) {
  verb.add_option("--classes", flags.classes, "Classes to use, comma-separated [all]")->type_name("NAMES");
  verb.add_flag("--strict", flags.strict, "Treat problems in the labels as errors instead of reporting them");
}

void add_kind_flags(CLI::App& verb, LabelFlags& flags, const std::string& usual) {
  verb.add_option("--kind", flags.kind, concat("Format of the labels: ", label_format_names(), " [", usual, "]"))
      ->type_name("KIND");
  add_label_flags(verb, flags);
}

void require_kind(const LabelFlags& flags) {
  if (!flags.kind.empty() || (flags.classes.empty() && !flags.strict)) return;
  throw Error(ErrorCode::usage, "--classes and --strict need --kind", {.expected = label_format_names()});
}

LabelOptions label_options(const LabelFlags& flags) {
  LabelOptions options{.strict = flags.strict};
  if (!flags.classes.empty()) options.classes = split(flags.classes, ',');
  return options;
}

LabelSet read_labels_with_progress(const std::string& kind, const std::string& path, LabelOptions options, bool quiet) {
  Progress progress("label files", 0, quiet);
  int64_t done = 0;
  options.progress = [&] { progress.update(++done); };
  return read_labels(kind, path, options);
}

void report_labels(const LabelSet& set) {
  for (const Skipped& item : set.dropped.all()) log::warning(concat("passed over: ", shown(item)));
  for (const Skipped& item : set.kept.all()) log::warning(shown(item));
}

}  // namespace mtcnn::cli
