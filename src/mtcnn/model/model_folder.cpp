#include "mtcnn/model/model_folder.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/model/default_model.h"
#include "mtcnn/weights/import.h"
#include "mtcnn/weights/torchscript_weights.h"
#include "mtcnn/weights/windows.h"

#include <algorithm>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFileName = "cascade.json";
constexpr const char* kFormat = "mtcnn-cascade";
constexpr int kFormatVersion = 1;
constexpr const char* kBegun = ".begun";  ///< marks folders in which a model is being written
constexpr const char* kWork = "model";    ///< in such a folder: the model

fs::path safetensors_path(const fs::path& folder, NetKind net) {
  return folder / concat(net_name(net), ".safetensors");
}
fs::path torchscript_path(const fs::path& folder, NetKind net) { return folder / concat(net_name(net), ".pt"); }
fs::path onnx_path(const fs::path& folder, NetKind net) { return folder / concat(net_name(net), kOnnx.extension); }

NetWeights read_net(const fs::path& folder, NetKind net) {
  const fs::path plain = safetensors_path(folder, net);
  if (path_exists(plain)) return read_weights(plain, net);
  const fs::path script = torchscript_path(folder, net);
  if (path_exists(script)) return read_torchscript(script, net);
  const fs::path onnx = onnx_path(folder, net);
  return path_exists(onnx) ? read_onnx(onnx, net) : read_weights(plain, net);
}

/// What every cascade.json says and this version can only confirm.
Json fixed_facts() { return {{"format", kFormat}, {"version", kFormatVersion}, {"colour_order", "RGB"}}; }

/// \return the key `input`, where older files say for all nets what each net's own file says now.
std::optional<InputOptions> read_cascade(const Json& json, const fs::path& path, Model& model) {
  std::optional<InputOptions> input;
  if (!json.is_object())
    throw Error(ErrorCode::bad_format, "not a cascade file", {.where = path.string(), .expected = "an object"});
  const Json facts = fixed_facts();
  for (const auto& [key, value] : facts.items()) {
    if (json.contains(key) && json[key] == value) continue;
    throw Error(
        ErrorCode::bad_format, concat("wrong '", key, "'"),
        {.where = path.string(), .found = json.contains(key) ? shown(json[key]) : "none", .expected = shown(value)});
  }
  if (!json.contains("landmark_order")) {
    throw Error(ErrorCode::bad_format, "'landmark_order' is missing",
                {.where = path.string(), .expected = "the names of the points that O-Net gives; [] = none"});
  }
  for (const auto& [key, value] : json.items()) {
    if (key == "landmark_order") {
      model.landmark_names = read_landmark_names(value, path.string() + ": landmark_order", ErrorCode::bad_format);
    } else if (key == "detector") {
      detector_option_table().apply_file(model.detector, value, path.string() + ": detector");
    } else if (key == "object") {
      if (!value.is_string())
        throw Error(ErrorCode::bad_format, "not a name",
                    {.where = path.string() + ": object", .found = shown(value), .expected = "a text"});
      model.object = value.get<std::string>();
      require_object_name(model.object, path.string() + ": object", ErrorCode::bad_format);
    } else if (key == "input") {
      input = parse_input(value, path.string() + ": input");
    } else if (!facts.contains(key)) {
      throw Error(ErrorCode::bad_format, concat("unknown key '", key, "'"),
                  {.where = path.string(), .expected = "landmark_order, object, detector, input"});
    }
  }
  return input;
}

/// What counts for a net whose file says nothing is what cascade.json says.
void complete_inputs(Model& model, const std::optional<InputOptions>& older, const std::string& where) {
  for (NetWeights& weights : model.nets) {
    if (!weights.tensors.empty() && !input_of(weights, where)) set_input(weights, older.value_or(InputOptions{}));
  }
}

