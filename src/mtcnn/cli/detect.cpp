#include "mtcnn/cli/detector_flags.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/outputs.h"
#include "mtcnn/core/text.h"
#include "mtcnn/detect/result_names.h"
#include "mtcnn/image/align.h"
#include "mtcnn/image/draw.h"
#include "mtcnn/image/write.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include <strings.h>

namespace mtcnn::cli {
namespace fs = std::filesystem;
namespace {

struct DetectFlags {
  DetectorFlags detector;
  std::vector<std::string> inputs;
  std::string root, json, draw, crops;
  int crop_size = 112;
  float margin = 0.2F;
  bool align = false;
  RankFlags share;
};

/// The images of one rank, of all in order: those from first on, below last.
struct Share {
  int64_t first;
  int64_t last;
};

Share share_of(const RankFlags& flags, int64_t pictures) {
  return {pictures * flags.rank / flags.world, pictures * (flags.rank + 1) / flags.world};
}

/// Images of earlier runs in the output folders, where those lie below a folder that is searched.
class EarlierResults {
 public:
  explicit EarlierResults(const DetectFlags& flags) {
    for (const std::string& folder : {flags.draw, flags.crops}) {
      if (!folder.empty()) folders_.emplace_back(folder);
    }
  }

  bool contain(const fs::path& picture) {
    if (const fs::path folder = picture.parent_path(); folder != last_ || !looked_) {
      last_ = folder;
      looked_ = true;
      inside_ = std::any_of(folders_.begin(), folders_.end(),
                            [&](const fs::path& output) { return is_within(folder, output); });
    }
    const bool ours = inside_ && is_marked_image(picture);
    count_ += ours ? 1 : 0;
    return ours;
  }

  int64_t count() const { return count_; }

 private:
  std::vector<fs::path> folders_;
  fs::path last_;
  bool looked_ = false;
  bool inside_ = false;
  int64_t count_ = 0;
};

/// The images, and where their results go. All that could go wrong with names is refused here, before any work.
struct Plan {
  std::vector<PictureFile> pictures;
  ResultNames names;
};

/// Crops that are there already in the folders that new ones go to: who knows how many faces an image has?
void add_crops_there(const fs::path& folder, const std::vector<fs::path>& names, std::vector<Output>& outputs) {
  const std::set<fs::path> ours(names.begin(), names.end());
  std::set<fs::path> folders;
  for (const fs::path& name : names) folders.insert(name.parent_path());
  std::error_code ignored;
  for (const fs::path& below : folders) {
    for (const auto& entry : fs::directory_iterator(folder / below, ignored)) {
      const auto crops = crops_of(below / entry.path().filename());
      if (crops && ours.contains(*crops)) outputs.push_back({entry.path(), "--crops"});
    }
  }
}

/// \throws Error{usage} where a drawing, an image's crops or the JSON lines would have one name, or these the name of
/// a folder that the others need.
void require_names_apart(const DetectFlags& flags, const ResultNames& names) {
  const auto refuse = [](const char* one, const char* other, const fs::path& path) {
    throw Error(ErrorCode::usage, concat(one, " and ", other, " would write to one name"),
                {.where = path.string(), .hint = "name another place with one of them"});
  };
  const bool json_file = !flags.json.empty() && flags.json != "-";
  for (const auto& [flag, folder] : {std::pair("--draw", &flags.draw), std::pair("--crops", &flags.crops)}) {
    if (json_file && !folder->empty() && is_within(*folder, flags.json)) refuse("--json", flag, flags.json);
  }
  std::set<fs::path> crops;
  if (!flags.crops.empty()) {
    const fs::path folder = resolved(flags.crops);
    for (const fs::path& name : names.crops) crops.insert(folder / name);
  }
  const auto is_crop = [&](const fs::path& file) {
    const auto name = crops_of(file);
    return name && crops.contains(*name);
  };
  const fs::path json = json_file ? resolved(flags.json) : fs::path();
  if (is_crop(json)) refuse("--json", "--crops", flags.json);
  if (flags.draw.empty()) return;
  const fs::path folder = resolved(flags.draw);
  for (const fs::path& name : names.drawings) {
    if (folder / name == json) refuse("--json", "--draw", flags.json);
    if (is_crop(folder / name)) refuse("--draw", "--crops", flags.draw / name);
  }
}

/// What is read, but for the images in folders and lists.
std::vector<fs::path> inputs_named(const DetectFlags& flags) {
  std::vector<fs::path> inputs = files_read(flags.detector);
  for (const std::string& input : flags.inputs)
    inputs.push_back(input.starts_with('@') ? fs::path(input.substr(1)) : flags.root / fs::path(input));
  return inputs;
}

/// Leaves the images of one rank, and their names, which all images together decide.
void take_share(const DetectFlags& flags, Plan& plan) {
  const auto [first, last] = share_of(flags.share, std::ssize(plan.pictures));
  const auto take = [first = first, last = last](auto& list) {
    list.erase(list.begin() + last, list.end());
    list.erase(list.begin(), list.begin() + first);
  };
  take(plan.pictures);
  take(plan.names.drawings);
  take(plan.names.crops);
}

Plan plan_run(const DetectFlags& flags) {
  const fs::path root = flags.root;
  std::vector<fs::path> inputs = inputs_named(flags);
  std::vector<Output> outputs = {json_output(flags.json), {flags.draw, "--draw"}, {flags.crops, "--crops"}};
  require_apart(outputs, inputs);

  Plan plan;
  EarlierResults earlier(flags);
  plan.pictures = find_pictures(flags.inputs, root, [&](const fs::path& picture) { return earlier.contain(picture); });
  if (earlier.count() > 0 && !flags.detector.common.quiet)
    std::cerr << earlier.count() << " images of earlier runs in --draw and --crops are passed over\n";
  const bool fold_case =
      (!flags.draw.empty() && ignores_case(flags.draw)) || (!flags.crops.empty() && ignores_case(flags.crops));
  plan.names = result_names(plan.pictures, fold_case);
  require_names_apart(flags, plan.names);
  take_share(flags, plan);
  for (const PictureFile& picture : plan.pictures) inputs.push_back(picture.path);
  if (!flags.draw.empty()) {
    for (const fs::path& name : plan.names.drawings) outputs.push_back({flags.draw / name, "--draw"});
  }
  if (!flags.crops.empty()) add_crops_there(flags.crops, plan.names.crops, outputs);
  require_apart(outputs, inputs);
  return plan;
}

/// Where the five points that faces are aligned by are among the model's.
std::array<size_t, kLandmarkCount> points_to_align_by(const Detector& detector) {
  if (const auto places = face_points_among(detector.landmark_names())) return *places;
  const std::vector<std::string>& names = detector.landmark_names();
  throw Error(ErrorCode::usage, "--align needs the five points of a face, which this model does not give",
              {.found = names.empty() ? "a model without points" : shown_names(names),
               .expected = shown_names(face_landmarks().names),
               .hint = "without --align, crops are cut plainly"});
}

/// The outputs that were asked for.
class Outputs {
 public:
  Outputs(const DetectFlags& flags, const ResultNames& names, const Detector& detector)
      : flags_(flags), names_(names), detector_(detector) {
    if (flags.align) face_points_ = points_to_align_by(detector);
    if (!flags.json.empty()) json_.emplace(flags.json);
    if (!flags.draw.empty()) make_folder(flags.draw);
    if (!flags.crops.empty()) make_folder(flags.crops);
  }

