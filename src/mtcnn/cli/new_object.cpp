#include "mtcnn/pipeline/new_object.h"

#include "mtcnn/cli/common.h"
#include "mtcnn/cli/label_flags.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/progress.h"
#include "mtcnn/core/text.h"
#include "mtcnn/image/read.h"
#include "mtcnn/model/model_folder.h"
#include "mtcnn/pipeline/image_split.h"

#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

namespace mtcnn::cli {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFaceNets = "face_nets";
constexpr const char* kTraining = "data/train";
constexpr const char* kHeldOut = "data/held_out";
constexpr double kCurve[] = {0.25, 0.5};  ///< shares of the training images for the learning curve

struct NewObjectFlags {
  Common common;
  std::string dataset, out, images;
  LabelFlags labels;
  NewObjectOptions options;
  bool learning_curve = false;
};

LabelSet read_set(const NewObjectFlags& flags) {
  if (!path_exists(flags.dataset)) throw Error(ErrorCode::not_found, "no data set here", {.where = flags.dataset});
  const std::string kind = flags.labels.kind.empty() ? guess_label_kind(flags.dataset) : flags.labels.kind;
  if (kind.empty())
    throw Error(ErrorCode::usage, "it is not clear what kind of labels this is",
                {.where = flags.dataset, .expected = concat("--kind KIND, one of ", label_format_names())});
  LabelOptions options = label_options(flags.labels);
  options.images = flags.images;
  return read_labels_with_progress(kind, flags.dataset, std::move(options), flags.common.quiet);
}

/// Reads every image: what cannot be read is left out, and counted, before any work. Sizes become the images' own.
void read_all_images(const NewObjectFlags& flags, LabelSet& set) {
  SkipCounts unreadable;
  SkipCounts other_size;
  std::vector<ImageAnnotation> good;
  Progress progress("images", static_cast<int64_t>(set.images.size()), flags.common.quiet);
  int64_t done = 0;
  for (ImageAnnotation& image : set.images) {
    stop_if_interrupted();
    try {
      const Image pixels = read_image(set.images_folder / image.image);
      if (image.width > 0 && (image.width != pixels.width() || image.height != pixels.height())) {
        other_size.add("image of another size than its labels say",
                       concat(image.image, ": ", pixels.width(), " x ", pixels.height(), ", labels say ", image.width,
                              " x ", image.height));
      }
      image.width = pixels.width();
      image.height = pixels.height();
      good.push_back(std::move(image));
    } catch (const Error& error) {
      unreadable.add("image that cannot be read", error.what());
    }
    progress.update(++done);
  }
  set.images = std::move(good);
  for (const SkipCounts* counts : {&unreadable, &other_size}) {
    for (const Skipped& item : counts->all()) {
      if (flags.labels.strict)
        throw Error(ErrorCode::bad_format, "images that do not fit their labels, and --strict was given",
                    {.where = flags.dataset, .found = shown(item)});
      log::warning(concat(counts == &unreadable ? "passed over: " : "", shown(item)));
    }
  }
  if (set.images.empty())
    throw Error(ErrorCode::unreadable, "not one image of this data set could be read", {.where = flags.dataset});
}

size_t objects_in(const LabelSet& set) {
  size_t count = 0;
  for (const ImageAnnotation& image : set.images) {
    for (const FaceAnnotation& face : image.faces) count += face.ignore ? 0 : 1;
  }
  return count;
}

/// Own data with links to the images.
void write_data(const LabelSet& set, const fs::path& folder, const std::string& name) {
  make_folder(folder);
  write_labels(set, "own", folder, name);
  for (const ImageAnnotation& image : set.images) {
    stop_if_interrupted();
    const fs::path link = folder / "images" / image.image;
    make_folder(link.parent_path());
    std::error_code failure;
    fs::create_symlink(absolute_path(set.images_folder / image.image).lexically_normal(), link, failure);
    if (failure) throw system_error(failure, ErrorCode::unwritable, "cannot link this image", link);
  }
}

void write_configs(const fs::path& folder, const std::map<std::string, Json>& configs) {
  make_folder(folder);
  for (const auto& [name, json] : configs) write_text(folder / name, json.dump(2) + "\n");
}

/// The parts of the training images, with a pipeline each.
std::vector<std::pair<int64_t, std::string>> write_curve(const fs::path& place, const LabelSet& training,
                                                         const NewObjectOptions& options) {
  std::vector<std::pair<int64_t, std::string>> curve;
  for (const double share : kCurve) {
    const LabelSet part = part_of(training, share);
    const auto images = static_cast<int64_t>(part.images.size());
    const auto objects = static_cast<int64_t>(objects_in(part));
    const bool again = images == std::ssize(training.images) || (!curve.empty() && images == curve.back().first);
    if (again) continue;  // of so few images
    if (objects < kFewestObjects) {
      log::warning(concat("learning curve: ", images, " images with ", counted(objects, "object"), " are too few"));
      continue;
    }
    const fs::path folder = fs::path("curve") / concat(images);
    const ObjectPlan plan = plan_object(part, label_facts(part), options);
    write_data(part, place / folder / "train", plan.name);
    write_configs(place / folder,
                  object_configs(plan, "train", concat("../../", kHeldOut), concat("../../", kFaceNets)));
    curve.emplace_back(images, (folder / "pipeline.json").string());
  }
  return curve;
}

std::string plan_text(const NewObjectFlags& flags, const ObjectPlan& plan, const ImageSplit& split) {
  const auto count = [&](const LabelSet& set) {
    return concat(set.images.size(), " images with ", counted(static_cast<int64_t>(objects_in(set)), plan.name));
  };
  std::string text = concat("Learnt from: ", count(split.training), "\nHeld out:    ", count(split.held_out),
                            ", for the scores\n\nDecided:\n");
  for (const Decision& decision : plan.decisions) text += concat("- ", decision.what, "\n    ", decision.why, "\n");
  for (const std::string& notice : plan.notices) text += concat("Notice: ", notice, "\n");
  const std::string model = (fs::path(flags.out) / "model").string();
  text += concat("\nNext:\n  mtcnn pipeline --config ", (fs::path(flags.out) / "pipeline.json").string(),
                 "\n  mtcnn detect ", (fs::path(flags.out) / kHeldOut / "images").string(), " --model ", model,
                 " --draw ", (fs::path(flags.out) / "drawn").string(), "\n");
  return text;
}

void run(const NewObjectFlags& flags) {
  if (!flags.options.name.empty()) require_object_name(flags.options.name, "--name");
  require_apart({{flags.out, "--out"}}, {flags.dataset, flags.images});
  if (path_exists(flags.dataset) && is_folder(flags.dataset) && is_within(flags.out, flags.dataset))
    throw Error(ErrorCode::usage, "--out lies in the data set that is read", {.where = flags.out});
  const InterruptGuard guard;
  LabelSet set = read_set(flags);
  report_labels(set);
  read_all_images(flags, set);
  const ImageSplit split = split_images(set, flags.options.held_out, flags.options.group);
  const ObjectPlan plan = plan_object(split.training, label_facts(split.training), flags.options);
  require_object_name(plan.name, "--name");
  if (objects_in(split.held_out) == 0)
    throw Error(ErrorCode::usage, "the images that are held out have no object: there is nothing to score",
                {.found = concat(split.held_out.images.size(), " images"), .hint = "a larger --held-out"});
  AtomicFolder folder(flags.out);
  write_data(split.training, folder.place() / kTraining, plan.name);
  write_data(split.held_out, folder.place() / kHeldOut, plan.name);
  if (plan.from_face_nets) {
    make_folder(folder.place() / kFaceNets);
    write_model(folder.place() / kFaceNets, default_model());
  }
  std::vector<std::pair<int64_t, std::string>> curve;
  if (flags.learning_curve) curve = write_curve(folder.place(), split.training, flags.options);
  write_configs(folder.place(), object_configs(plan, kTraining, kHeldOut, kFaceNets, curve));
  const std::string text = plan_text(flags, plan, split);
  write_text(folder.place() / "decisions.txt", text);
  folder.commit();
  if (!flags.common.quiet) print(text);
}

}  // namespace