/// \throws Error unless O-Net, where it is there, gives the points that are named.
void require_named_points(const Model& model, const std::string& where) {
  const NetWeights& onet = model.nets[static_cast<size_t>(NetKind::onet)];
  const auto named = static_cast<int64_t>(model.landmark_names.size());
  if (onet.tensors.empty() || landmark_count(onet) == named) return;
  throw Error(ErrorCode::bad_format, "O-Net gives another number of points than 'landmark_order' names",
              {.where = where, .found = concat(landmark_count(onet), " points"), .expected = concat(named)});
}

void write_files(const fs::path& folder, const Model& model, const WeightsFormat& format) {
  for (const NetKind net : kNetKinds) {
    const NetWeights& weights = model.nets[static_cast<size_t>(net)];
    if (weights.tensors.empty()) continue;
    format.write(folder / concat(net_name(net), format.extension), weights);
  }
  Json json = fixed_facts();
  json["landmark_order"] = model.landmark_names;
  if (model.object != Model{}.object) json["object"] = model.object;  // older versions know no such key
  json["detector"] = detector_option_table().dump(model.detector);
  write_text(folder / kFileName, json.dump(2) + "\n");
}

/// \return the folder in `work` with the whole model.
fs::path write_begun(const TemporaryFolder& work, const Model& model, const WeightsFormat& format) {
  write_text(work.place() / kBegun, "");
  fs::path begun = work.place() / kWork;
  make_folder(begun);
  write_files(begun, model, format);
  sync_folder(begun);
  return begun;
}

/// Removes what killed runs left that wrote this model folder.
void remove_leftovers(const fs::path& folder) {
  const fs::path parent = folder.has_parent_path() ? folder.parent_path() : ".";
  if (!is_folder(parent)) return;
  for (const fs::path& entry : folder_entries(parent)) {
    if (!is_abandoned(entry, folder.filename().string()) || !is_folder(entry)) continue;
    const auto is_ours = [](const fs::path& file) {  // the mark itself may be left under a temporary name
      return file.filename() == kWork || file.filename().string().starts_with(kBegun);
    };
    const std::vector<fs::path> inside = folder_entries(entry);
    if (std::ranges::all_of(inside, is_ours)) remove_path(entry);
  }
}

/// Everything in `from` that `to` does not have, under the same name there.
/// \return false where the file system cannot give a file a second name, as for folders.
bool link_rest(const fs::path& from, const fs::path& to) {
  for (const fs::path& entry : folder_entries(from)) {
    const fs::path name = to / entry.filename();
    if (!path_exists(name) && ::linkat(AT_FDCWD, entry.c_str(), AT_FDCWD, name.c_str(), 0) != 0) return false;
  }
  return true;
}

/// Exchanges the names of two folders in one step.
/// \return false where the system cannot.
bool exchange(const fs::path& one, const fs::path& other) {
  return ::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0;
}

/// Puts the files of `from` into `to`, where folders cannot be exchanged. Whoever is killed meanwhile leaves no
/// cascade.json, so that nobody takes old and new nets together for a model.
void move_files(const fs::path& from, const fs::path& to) {
  remove_path(to / kFileName);
  sync_folder(to);
  for (const fs::path& file : folder_entries(from)) {
    if (file.filename() != kFileName) rename_temporary(file, to / file.filename());
  }
  rename_temporary(from / kFileName, to / kFileName);
}

/// What the default model's cascade.json says, without nets.
Model default_model_without_nets() {
  Model model;
  const std::span<const std::byte> cascade = default_model_file(kFileName);
  read_cascade(parse_json({reinterpret_cast<const char*>(cascade.data()), cascade.size()}, kFileName), kFileName,
               model);
  return model;
}

}  // namespace

void require_object_name(const std::string& name, const std::string& where, ErrorCode code) {
  constexpr size_t kLongest = 40;
  if (!name.empty() && name.size() <= kLongest && is_utf8(name) && as_line(name) == name && trim(name) == name) return;
  throw Error(code, "not the name of an object",
              {.where = where,
               .found = shown(Json(as_line(name))),
               .expected = concat("1 to ", kLongest, " bytes of plain text")});
}

