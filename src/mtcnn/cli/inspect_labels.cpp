#include "mtcnn/cli/inspect_labels.h"

#include "mtcnn/core/file.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/outputs.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/progress.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/thread_pool.h"
#include "mtcnn/data/celeba.h"
#include "mtcnn/eval/plot.h"
#include "mtcnn/image/write.h"
#include "mtcnn/labels/facts.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "data_prep/contact_sheet.h"
#include "data_prep/dataset_readers.h"

namespace mtcnn::cli {
namespace fs = std::filesystem;
namespace {

/// WIDER FACE, CelebA and FDDB, by the readers of `mtcnn prepare`.
LabelSet read_face_dataset(const InspectLabelsFlags& flags) {
  const bool splits = flags.labels.kind != "fddb";
  const std::string split = flags.split.empty() && splits ? "train" : flags.split;
  const OpenedDataset opened = open_dataset(flags.path, {.kind = flags.labels.kind, .path = "", .split = split});
  LabelSet set{.kind = opened.name, .images_folder = opened.images, .files = opened.lists};
  bool points = false;
  opened.read(
      [&](ImageAnnotation&& image) {
        for (const FaceAnnotation& face : image.faces) points = points || face.landmarks;
        set.images.push_back(std::move(image));
      },
      set.dropped);
  if (points) set.landmark_names = face_landmarks().names;
  return set;
}

LabelSet read_set(const InspectLabelsFlags& flags) {
  const std::string& kind = flags.labels.kind;
  if (kind == "wider" || kind == "celeba" || kind == "fddb") return read_face_dataset(flags);
  LabelOptions options = label_options(flags.labels);
  options.images = flags.images;
  options.split = flags.split;
  return read_labels_with_progress(kind, flags.path, std::move(options), flags.quiet);
}

/// Outlines of the first `bins` bars of a histogram whose axis is the logarithm.
PlotSeries bars(const Histogram& histogram, size_t bins, int colour) {
  PlotSeries series{.name = histogram.name, .x = {}, .y = {}, .colour = colour};
  for (size_t i = 0; i < bins; ++i) {
    for (const size_t edge : {i, i + 1}) {
      series.x.push_back(std::log2(histogram.edges[edge]));
      series.y.push_back(static_cast<double>(histogram.counts[i]));
    }
  }
  return series;
}

std::string sizes_svg(const LabelFacts& facts) {
  const std::vector<int64_t>& longer = facts.longer_sides.counts;
  const auto last = std::find_if(longer.rbegin(), longer.rend(), [](int64_t count) { return count > 0; });
  const auto bins = static_cast<size_t>(std::max<ptrdiff_t>(longer.rend() - last, 1));
  Plot plot{.title = "Sizes of the objects",
            .x_label = "log2 of the side in pixels (4: 16, 5: 32, 6: 64, 7: 128, 8: 256)",
            .y_label = "objects",
            .series = {bars(facts.shorter_sides, bins, 0), bars(facts.longer_sides, bins, 1)}};
  plot.x_min = std::log2(facts.longer_sides.edges.front());
  plot.x_max = std::log2(facts.longer_sides.edges[bins]);
  for (const PlotSeries& series : plot.series)
    plot.y_max = std::max(plot.y_max, *std::max_element(series.y.begin(), series.y.end()));
  return plot_svg(plot);
}

}  // namespace

std::string guess_dataset_kind(const std::string& path) {
  if (path_exists(fs::path(path) / "wider_face_split")) return "wider";
  refuse_celeba_tables(path);
  if (is_celeba(path)) return "celeba";
  if (path_exists(fs::path(path) / "FDDB-folds")) return "fddb";
  return guess_label_kind(path);
}

Findings inspect_labels(const InspectLabelsFlags& flags) {
  const InterruptGuard guard;
  if (!flags.out.empty()) require_apart({{flags.out, "--out"}}, {flags.path, flags.images});
  LabelSet set = read_set(flags);
  ImageReading reading{.threads = threads_or_cores(flags.threads), .progress = {}};
  {
    Progress progress("images", static_cast<int64_t>(set.images.size()), flags.quiet);
    reading.progress = [&](int64_t done) { progress.update(done); };
    check_images(set, reading);
    reading.progress = {};
  }
  Findings findings;
  std::string written;
  const fs::path sheet_file = fs::path(flags.out) / "contact_sheet.jpg";
  const fs::path sizes_file = fs::path(flags.out) / "sizes.svg";
  if (!flags.out.empty() && !set.images.empty()) {
    const int count = std::min(flags.samples, kMostSheetImages);
    Progress progress("images drawn", std::min<int64_t>(count, static_cast<int64_t>(set.images.size())), flags.quiet);
    reading.progress = [&](int64_t done) { progress.update(done); };
    const Image sheet = draw_contact_sheet(set, count, static_cast<uint64_t>(flags.seed), reading);
    write_image(sheet_file, sheet.view());
    written = concat("\nwritten: ", sheet_file.string(), ", ", sizes_file.string(), "\n");
  }
  const LabelFacts facts = label_facts(set);
  if (!written.empty()) write_text(sizes_file, sizes_svg(facts));
  const LabelAdvice advice = advise(facts);
  findings.text = concat(flags.path, ": ", set.kind, "\n", facts_text(facts, advice), written);
  findings.json = facts_json(facts, advice);
  findings.json["kind"] = set.kind;
  return findings;
}

}  // namespace mtcnn::cli
