#include "mtcnn/cli/detector_flags.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/annotations.h"
#include "mtcnn/eval/stage_recall.h"
#include "mtcnn/eval/wider_ground_truth.h"

#include <iostream>
#include <map>
#include <memory>

namespace mtcnn::cli {
namespace fs = std::filesystem;
namespace {

struct CascadeFlags {
  DetectorFlags detector;
  std::string dataset;
  std::string images;
  std::string out;
  double min_height = 10;
};

/// Labelled pictures: what is to be searched, and the faces in it.
struct Labelled {
  std::vector<PictureFile> pictures;
  std::vector<std::vector<FaceAnnotation>> faces;
};

/// WIDER FACE's validation part; faces that no setting of the protocol keeps are ignored.
Labelled read_wider(const fs::path& dataset) {
  Labelled labelled;
  for (const WiderImage& image : read_wider_ground_truth(wider_ground_truth_folder(dataset)).images) {
    const std::string name = concat(image.event, "/", image.name, ".jpg");
    labelled.pictures.push_back({wider_images_folder(dataset) / name, name});
    std::vector<FaceAnnotation>& faces = labelled.faces.emplace_back();
    for (const WiderFace& face : image.faces) {
      faces.push_back({.x = face.x, .y = face.y, .w = face.w, .h = face.h, .ignore = !face.kept.back()});
    }
  }
  return labelled;
}

Labelled read_own(const fs::path& file, const fs::path& images) {
  Labelled labelled;
  read_annotations(file, [&](ImageAnnotation&& image) {
    labelled.pictures.push_back({images / image.image, image.image});
    labelled.faces.push_back(std::move(image.faces));
  });
  return labelled;
}

std::array<std::vector<Box>, kStages> boxes_of(const Found& found) {
  std::array<std::vector<Box>, kStages> boxes = {found.after_pnet, found.after_rnet, {}};
  for (const Face& face : found.faces) boxes.back().push_back(face.box);
  return boxes;
}

void run(const CascadeFlags& flags) {
  const fs::path dataset = flags.dataset;
  const fs::path images = flags.images.empty() ? own_images_folder(dataset.parent_path()) : fs::path(flags.images);
  const Labelled labelled = fs::is_directory(dataset) ? read_wider(dataset) : read_own(dataset, images);
  const Detector detector = make_detector(flags.detector);
  StageRecall recall(flags.min_height);
  size_t next = 0;
  const RunTotals totals = run_detector(detector, flags.detector, labelled.pictures, [&](const PictureResult& result) {
    const std::vector<FaceAnnotation>& faces = labelled.faces[next++];
    if (result.error.empty()) recall.add(faces, boxes_of(result.found));
  });
  require_whole_run(totals);
  if (!flags.out.empty()) {
    EvalReport report = stage_recall_report(recall);
    report.settings["detector"] = detector_option_table().dump(detector.options());
    report.inputs.push_back(input_entry("dataset", dataset));
    write_report(flags.out, report);
  }
  if (!flags.detector.common.quiet) std::cout << stage_recall_text(recall);
  report_unreadable(totals);
}

}  // namespace

void add_eval_cascade(CLI::App& eval) {
  const auto flags = std::make_shared<CascadeFlags>();
  CLI::App& verb = *eval.add_subcommand("cascade", "Recall and windows per image after each net: which one is weak");
  verb.add_option("--dataset", flags->dataset,
                  "Folder in WIDER FACE's layout (its validation part is used), or annotations as JSON lines")
      ->required()
      ->type_name("DIR|FILE");
  verb.add_option("--images", flags->images,
                  "Folder of the pictures that JSON lines name [images/ beside the file, or the file's own]")
      ->type_name("DIR");
  verb.add_option("--min-height", flags->min_height, "Faces lower than this count nowhere, pixels")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--out", flags->out, "Folder for summary.json, curve.csv and curve.svg")->type_name("DIR");
  add_detector_flags(verb, flags->detector);
  add_quiet_flag(verb, flags->detector.common);
  verb.footer("Example: mtcnn eval cascade --dataset wider --model models/public --thresholds .4,.3,.7");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
