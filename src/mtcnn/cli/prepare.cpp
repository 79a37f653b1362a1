#include "data_prep/prepare.h"

#include "mtcnn/cli/common.h"
#include "mtcnn/cli/parts.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/outputs.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/progress.h"
#include "mtcnn/core/text.h"
#include "mtcnn/engine/threads.h"
#include "mtcnn/model/model_folder.h"
#include "mtcnn/weights/spec.h"

#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "data_prep/window_finder.h"

namespace mtcnn::cli {
namespace fs = std::filesystem;
namespace {

constexpr const char* kValidation = "validation";  ///< folder of the validation crops, below the training crops

struct PrepareFlags {
  Common common;
  std::string stage, out, model, init, data;
  std::optional<int64_t> seed;
  RankFlags share;
  bool merge = false;
};

PrepareOptions resolve_options(const PrepareFlags& flags) {
  PrepareOptions options;
  if (!flags.common.config.empty()) {
    const fs::path file = flags.common.config;
    apply_prepare_options(options, read_json(file), file.string(), file.parent_path());
  }
  for (const std::string& setting : flags.common.settings) {
    const auto [key, value] = option_detail::parse_setting(setting);
    Json object = Json::object();
    object[key] = value;
    apply_prepare_options(options, object, "--set " + setting, fs::path());
  }
  if (!flags.data.empty()) options.root = flags.data;
  if (flags.seed) options.seed = *flags.seed;
  check_prepare_options(options);
  return options;
}

void print_counts(std::ostream& out, const Manifest& manifest) {
  const auto counts = manifest.counts();
  int64_t total = 0;
  for (const int64_t count : counts) total += count;
  out << total << " crops (";
  for (size_t i = 0; i < counts.size(); ++i)
    out << (i > 0 ? ", " : "") << counts[i] << " " << crop_kind_name(kCropKinds[i]);
  out << ")";
}

void print_skipped(const Manifest& manifest) {
  SkipCounts skipped;
  for (const Skipped& item : manifest.skipped) skipped.add(item);
  for (const ManifestSegment& segment : manifest.done) {
    for (const Skipped& item : segment.skipped) skipped.add(item);
  }
  for (const Skipped& item : skipped.all()) std::cerr << "  passed over: " << as_line(shown(item)) << "\n";
}

/// Makes one folder of crops and says what it came to.
void make_crops(PrepareJob job, const Sources& sources, bool quiet) {
  const auto start = std::chrono::steady_clock::now();
  const auto pictures = static_cast<int64_t>(sources.pictures.size());
  PrepareResult result;
  {
    Progress progress("images", pictures, quiet);
    job.progress = [&](int64_t done) { progress.update(done); };
    result = prepare_crops(job, sources);
  }
  if (quiet) return;
  std::cerr << as_line(job.out.string()) << ": " << pictures << " images, ";
  print_counts(std::cerr, result.manifest);
  if (result.resumed_pictures > 0) std::cerr << ", those of " << result.resumed_pictures << " images from before";
  std::cerr << "; " << fixed(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 1)
            << " s, " << job.threads << " threads\n";
  print_skipped(result.manifest);
  const auto counts = result.manifest.counts();
  if (counts[static_cast<size_t>(CropKind::positive)] == 0 && counts[static_cast<size_t>(CropKind::part)] > 0)
    log::warning(concat(job.out.string(),
                        ": crops of kind part, but no positives: objects that are not square need 'square', see "
                        "docs/other_objects.md"));
}

void merge(const PrepareFlags& flags) {
  std::vector<fs::path> folders = {flags.out};
  if (is_folder(folders[0] / kValidation)) folders.push_back(folders[0] / kValidation);
  for (const fs::path& folder : folders) {
    const Manifest merged = merge_parts(folder);
    if (flags.common.quiet) continue;
    std::cerr << as_line(folder.string()) << ": ";
    print_counts(std::cerr, merged);
    std::cerr << "\n";
  }
}

std::vector<fs::path> folders_read(const PrepareOptions& options, const PrepareFlags& flags) {
  std::vector<fs::path> folders = {options.root, flags.model, flags.init};
  for (const auto* datasets : {&options.datasets, &options.validation}) {
    for (const DatasetOptions& dataset : *datasets) {
      folders.push_back(options.root / dataset.path);
      if (!dataset.images.empty()) folders.push_back(options.root / dataset.path / dataset.images);
    }
  }
  return folders;
}

void run(const PrepareFlags& flags) {
  if (flags.merge) return merge(flags);
  if (flags.stage.empty()) throw Error(ErrorCode::usage, "--stage is needed", {.expected = "pnet, rnet or onet"});
  require_rank(flags.share);
  const PrepareOptions options = resolve_options(flags);
  require_apart({{flags.out, "--out"}, {fs::path(flags.out) / kValidation, "--out"}}, folders_read(options, flags));
  const SampleOptions& samples = options.samples(flags.stage);
  const Sources training = read_sources(options.root, options.datasets, options.landmarks);
  std::optional<Sources> validation;
  if (!options.validation.empty()) {
    validation = read_sources(options.root, options.validation, options.landmarks);
    require_disjoint(training, *validation);
  }
  set_threads(flags.common.threads);
  Miner miner = make_miner(flags.stage, samples.mine, flags.model,
                           [&](const Model& model) { return Detector(model, flags.common.device, other_devices()); });
  PrepareJob job{.stage = flags.stage,
                 .out = flags.out,
                 .samples = samples,
                 .landmarks = options.layout(),
                 .seed = static_cast<uint64_t>(options.seed),
                 .recipe = recipe_json(options, flags.stage, options.datasets),
                 .finder = std::move(miner.finder),
                 .model = std::move(miner.model),
                 .threads = thread_count(),
                 .rank = flags.share.rank,
                 .world = flags.share.world};
  const NetKind net = *net_named(flags.stage);
  job.crop_size = net_input_size(net);
  job.input = input_for(net, {.crop_margin = samples.crop_margin});
  if (!flags.init.empty()) {
    job.input = *input_of(read_single_net(flags.init, net), flags.init);
    require_usual_pixels(job.input, flags.init);
  }
  const InterruptGuard guard;
  make_crops(job, training, flags.common.quiet);
  if (!validation) return;
  job.out /= kValidation;
  job.recipe = recipe_json(options, flags.stage, options.validation);
  make_crops(job, *validation, flags.common.quiet);
}

}  // namespace

void add_prepare(CLI::App& program) {
  auto flags = std::make_shared<PrepareFlags>();
  CLI::App& verb =
      *program.add_subcommand("prepare",
                              "Make the training crops of one net from data sets\n\nPositives, parts "
                              "(windows that show part of a face), negatives and landmark samples, as many "
                              "as the configuration says. With --model the nets trained so far search the "
                              "images, and their errors become hard examples. `mtcnn inspect` shows the "
                              "crops.");
  verb.add_option("--stage", flags->stage, "Net to make crops for (12, 24 or 48 pixels); not needed with --merge")
      ->check(CLI::IsMember({"pnet", "rnet", "onet"}));
  verb.add_option("--out", flags->out, "Folder to write crops to; validation crops go into its subfolder validation")
      ->required()
      ->type_name("DIR");
  verb.add_option("--model", flags->model,
                  "Model folder with the nets trained so far, which find the hard examples: P-Net is needed for rnet, "
                  "P-Net and R-Net for onet [no hard examples]")
      ->type_name("DIR");
  verb.add_option("--init", flags->init,
                  "Cut crops with the border and offset of this net, as weights file, model folder or training run: "
                  "the one that `train` will get as --init or --teacher [border 127.5, no offset]")
      ->type_name("PATH");
  verb.add_option("--data", flags->data, "Folder of the data sets [root in the configuration]")->type_name("DIR");
  verb.add_option("--seed", flags->seed,
                  "Seed of all random numbers; the same seed and inputs give the same bytes [1]");
  add_rank_flags(verb, flags->share,
                 "Make only this part of the crops, counted from 0; parts may be made on different machines");
  verb.add_flag("--merge", flags->merge, "Join the parts in --out after all of them are made");
  add_device_flags(verb, flags->common);
  add_config_flags(verb, flags->common);
  add_quiet_flag(verb, flags->common);
  verb.footer(
      "An interrupted run is continued by the same command.\n"
      "Example: mtcnn prepare --stage pnet --config configs/prepare.json --data ~/faces --out crops/pnet");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