Model read_model(const fs::path& folder, NetKind last) {
  if (!is_folder(folder)) {
    throw Error(ErrorCode::not_found, "no model folder here",
                {.where = folder.string(),
                 .hint = "'mtcnn export' makes one from training runs, 'mtcnn import' from public weights "
                         "(scripts/public_weights.sh)"});
  }
  Model model;
  const std::optional<InputOptions> older = read_cascade(read_json(folder / kFileName), folder / kFileName, model);
  for (const NetKind net : kNetKinds) {
    NetWeights& weights = model.nets[static_cast<size_t>(net)];
    weights.net = net;
    if (net <= last) weights = read_net(folder, net);
  }
  complete_inputs(model, older, folder.string());
  require_named_points(model, (folder / kFileName).string());
  return model;
}

NetWeights read_single_net(const fs::path& path, NetKind net) {
  NetWeights weights;
  std::optional<InputOptions> older;
  if (path_exists(path / kFileName)) {
    Model model;
    older = read_cascade(read_json(path / kFileName), path / kFileName, model);
    weights = read_net(path, net);
  } else {
    const fs::path best = path / "best" / concat(net_name(net), ".safetensors");
    const fs::path file = !is_folder(path) ? path : path_exists(best) ? best : safetensors_path(path, net);
    weights = import_weights(file);
    if (weights.net != net) {
      throw Error(ErrorCode::usage, "weights of another net",
                  {.where = file.string(), .found = net_title(weights.net), .expected = net_title(net)});
    }
  }
  InputOptions input = input_of(weights, path.string()).value_or(older.value_or(InputOptions{}));
  weights = with_plain_windows(std::move(weights), input.window_first, input.window_size);
  input.window_first = InputOptions{}.window_first;
  input.window_size = InputOptions{}.window_size;
  set_input(weights, input);
  return weights;
}

void write_model(const fs::path& folder, const Model& model, const WeightsFormat& format) {
  const fs::path target = link_target(folder.has_filename() ? folder : folder.parent_path());
  const fs::path parent = target.has_parent_path() ? target.parent_path() : ".";
  make_folder(parent);
  if (path_exists(target)) make_folder(target);  // says where a file is in the way
  remove_leftovers(target);
  const bool named = target.filename() != "." && target.filename() != "..";
  if (named && ::access(parent.c_str(), W_OK) == 0) {
    const TemporaryFolder work(target);
    const fs::path begun = write_begun(work, model, format);
    if (!path_exists(target)) return rename_temporary(begun, target);
    if (link_rest(target, begun) && exchange(begun, target)) return sync_folder(parent);
  }
  make_folder(target);
  const TemporaryFolder work(target / "model");
  move_files(write_begun(work, model, format), target);
}

std::vector<fs::path> model_files(const fs::path& folder) {
  std::vector<fs::path> files = {folder / kFileName};
  for (const NetKind net : kNetKinds) {
    files.push_back(safetensors_path(folder, net));
    files.push_back(torchscript_path(folder, net));
    files.push_back(onnx_path(folder, net));
  }
  return files;
}

Model default_model() {
  Model model = default_model_without_nets();
  for (const NetKind net : kNetKinds) {
    const std::string name = concat(net_name(net), ".safetensors");
    model.nets[static_cast<size_t>(net)] = parse_weights(name, default_model_file(name), net);
  }
  complete_inputs(model, std::nullopt, "default model");
  return model;
}

DetectorOptions default_model_options() { return default_model_without_nets().detector; }

std::vector<std::string> landmark_names_of(const NetWeights& weights, const std::string& where) {
  const auto count = static_cast<size_t>(landmark_count(weights));
  const auto text = weights.metadata.find("landmark_order");
  if (text == weights.metadata.end()) return default_landmark_names(count);
  const std::string place = where + ": landmark_order";
  std::vector<std::string> names = read_landmark_names(parse_json(text->second, place), place, ErrorCode::bad_format);
  if (names.size() == count || count == 0) return names;
  throw Error(ErrorCode::bad_format, "these weights name another number of points than they give",
              {.where = place, .found = concat(names.size(), " names"), .expected = concat(count)});
}

}  // namespace mtcnn
