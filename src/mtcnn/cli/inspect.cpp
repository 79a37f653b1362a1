#include "mtcnn/cli/common.h"
#include "mtcnn/cli/inspect_labels.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/image/write.h"
#include "mtcnn/train/run_summary.h"
#include "mtcnn/weights/weights.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "data_prep/crop_statistics.h"
#include "data_prep/mosaic.h"

namespace mtcnn::cli {
namespace fs = std::filesystem;
namespace {

struct InspectFlags : InspectLabelsFlags {
  std::string json;
  bool verify = false;
};

/// OUT.png for one kind of a shard, OUT-positive.png and so on for a folder.
fs::path mosaic_path(const fs::path& out, CropKind kind, bool many) {
  if (!many) return out;
  return out.parent_path() / concat(out.stem().string(), "-", crop_kind_name(kind), out.extension().string());
}

Findings inspect_crops(const InspectFlags& flags) {
  const fs::path path = flags.path;
  const bool folder = is_folder(path);
  Findings findings;
  if (folder) {
    const Manifest manifest = read_manifest(path);
    if (flags.verify) verify_shards(path, manifest);
    findings.text = concat("crops for ", manifest.stage, ", side ", manifest.crop_size, ", of ", manifest.images,
                           " images, seed ", manifest.seed, manifest.complete ? "" : ", NOT complete",
                           flags.verify ? "; all checksums are right" : "", "\n");
    findings.json["complete"] = manifest.complete;
    findings.json["images"] = manifest.images;
    findings.text += inputs_text(manifest, (path / "manifest.json").string());
  }
  const CropFiles files = CropFiles::open(path);
  findings.json["stage"] = files.stage;
  findings.json["crop_size"] = files.size;
  findings.json["input"] = input_option_table().dump(files.input);
  if (!(files.input == InputOptions{})) findings.text += concat("  input: ", findings.json["input"].dump(), "\n");
  for (const CropKind kind : kCropKinds) {
    const std::optional<KindStatistics> statistics = files.statistics(kind);
    if (!statistics) continue;
    const char* name = crop_kind_name(kind);
    findings.text +=
        concat("\n", name, ": ", statistics->count, " crops\n", statistics->overlap.text(), statistics->side.text());
    findings.json["kinds"][name] = {
        {"count", statistics->count}, {"overlap", statistics->overlap.json()}, {"side", statistics->side.json()}};
    if (kind != CropKind::negative) {
      findings.text += statistics->offsets.text();
      findings.json["kinds"][name]["offsets"] = statistics->offsets.json();
    }
    if (flags.out.empty()) continue;
    const fs::path file = mosaic_path(flags.out, kind, folder);
    write_image(file,
                draw_mosaic(files.draw(kind, flags.samples, static_cast<uint64_t>(flags.seed)), files.input).view());
    findings.text += concat("  samples: ", file.string(), "\n");
  }
  return findings;
}

void add_weights(const fs::path& path, const NetWeights& weights, Findings& findings) {
  int64_t parameters = 0;
  std::string rows;
  for (const NamedTensor& tensor : weights.tensors) {
    parameters += static_cast<int64_t>(tensor.values.size());
    const auto [low, high] = std::minmax_element(tensor.values.begin(), tensor.values.end());
    rows += concat("  ", tensor.name, std::string(18 - std::min<size_t>(17, tensor.name.size()), ' '),
                   shape_text(tensor.shape), "  ", fixed(*low, 4), " .. ", fixed(*high, 4), "\n");
  }
  findings.text += concat(path.string(), ": ", net_title(weights.net), ", ", parameters, " parameters\n");
  Json json = {{"net", net_name(weights.net)}, {"parameters", parameters}, {"metadata", Json::object()}};
  for (const auto& [key, value] : weights.metadata) {
    findings.text += concat("  ", as_line(key), " = ", as_line(value), "\n");
    json["metadata"][key] = value;
  }
  findings.text += rows;
  findings.json["nets"].push_back(std::move(json));
}

/// The net that a weights file says it holds.
NetKind net_in(const Safetensors& file) {
  const auto name = file.metadata().find("net");
  if (name != file.metadata().end()) {
    if (const std::optional<NetKind> net = net_named(name->second)) return *net;
  }
  throw Error(ErrorCode::bad_format, "weights of no known net", {.where = file.path().string()});
}

Findings inspect_model(const fs::path& folder) {
  Findings findings;
  const Json cascade = read_json(folder / "cascade.json");
  findings.text = concat("model folder ", folder.string(), "\ncascade.json: ", cascade.dump(2), "\n");
  findings.json = {{"cascade", cascade}, {"nets", Json::array()}};
  for (const NetKind net : kNetKinds) {
    const fs::path file = folder / concat(net_name(net), ".safetensors");
    if (path_exists(file)) add_weights(file, read_weights(file, net), findings);
  }
  return findings;
}

Findings inspect_file(const InspectFlags& flags) {
  const Safetensors file(flags.path);
  const auto format = file.metadata().find("format");
  const std::string name = format == file.metadata().end() ? "" : format->second;
  if (name == "mtcnn-crops") return inspect_crops(flags);
  if (name != "mtcnn-weights") {
    throw Error(ErrorCode::bad_format, "not a safetensors file of this project",
                {.where = flags.path,
                 .found = concat("format '", name, "'"),
                 .expected = "mtcnn-weights or mtcnn-crops",
                 .hint = "`mtcnn import` reads public weights"});
  }
  Findings findings;
  const NetKind net = net_in(file);
  add_weights(flags.path, read_weights(flags.path, net), findings);
  return findings;
}

Findings inspect(const InspectFlags& flags) {
  const fs::path path = flags.path;
  if (!path_exists(path)) throw Error(ErrorCode::not_found, "no such file or folder", {.where = path.string()});
  if (!flags.labels.kind.empty()) return inspect_labels(flags);
  if (path.filename() == "manifest.json") {
    InspectFlags folder = flags;
    folder.path = path.has_parent_path() ? path.parent_path().string() : ".";
    return inspect(folder);
  }
  if (path_exists(path / "manifest.json")) return inspect_crops(flags);
  if (path_exists(path / "cascade.json")) return inspect_model(path);
  if (is_run_folder(path)) {
    RunSummary run = summarise_run(path);
    return {.text = std::move(run.text), .json = std::move(run.json)};
  }
  InspectFlags guessed = flags;
  guessed.labels.kind = guess_dataset_kind(flags.path);
  if (!guessed.labels.kind.empty()) return inspect_labels(guessed);
  if (!is_folder(path)) return inspect_file(flags);
  throw Error(
      ErrorCode::unsupported, "nothing that `mtcnn inspect` knows",
      {.where = path.string(),
       .expected = "a folder of crops, a model folder, a training run, a safetensors file, or a labelled data "
                   "set",
       .hint = concat("for a data set name its labels by --kind: wider, celeba, fddb, ", label_format_names())});
}

/// What is read of a folder, as far as a name of ours could be given to results.
std::vector<fs::path> files_read(const fs::path& path) {
  std::vector<fs::path> files = {path};
  std::error_code ignored;
  const fs::path folder = path.filename() == "manifest.json" ? path.parent_path() : path;
  for (const auto& entry : fs::directory_iterator(folder.empty() ? "." : folder, ignored)) {
    const std::string name = entry.path().filename().string();
    const std::string ending = entry.path().extension().string();
    if (ending == ".safetensors" || ending == ".pt" || name.starts_with("manifest") || name == "cascade.json" ||
        name == "config.json" || name == "environment.json" || name == "metrics.jsonl" || name == "log.txt")
      files.push_back(entry.path());
  }
  return files;
}

void run(const InspectFlags& flags) {
  std::vector<Output> outputs = report_outputs("", flags.json);
  if (!flags.out.empty()) outputs.push_back({flags.out, "--out"});
  require_distinct(outputs);
  require_apart(outputs, files_read(flags.path));
  const Findings findings = inspect(flags);
  if (!flags.json.empty()) write_result(flags.json, findings.json.dump(2) + "\n");
  if (flags.json != "-") print(findings.text);
}

}  // namespace

void add_inspect(CLI::App& program) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App& verb = *program.add_subcommand(
      "inspect",
      "Explain a data set, crops, shards, weights, a model or a training run\n\n"
      "Prints what is in a labelled data set, problems in it, and the settings that suit it; counts, sizes and "
      "histograms of crops; shapes and ranges of weights, settings of a model, the course of a training run.");
  verb.add_option("path", flags->path,
                  "Data set, folder of crops, manifest.json, shard, weights file, model folder or training run")
      ->required();
  verb.add_option("--out", flags->out,
                  "Crops: write an image of samples per kind, NAME-KIND.png, with boxes and landmarks drawn. Data set: "
                  "folder for contact_sheet.jpg, images with their labels drawn, and sizes.svg, sizes of objects")
      ->type_name("PNG|DIR");
  verb.add_option("--samples", flags->samples, "Crops or images per such image; of a data set at most 400")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  verb.add_option("--seed", flags->seed, "Which samples are drawn")->capture_default_str();
  verb.add_option("--json", flags->json, "Write the findings as JSON; - = stdout, instead of text")->type_name("FILE");
  verb.add_option("--kind", flags->labels.kind,
                  concat("Data set: format of its labels, wider, celeba, fddb, ", label_format_names(),
                         " [detected from the files]"))
      ->type_name("KIND");
  verb.add_option("--images", flags->images, "Data set: folder of the images [where the format has them]")
      ->type_name("DIR");
  verb.add_option("--split", flags->split, "Data set: train, val or test [wider, celeba: train; else all]")
      ->type_name("NAME");
  add_label_flags(verb, flags->labels);
  verb.add_option("--threads", flags->threads, "Data set: threads that read images; 0 = one per core")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024))
      ->group(kRunGroup);
  verb.add_flag("-q,--quiet", flags->quiet, "No progress")->group(kRunGroup);
  verb.add_flag("--verify", flags->verify, "Crops: read everything and compare checksums");
  verb.footer("Example: mtcnn inspect kangaroo --out kangaroo-report");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