  void add(const PictureResult& result) {
    if (json_) json_->write(result_line(result, detector_) + "\n");
    if (!json_ && flags_.draw.empty() && flags_.crops.empty() && result.error.empty()) print(text_of(result));
    const size_t number = next_++;
    if (result.image.empty()) return;
    if (!flags_.draw.empty()) draw(result, flags_.draw / names_.drawings[number]);
    if (!flags_.crops.empty()) crop(result, flags_.crops / names_.crops[number]);
  }

  void finish() {
    if (json_) json_->commit();
  }

 private:
  std::string text_of(const PictureResult& result) const {
    std::string text = concat(as_line(result.file.name), ": ",
                              counted(static_cast<int64_t>(result.found.faces.size()), detector_.object()), "\n");
    for (const Face& face : result.found.faces) {
      text += concat("  ", fixed(face.confidence, 3), "  x ", fixed(face.box.x1, 1), "  y ", fixed(face.box.y1, 1),
                     "  w ", fixed(face.box.width(), 1), "  h ", fixed(face.box.height(), 1));
      if (detector_.options().rotate != 0) text += concat("  angle ", fixed(face.angle, 0));
      text += "\n";
    }
    return text;
  }

  static void draw(const PictureResult& result, const fs::path& file) {
    Image image = result.image;
    draw_faces(image, result.found.faces);
    write_marked_image(file, image.view());
  }

  void crop(const PictureResult& result, const fs::path& name) const {
    for (size_t i = 0; i < result.found.faces.size(); ++i)
      write_marked_image(crop_file(name, i), cut(result.image.view(), result.found.faces[i]).view());
  }

  /// A face whose points cannot be aligned (all in one place) is cropped plainly.
  Image cut(const ImageView& image, const Face& face) const {
    if (flags_.align) {
      try {
        Landmarks points;
        for (const size_t place : face_points_) points.push_back(face.landmarks[place]);
        return align_face(image, points, flags_.crop_size);
      } catch (const Error& error) {
        log::warning(concat(error.what(), "; this face is cropped without alignment"));
      }
    }
    return crop_with_margin(image, face.box, flags_.margin, flags_.crop_size);
  }

