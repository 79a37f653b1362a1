#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <set>

#include "mtcnn/cli/common.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/progress.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/detections.h"
#include "mtcnn/detect/picture_run.h"
#include "mtcnn/image/align.h"
#include "mtcnn/image/draw.h"
#include "mtcnn/image/write.h"
#include "mtcnn/nets/threads.h"

namespace mtcnn::cli {
namespace fs = std::filesystem;
namespace {

struct DetectFlags {
  Common common;
  std::vector<std::string> inputs;
  std::string root, model, json, draw, crops;
  int crop_size = 112;
  float margin = 0.2F;
  bool align = false;
  int batch = 8;
  // Dedicated flags win over the config file, so they are kept apart until it has been read.
  std::optional<float> min_face, max_face, factor;
  std::optional<int> max_side;
  std::vector<float> thresholds;
  bool clip = false;
};

/// Where annotated pictures and crops go: the name a picture has in the results, below `folder`, with another picture's name never
/// taken twice and never outside the folder.
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

DetectorOptions resolve_options(const DetectFlags& flags, DetectorOptions options) {
  apply_config(detector_option_table(), flags.common, options);
  if (flags.min_face) options.min_face = *flags.min_face;
  if (flags.max_face) options.max_face = *flags.max_face;
  if (flags.factor) options.factor = *flags.factor;
  if (flags.max_side) options.max_side = *flags.max_side;
  if (flags.clip) options.clip = true;
  if (!flags.thresholds.empty()) {
    Json list = flags.thresholds;
    detector_option_table().apply(options, {{"thresholds", list}}, "--thresholds");
  }
  return options;
}

/// The outputs that were asked for.
class Outputs {
 public:
  explicit Outputs(const DetectFlags& flags) : flags_(flags), drawn_(flags.draw), cropped_(flags.crops) {
    if (!flags.json.empty()) json_ = std::make_unique<AtomicFile>(flags.json == "-" ? "/dev/stdout" : flags.json);
    if (!flags.draw.empty()) make_folder(flags.draw);
    if (!flags.crops.empty()) make_folder(flags.crops);
  }

  void add(const PictureResult& result) {
    if (!result.error.empty()) log::error(result.error);
    if (json_) json_->write(line(result) + "\n");
    if (!json_ && flags_.draw.empty() && flags_.crops.empty() && result.error.empty()) print(result);
    if (result.image.empty()) return;
    if (!flags_.draw.empty()) draw(result);
    if (!flags_.crops.empty()) crop(result);
  }

  void finish() {
    if (json_) json_->commit();
  }

 private:
  static std::string line(const PictureResult& result) {
    ImageDetections detections{.image = result.file.name, .width = result.image.width(), .height = result.image.height(), .error = result.error};
    for (const Face& face : result.faces) detections.faces.push_back(to_detection(face));
    return detections_line(detections);
  }

  static void print(const PictureResult& result) {
    std::cout << result.file.name << ": " << result.faces.size() << (result.faces.size() == 1 ? " face\n" : " faces\n");
    for (const Face& face : result.faces) {
      std::cout << "  " << fixed(face.confidence, 3) << "  x " << fixed(face.box.x1, 1) << "  y " << fixed(face.box.y1, 1) << "  w "
                << fixed(face.box.width(), 1) << "  h " << fixed(face.box.height(), 1) << "\n";
    }
  }

  /// Pictures in formats that we cannot write, or only with a loss of meaning, are drawn as PNG.
  static fs::path writable(fs::path path) {
    const std::string extension = path.extension().string();
    const bool known = extension == ".jpg" || extension == ".jpeg" || extension == ".png" || extension == ".JPG" || extension == ".JPEG";
    return known ? path : path.replace_extension(".png");
  }

  /// The results' name for files in folders and lists; the bare file name for a file named on its own.
  std::string output_name(const PictureResult& result) const {
    const bool named_alone = flags_.root.empty() && result.file.name == result.file.path.generic_string();
    return named_alone ? result.file.path.filename().string() : result.file.name;
  }

  void draw(const PictureResult& result) {
    Image image = result.image;
    draw_faces(image, result.faces);
    write_image(writable(drawn_.next(output_name(result))), image.view());
  }

  void crop(const PictureResult& result) {
    const fs::path name = cropped_.next(output_name(result));
    for (size_t i = 0; i < result.faces.size(); ++i) {
      const fs::path file = name.parent_path() / concat(name.stem().string(), "_", i, ".jpg");
      write_image(file, cut(result.image.view(), result.faces[i]).view());
    }
  }

  /// A face whose points cannot be aligned (all in one place) is cropped plainly.
  Image cut(const ImageView& image, const Face& face) const {
    if (flags_.align) {
      try {
        return align_face(image, face.landmarks, flags_.crop_size);
      } catch (const Error& error) {
        log::warning(concat(error.what(), "; this face is cropped without alignment"));
      }
    }
    return crop_with_margin(image, face.box, flags_.margin, flags_.crop_size);
  }

