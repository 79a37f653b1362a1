#include "mtcnn/cli/detector_flags.h"
#include "mtcnn/cli/parts.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/model/model_folder.h"
#include "mtcnn/weights/import.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <set>

namespace mtcnn::cli {
namespace fs = std::filesystem;
namespace {

struct ExportFlags {
  Common common;
  std::vector<std::string> runs;
  std::string out;
  std::string format = "safetensors";
  std::string object;
  std::vector<std::string> metadata;
};

/// The weights that a run folder exported, or that are being trained there.
fs::path weights_in_run(const fs::path& run) {
  for (const char* part : {"export", "best"}) {
    for (const NetKind net : kNetKinds) {
      fs::path file = run / part / concat(net_name(net), ".safetensors");
      if (path_exists(file)) return file;
    }
  }
  throw Error(
      ErrorCode::not_found, "no weights in this run yet",
      {.where = run.string(), .expected = "export/ or best/ with weights", .hint = "`mtcnn train --out` fills it"});
}

bool has_onet(const Model& model) { return !model.nets[static_cast<size_t>(NetKind::onet)].tensors.empty(); }

/// Puts one --run into the model: a weights file, a run, or a model folder with all its nets and settings. A net of its
/// own takes the place of a model folder's.
void add_run(const fs::path& path, Model& model, std::array<fs::path, 3>& sources) {
  const bool model_folder = path_exists(path / "cascade.json");
  const auto add = [&](NetWeights weights, const fs::path& from) {
    const auto index = static_cast<size_t>(weights.net);
    if (!sources[index].empty() && (model_folder || !path_exists(sources[index] / "cascade.json"))) {
      throw Error(ErrorCode::usage, concat("two sources for ", net_title(weights.net)),
                  {.where = from.string(), .found = concat(sources[index].string(), " before")});
    }
    sources[index] = from;
    model.nets[index] = std::move(weights);
  };
  if (model_folder) {
    Model other = read_model(path);
    model.detector = other.detector;
    model.object = other.object;
    model.landmark_names = other.landmark_names;
    for (NetWeights& weights : other.nets) add(std::move(weights), path);
  } else {
    const fs::path file = is_folder(path) ? weights_in_run(path) : path;
    NetWeights weights = import_weights(file);
    const bool names_points = weights.net == NetKind::onet || !has_onet(model);
    if (names_points && (weights.net == NetKind::onet || weights.metadata.contains("landmark_order")))
      model.landmark_names = landmark_names_of(weights, file.string());
    add(std::move(weights), file);
  }
}

/// Writes each "key=value" into the metadata of every net.
/// \throws Error{usage} where it is no such text, or where the key is one that the program itself writes.
void add_metadata(const std::vector<std::string>& settings, Model& model) {
  static const std::set<std::string> own = {"format",  "version",        "net",           "created_by", "checksum",
                                            "input",   "landmark_order", "source_layout", "config",     "epoch",
                                            "metrics", "averaged_from"};
  constexpr size_t kLongest = 1000;
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    const std::string key = setting.substr(0, equals);
    if (equals == std::string::npos || key.empty() || own.contains(key) || setting.size() > kLongest ||
        !is_utf8(setting)) {
      throw Error(ErrorCode::usage, "--metadata cannot write this",
                  {.found = shown(Json(setting)),
                   .expected = concat("KEY=VALUE in UTF-8, at most ", kLongest,
                                      " bytes, with a key that the program does not write itself")});
    }
    for (NetWeights& weights : model.nets) {
      if (!weights.tensors.empty()) weights.metadata[key] = setting.substr(equals + 1);
    }
  }
}

/// An ONNX file may be used without its folder: it names its points itself.
void name_points(Model& model) {
  if (NetWeights& onet = model.nets[static_cast<size_t>(NetKind::onet)]; landmark_count(onet) > 0)
    onet.metadata["landmark_order"] = Json(model.landmark_names).dump();
}

/// What --out must not write to: the files that are read, and the folders that hold them.
std::vector<fs::path> inputs_of(const ExportFlags& flags) {
  std::vector<fs::path> inputs = {flags.common.config};
  for (const fs::path path : flags.runs) {
    inputs.push_back(path);
    if (path_exists(path / "cascade.json")) {
      for (const fs::path& file : model_files(path)) inputs.push_back(file);
    } else if (is_folder(path)) {
      inputs.push_back(weights_in_run(path));
    }
  }
  return inputs;
}

void run(const ExportFlags& flags) {
  const WeightsFormat format = flags.format == "torchscript" ? torchscript_format()
                               : flags.format == "onnx"      ? kOnnx
                                                             : kSafetensors;
  require_apart(model_outputs(flags.out), inputs_of(flags));
  Model model;
  for (const NetKind net : kNetKinds) model.nets[static_cast<size_t>(net)].net = net;
  std::array<fs::path, 3> sources;
  std::vector<std::string> paths = flags.runs;  // model folders first: other nets take the place of theirs
  std::stable_partition(paths.begin(), paths.end(),
                        [](const std::string& path) { return path_exists(fs::path(path) / "cascade.json"); });
  for (const std::string& path : paths) add_run(path, model, sources);
  apply_config(detector_option_table(), flags.common, model.detector);
  if (!flags.object.empty()) model.object = flags.object;
  require_object_name(model.object, "--object");
  add_metadata(flags.metadata, model);
  if (flags.format == "onnx") name_points(model);
  write_model(flags.out, model, format);
  for (const NetKind net : kNetKinds) {
    const fs::path& from = sources[static_cast<size_t>(net)];
    std::cerr << net_title(net) << ": " << (from.empty() ? "none" : as_line(from.string())) << "\n";
  }
}

}  // namespace

void add_export(CLI::App& program) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App& verb = *program.add_subcommand(
      "export",
      "Put trained nets into a model folder\n\nTakes the best weights of training runs, or weights files, and writes "
      "the folder "
      "that every other command takes as --model. To replace one net of a model, name the model folder and the "
      "training "
      "run.");
  verb.add_option("--run", flags->runs,
                  "Training runs (their best weights), weights files or model folders, in any order; a single net "
                  "replaces that "
                  "of a model folder")
      ->required()
      ->type_name("PATH");
  verb.add_option("--out", flags->out, "Model folder to write")->required()->type_name("DIR");
  verb.add_option(
          "--format", flags->format,
          "Format of the nets: safetensors; torchscript for LibTorch and Python's torch; onnx for ONNX Runtime, "
          "OpenCV and many others")
      ->capture_default_str()
      ->check(CLI::IsMember({"safetensors", "torchscript", "onnx"}));
  verb.add_option("--metadata", flags->metadata,
                  "Metadata to add to each net's file, such as licence or data; may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  verb.add_option("--object", flags->object, "What the model finds, one of them, for output [the model's, or face]")
      ->type_name("NAME");
  add_config_flags(verb, flags->common);
  verb.footer(
      "--config and --set set the detector's options in cascade.json.\n"
      "Example: mtcnn export --run runs/pnet runs/rnet runs/onet --out models/mine --format onnx");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