  const DetectFlags& flags_;
  const ResultNames& names_;
  const Detector& detector_;
  std::array<size_t, kLandmarkCount> face_points_ = {};
  size_t next_ = 0;
  std::optional<ResultFile> json_;
};

void finish_run(const RunTotals& totals, int64_t pictures) {
  if (totals.interrupted) {
    throw Error(ErrorCode::interrupted,
                concat("stopped after ", totals.pictures, " of ", pictures, " images; their results are kept"));
  }
  report_unreadable(totals);
}

void run_plan(const DetectFlags& flags) {
  const Plan plan = plan_run(flags);
  const Detector detector = make_detector(flags.detector);
  Outputs outputs(flags, plan.names, detector);
  const RunTotals totals =
      run_detector(detector, flags.detector, plan.pictures, [&](const PictureResult& result) { outputs.add(result); });
  outputs.finish();
  finish_run(totals, std::ssize(plan.pictures));
}

/// How many images the list names, for all ranks.
/// \throws Error{usage} if one of them is the file that `json` replaces. Only those with its name are looked at, as
/// millions would take minutes; another name of the same file is refused when its turn comes.
int64_t count_apart(const ListedPictures& list, const std::string& json) {
  std::error_code ignored;
  if (json.empty() || json == "-" || !fs::is_regular_file(json, ignored)) return list.count();
  const std::string name = fs::path(json).filename().string();
  return list.count([&](const fs::path& picture) {
    const std::string& path = picture.native();
    const bool alike =
        path.size() >= name.size() && ::strcasecmp(path.c_str() + path.size() - name.size(), name.c_str()) == 0;
    if (alike) require_apart({json_output(json)}, {picture});
  });
}

/// One list whose results are lines alone. No result needs a name for a file, which all names together would decide: so
/// the list is read bit by bit.
void run_list(const DetectFlags& flags) {
  constexpr int64_t kTogether = 4096;
  const std::vector<Output> json = {json_output(flags.json)};
  require_apart(json, inputs_named(flags));
  ListedPictures list(flags.inputs.front().substr(1), flags.root);
  const int64_t all = count_apart(list, flags.json);
  if (all == 0) throw no_pictures(flags.inputs);
  const auto [first, last] = share_of(flags.share, all);
  list.skip(first);
  int64_t left = last - first;
  std::vector<PictureFile> pictures;
  const auto read_on = [&] {
    pictures = list.next(std::min(left, kTogether));
    left -= std::ssize(pictures);
    std::vector<fs::path> files;
    for (const PictureFile& picture : pictures) files.push_back(picture.path);
    require_apart(json, files);  // what is there is replaced at the end
  };
  read_on();
  bool first_time = true;
  const Detector detector = make_detector(flags.detector);
  const ResultNames no_names;
  Outputs outputs(flags, no_names, detector);
  const RunTotals totals = run_detector(
      detector, flags.detector, last - first,
      [&]() -> std::span<const PictureFile> {
        if (!std::exchange(first_time, false)) read_on();
        return pictures;
      },
      [&](const PictureResult& result) { outputs.add(result); });
  outputs.finish();
  finish_run(totals, last - first);
}

void run(const DetectFlags& flags) {
  require_rank(flags.share);
  const bool one_list = flags.inputs.size() == 1 && flags.inputs.front().starts_with('@');
  return one_list && flags.draw.empty() && flags.crops.empty() ? run_list(flags) : run_plan(flags);
}

}  // namespace

void add_detect(CLI::App& program) {
  auto flags = std::make_shared<DetectFlags>();
  CLI::App& verb = *program.add_subcommand(
      "detect",
      "Find faces in images\n\nReads images of any number and size and writes the faces: as a "
      "table, as JSON lines (docs/formats.md), as annotated images or as crops. Boxes may extend "
      "beyond the image unless --clip is set. An image that cannot be read is reported and "
      "skipped; the exit code is then 1.");
  verb.add_option("input", flags->inputs,
                  "Images, folders (searched recursively) and @FILE, a list with one image per line")
      ->required();
  verb.add_option("--root", flags->root, "Folder that inputs, and image names in results, are relative to")
      ->type_name("DIR");
  verb.add_option("--json", flags->json, "Write the detections as JSON lines, one per image; - = stdout")
      ->type_name("FILE");
  verb.add_option("--draw", flags->draw, "Write each image with its boxes, landmarks and confidences drawn in")
      ->type_name("DIR");
  verb.add_option("--crops", flags->crops, "Write each face as an image of its own")->type_name("DIR");
  verb.add_option("--crop-size", flags->crop_size, "Width and height of a crop, pixels")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  verb.add_option("--margin", flags->margin,
                  "Margin of a crop on each side, relative to the face's longer side; no effect with --align")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 10.0));
  verb.add_flag("--align", flags->align,
                "Rotate and scale crops so that the landmarks lie where face recognition nets expect them");
  add_rank_flags(verb, flags->share,
                 "Search only this part of --world, one range of the images in their order; parts may run on "
                 "different machines, and their --json files, joined in order, are that of one run");
  add_detector_flags(verb, flags->detector);
  add_quiet_flag(verb, flags->detector.common);
  verb.footer(
      "Defaults in [brackets] are those of the default model; another model folder has its own\n"
      "(cascade.json). Drawings have the image's name (.png if it is neither JPEG nor PNG), crops\n"
      "NAME_0.jpg, NAME_1.jpg, ...; if two images would share a name, both keep their extensions\n"
      "(a.bmp.png, a.jpg_0.jpg) or their folders. Input files are never overwritten. Earlier results in\n"
      "--draw and --crops are not searched again.\n\n"
      "Example: mtcnn detect photos/ --json faces.jsonl --draw annotated/");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