  const DetectFlags& flags_;
  OutputNames drawn_;
  OutputNames cropped_;
  std::unique_ptr<AtomicFile> json_;
};

std::string model_folder(const DetectFlags& flags) {
  if (!flags.model.empty()) return flags.model;
  if (const char* chosen = std::getenv("MTCNN_MODEL"); chosen != nullptr && *chosen != '\0') return chosen;
  throw Error(ErrorCode::usage, "no model given",
              {.hint = "pass --model DIR or set MTCNN_MODEL; scripts/quickstart.sh puts the public weights into models/public"});
}

void summarise(const RunTotals& totals, const Detector& detector, double seconds) {
  const auto searched = static_cast<double>(std::max<int64_t>(1, totals.pictures - totals.unreadable));
  std::cerr << totals.pictures << " pictures, " << totals.faces << " faces";
  if (totals.unreadable > 0) std::cerr << ", " << totals.unreadable << " unreadable";
  std::cerr << "; " << fixed(seconds, 1) << " s, the search alone " << fixed(1000 * totals.search_s / searched, 2) << " ms a picture ("
            << detector.device() << ", " << thread_count() << " threads)\n";
}

void run(const DetectFlags& flags) {
  set_threads(flags.common.threads);
  const Detector loaded(model_folder(flags), flags.common.device);
  const Detector detector = loaded.with_options(resolve_options(flags, loaded.options()));
  const std::vector<PictureFile> pictures = find_pictures(flags.inputs, flags.root);
  Outputs outputs(flags);
  const InterruptGuard guard;
  RunTotals totals;
  const auto start = std::chrono::steady_clock::now();
  {
    Progress progress("pictures", static_cast<int64_t>(pictures.size()), flags.common.quiet);
    int64_t done = 0;
    totals = search_pictures(detector, pictures, flags.batch, [&](const PictureResult& result) {
      outputs.add(result);
      progress.update(++done);
    });
  }
  outputs.finish();
  if (!flags.common.quiet) summarise(totals, detector, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (totals.interrupted) {
    throw Error(ErrorCode::interrupted, concat("stopped after ", totals.pictures, " of ", pictures.size(), " pictures; their results are kept"));
  }
  if (totals.unreadable > 0) throw Error(ErrorCode::unreadable, concat(totals.unreadable, " of ", totals.pictures, " pictures could not be read"));
}

}  // namespace

void add_detect(CLI::App& program) {
  auto flags = std::make_shared<DetectFlags>();
  CLI::App& verb = *program.add_subcommand("detect", "Find faces in pictures");
  verb.add_option("input", flags->inputs, "Pictures, folders (searched recursively) and @lists (one picture a line)")->required();
  verb.add_option("--model", flags->model, "Model folder (or set MTCNN_MODEL)")->type_name("DIR");
  verb.add_option("--root", flags->root, "Inputs and names in results are relative to this folder")->type_name("DIR");
  verb.add_option("--json", flags->json, "Write detections as JSON lines; - for stdout")->type_name("FILE");
  verb.add_option("--draw", flags->draw, "Write the pictures with boxes, points and scores")->type_name("DIR");
  verb.add_option("--crops", flags->crops, "Write every face as a picture of its own")->type_name("DIR");
  verb.add_option("--crop-size", flags->crop_size, "Side of a crop, pixels")->capture_default_str()->check(CLI::Range(1, 4096));
  verb.add_option("--margin", flags->margin, "Room around the face on each side, as a share of its size")->capture_default_str()->check(CLI::Range(0.0, 10.0));
  verb.add_flag("--align", flags->align, "Turn and scale crops so that eyes, nose and mouth lie where recognition nets expect them");
  verb.add_option("--min-face", flags->min_face, "Smallest face looked for, pixels [20]");
  verb.add_option("--max-face", flags->max_face, "Largest face looked for, pixels; 0 = no limit [0]");
  verb.add_option("--factor", flags->factor, "Size of a pyramid level relative to the one before, in (0, 1) [0.709]");
  verb.add_option("--thresholds", flags->thresholds, "Probability to pass P-Net, R-Net, O-Net [0.6,0.7,0.7]")->delimiter(',')->type_name("P,R,O");
  verb.add_option("--max-side", flags->max_side, "Search longer pictures as if shrunk to this side, pixels; 0 = never [0]");
  verb.add_flag("--clip", flags->clip, "Cut boxes at the picture's border");
  verb.add_option("--batch", flags->batch, "Pictures searched together")->capture_default_str()->check(CLI::Range(1, 4096));
  add_device_flags(verb, flags->common);
  add_config_flags(verb, flags->common);
  verb.footer("Defaults in [brackets] are the model folder's to change.\n"
              "Example: mtcnn detect photos/ --model models/public --json faces.jsonl --draw annotated/");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
