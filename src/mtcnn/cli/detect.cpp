#include "mtcnn/cli/detector_flags.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/text.h"
#include "mtcnn/image/align.h"
#include "mtcnn/image/draw.h"
#include "mtcnn/image/write.h"

#include <array>
#include <filesystem>
#include <iostream>
#include <memory>
#include <set>

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
};

/// Where annotated pictures and crops go: the name a picture has in the results, below `folder`, with another picture's
/// name never taken twice and never outside the folder.
class OutputNames {
 public:
  explicit OutputNames(fs::path folder) : folder_(std::move(folder)) {}

  fs::path next(const std::string& name) {
    fs::path inside;
    for (const fs::path& part : fs::path(name).lexically_normal().relative_path()) {
      if (part != ".." && part != ".") inside /= part;
    }
    fs::path chosen = inside;
    for (int copy = 2; !taken_.insert(chosen.string()).second; ++copy) {
      chosen = inside.parent_path() / concat(inside.stem().string(), "-", copy, inside.extension().string());
    }
    return folder_ / chosen;
  }

 private:
  fs::path folder_;
  std::set<std::string> taken_;
};

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
  Outputs(const DetectFlags& flags, const Detector& detector)
      : flags_(flags), detector_(detector), drawn_(flags.draw), cropped_(flags.crops) {
    if (flags.align) face_points_ = points_to_align_by(detector);
    if (!flags.json.empty()) json_ = std::make_unique<AtomicFile>(flags.json == "-" ? "/dev/stdout" : flags.json);
    if (!flags.draw.empty()) make_folder(flags.draw);
    if (!flags.crops.empty()) make_folder(flags.crops);
  }

  void add(const PictureResult& result) {
    if (json_) json_->write(result_line(result, detector_) + "\n");
    if (!json_ && flags_.draw.empty() && flags_.crops.empty() && result.error.empty()) print(result);
    if (result.image.empty()) return;
    if (!flags_.draw.empty()) draw(result);
    if (!flags_.crops.empty()) crop(result);
  }

  void finish() {
    if (json_) json_->commit();
  }

 private:
  static void print(const PictureResult& result) {
    std::cout << result.file.name << ": " << result.found.faces.size()
              << (result.found.faces.size() == 1 ? " face\n" : " faces\n");
    for (const Face& face : result.found.faces) {
      std::cout << "  " << fixed(face.confidence, 3) << "  x " << fixed(face.box.x1, 1) << "  y "
                << fixed(face.box.y1, 1) << "  w " << fixed(face.box.width(), 1) << "  h "
                << fixed(face.box.height(), 1) << "\n";
    }
  }

  /// Pictures in formats that we cannot write, or only with a loss of meaning, are drawn as PNG.
  static fs::path writable(fs::path path) {
    const std::string extension = path.extension().string();
    const bool known = extension == ".jpg" || extension == ".jpeg" || extension == ".png" || extension == ".JPG" ||
                       extension == ".JPEG";
    return known ? path : path.replace_extension(".png");
  }

  /// The results' name for files in folders and lists; the bare file name for a file named on its own.
  std::string output_name(const PictureResult& result) const {
    const bool named_alone = flags_.root.empty() && result.file.name == result.file.path.generic_string();
    return named_alone ? result.file.path.filename().string() : result.file.name;
  }

  void draw(const PictureResult& result) {
    Image image = result.image;
    draw_faces(image, result.found.faces);
    write_image(writable(drawn_.next(output_name(result))), image.view());
  }

  void crop(const PictureResult& result) {
    const fs::path name = cropped_.next(output_name(result));
    for (size_t i = 0; i < result.found.faces.size(); ++i) {
      const fs::path file = name.parent_path() / concat(name.stem().string(), "_", i, ".jpg");
      write_image(file, cut(result.image.view(), result.found.faces[i]).view());
    }
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
  const Detector& detector_;
  std::array<size_t, kLandmarkCount> face_points_ = {};
  OutputNames drawn_;
  OutputNames cropped_;
  std::unique_ptr<AtomicFile> json_;
};

void run(const DetectFlags& flags) {
  const Detector detector = make_detector(flags.detector);
  const std::vector<PictureFile> pictures = find_pictures(flags.inputs, flags.root);
  Outputs outputs(flags, detector);
  const RunTotals totals =
      run_detector(detector, flags.detector, pictures, [&](const PictureResult& result) { outputs.add(result); });
  outputs.finish();
  if (totals.interrupted) {
    throw Error(ErrorCode::interrupted, concat("stopped after ", totals.pictures, " of ", pictures.size(),
                                               " pictures; their results are kept"));
  }
  report_unreadable(totals);
}

}  // namespace

void add_detect(CLI::App& program) {
  auto flags = std::make_shared<DetectFlags>();
  CLI::App& verb =
      *program.add_subcommand("detect",
                              "Find faces in pictures\n\nReads pictures one by one, in any number and size, and writes "
                              "what it finds: to the terminal, as "
                              "JSON lines (docs/formats.md), as annotated pictures or as crops. Boxes may leave the "
                              "picture unless --clip is set. "
                              "A picture that cannot be read is reported and passed over; the exit code is then 1.");
  verb.add_option("input", flags->inputs, "Pictures, folders (searched recursively) and @lists (one picture a line)")
      ->required();
  verb.add_option("--root", flags->root, "Inputs and names in results are relative to this folder")->type_name("DIR");
  verb.add_option("--json", flags->json, "Write detections as JSON lines; - for stdout")->type_name("FILE");
  verb.add_option("--draw", flags->draw, "Write the pictures with boxes, points and scores")->type_name("DIR");
  verb.add_option("--crops", flags->crops, "Write every face as a picture of its own")->type_name("DIR");
  verb.add_option("--crop-size", flags->crop_size, "Side of a crop, pixels")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  verb.add_option("--margin", flags->margin, "Room around the face on each side, as a share of its size")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 10.0));
  verb.add_flag("--align", flags->align,
                "Turn and scale crops so that eyes, nose and mouth lie where recognition nets expect them");
  add_detector_flags(verb, flags->detector);
  add_quiet_flag(verb, flags->detector.common);
  verb.footer(
      "A model folder may have other defaults for the search (cascade.json).\n\n"
      "Example: mtcnn detect photos/ --json faces.jsonl --draw annotated/");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
