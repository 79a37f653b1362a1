#include "mtcnn/cli/common.h"
#include "mtcnn/cli/label_flags.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/progress.h"
#include "mtcnn/core/text.h"
#include "mtcnn/labels/labels.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

namespace mtcnn::cli {
namespace fs = std::filesystem;
namespace {

struct ConvertFlags {
  Common common;
  std::string in, from, to, out, images, split, landmarks, take = "none", object = "face";
  LabelFlags labels;
};

/// Copies or links the images to where the format has them.
void take_images(const ConvertFlags& flags, const LabelSet& set, const fs::path& out) {
  if (flags.take == "none") return;
  Progress progress("images", static_cast<int64_t>(set.images.size()), flags.common.quiet);
  int64_t done = 0;
  for (const ImageAnnotation& image : set.images) {
    const fs::path from = set.images_folder / image.image;
    const fs::path to = out / label_format(flags.to).images_folder / image.image;
    progress.update(++done);
    if (!path_exists(from)) continue;  // reported by its reader
    make_folder(to.parent_path());
    std::error_code failure;
    if (flags.take == "link") {
      fs::create_symlink(absolute_path(from).lexically_normal(), to, failure);
    } else {
      fs::copy_file(from, to, failure);
    }
    if (failure) throw system_error(failure, ErrorCode::unwritable, concat("cannot ", flags.take, " this image"), from);
  }
}

void report(const ConvertFlags& flags, const LabelSet& set, const SkipCounts& lost) {
  report_labels(set);
  for (const Skipped& item : lost.all()) log::warning(concat("not written: ", shown(item)));
  if (flags.common.quiet) return;
  size_t objects = 0;
  size_t with_points = 0;
  for (const ImageAnnotation& image : set.images) {
    objects += image.faces.size();
    for (const FaceAnnotation& face : image.faces) with_points += face.landmarks ? 1 : 0;
  }
  std::cerr << as_line(flags.out) << ": " << label_format(flags.to).title << ", " << set.images.size() << " images, "
            << objects << " objects";
  if (!set.landmark_names.empty() && label_format(flags.to).has_points)
    std::cerr << ", " << with_points << " with " << set.landmark_names.size() << " points";
  if (!set.classes.empty()) std::cerr << "; classes: " << as_line(join(set.classes, ", "));
  std::cerr << "\n";
}

LabelSet read_set(const ConvertFlags& flags, LabelOptions& options) {
  Progress progress("label files", 0, flags.common.quiet);
  int64_t done = 0;
  options.progress = [&] { progress.update(++done); };
  return read_labels(flags.from, flags.in, options);
}

void run(const ConvertFlags& flags) {
  label_format(flags.from);
  label_format(flags.to);
  require_apart({{flags.out, "--out"}}, {flags.in, flags.images});
  if (path_exists(flags.in) && is_folder(flags.in) && is_within(flags.out, flags.in)) {
    throw Error(ErrorCode::usage, "--out lies in the data set that is read", {.where = flags.out});
  }
  if (path_exists(flags.out) && !(is_folder(flags.out) && folder_entries(flags.out).empty())) {
    throw Error(ErrorCode::usage, "this is there already and not empty",
                {.where = flags.out, .hint = "--out is a new folder"});
  }
  LabelOptions options = label_options(flags.labels);
  options.images = flags.images;
  options.split = flags.split;
  if (!flags.landmarks.empty()) options.landmarks = split(flags.landmarks, ',');
  const LabelSet set = read_set(flags, options);
  AtomicFolder folder(flags.out);
  const SkipCounts lost = write_labels(set, flags.to, folder.place(), flags.object);
  if (flags.labels.strict && !lost.all().empty()) {
    throw Error(ErrorCode::unsupported, "not all labels have a place in this format, and --strict was given",
                {.where = flags.out, .found = shown(lost.all().front())});
  }
  take_images(flags, set, folder.place());
  folder.commit();
  report(flags, set, lost);
}

/// A name in the first column of --help.
std::string padded(std::string name) {
  constexpr size_t kColumn = 24;
  name.resize(std::max(name.size(), kColumn), ' ');
  return name;
}

}  // namespace

void add_convert(CLI::App& program) {
  auto flags = std::make_shared<ConvertFlags>();
  CLI::App& verb = *program.add_subcommand(
      "convert",
      "Convert labels from one tool's format to another's\n\nConverts boxes and classes, and landmarks where both "
      "formats have them. Problems in the labels are reported with a count and an example. docs/formats.md lists what "
      "is read.");
  verb.add_option("dataset", flags->in, "Folder of the data set, or the file with its labels")
      ->required()
      ->type_name("PATH");
  verb.add_option("--from", flags->from, concat("Format of the input: ", label_format_names()))
      ->required()
      ->type_name("KIND");
  verb.add_option("--to", flags->to, "Format of the output, one of the same")->required()->type_name("KIND");
  verb.add_option("--out", flags->out, "New folder for the labels")->required()->type_name("DIR");
  verb.add_option("--images", flags->images, "Folder of the images [where the format has them]")->type_name("DIR");
  verb.add_option("--take-images", flags->take, "Also put the images into --out: none, copy, or link (symbolic links)")
      ->capture_default_str()
      ->check(CLI::IsMember({"none", "copy", "link"}));
  verb.add_option("--split", flags->split, "voc and yolo: convert only train, val or test")->type_name("NAME");
  verb.add_option("--landmarks", flags->landmarks,
                  "Names of the landmarks, comma-separated, in the order of the output [as labelled]")
      ->type_name("NAMES");
  verb.add_option("--object", flags->object, "Class name for objects without one, as in own data")
      ->capture_default_str()
      ->type_name("NAME");
  add_label_flags(verb, flags->labels);
  add_quiet_flag(verb, flags->common);
  std::string kinds = "Formats:\n";
  for (const LabelFormat& format : label_formats())
    kinds += concat("  ", padded(format.name), format.title, ": ", format.layout, "\n");
  verb.footer(
      concat(kinds, "Example: mtcnn convert kangaroo --from voc --to own --out kangaroo-own --take-images link"));
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