void add_new_object(CLI::App& program) {
  auto flags = std::make_shared<NewObjectFlags>();
  CLI::App& verb = *program.add_subcommand("new-object",
                                           "From labelled images to configurations that suit the object, ready for "
                                           "`mtcnn pipeline`\n\nChecks the labels and "
                                           "every image, keeps a part of the images apart for the scores, chooses the "
                                           "settings by what is in the labels, and "
                                           "says why. Images are linked, not copied.");
  verb.add_option("dataset", flags->dataset, "Folder of the labelled images, or the file with the labels")
      ->required()
      ->type_name("PATH");
  verb.add_option("--out", flags->out, "New folder for the configurations, and later for the model")
      ->required()
      ->type_name("DIR");
  add_kind_flags(verb, flags->labels, "told by the files");
  verb.add_option("--images", flags->images, "Folder of the images [where the format has them]")->type_name("DIR");
  verb.add_option("--name", flags->options.name, "Name of one object, for output [its class]")->type_name("NAME");
  verb.add_option("--held-out", flags->options.held_out, "Share of the images that is kept apart for the scores")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 0.5));
  verb.add_option(
          "--group", flags->options.group,
          "What is held out or learnt from as a whole: each image; the images of a folder; or those whose names "
          "differ in the last number alone, as frames of one video")
      ->capture_default_str()
      ->check(CLI::IsMember({"image", "folder", "name"}));
  verb.add_option("--minutes", flags->options.minutes, "Time for training, on two ordinary cores")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 100000.0));
  verb.add_option("--init", flags->options.init,
                  "Start from the built-in face nets (default), from random weights (none), or as the amount of data "
                  "asks for (auto)")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "default", "none"}));
  verb.add_flag("!--no-mirror", flags->options.mirror, "The object has no mirror images, as text");
  verb.add_flag("--learning-curve", flags->learning_curve,
                "Also train on a quarter and half of the images, to see what more data would give; takes three times "
                "as long");
  add_quiet_flag(verb, flags->common);
  verb.footer(
      "Example: mtcnn new-object raccoons/ --out raccoon\n"
      "         mtcnn pipeline --config raccoon/pipeline.json\n"
      "         mtcnn detect raccoon/data/held_out/images --model raccoon/model --draw drawn");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
