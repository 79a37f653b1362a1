#include "mtcnn/train/optimizer_state.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/safetensors.h"
#include "mtcnn/core/text.h"
#include "mtcnn/weights/script_archive.h"

#include <cmath>
#include <cstring>
#include <map>
#include <set>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFormat = "mtcnn-optimizer";
constexpr const char* kFormatVersion = "1";
constexpr const char* kSteps = "step";
constexpr const char* kSecondMoment = "exp_avg_sq";
/// Names, as a JSON list, of the parameters that no step has reached.
constexpr const char* kUntouched = "untouched";

Error broken(const fs::path& path, const std::string& message, const std::string& found = {},
             const std::string& expected = {}) {
  return {ErrorCode::bad_format, message, {.where = path.string(), .found = found, .expected = expected}};
}

/// \throws Error unless an optimizer can have arrived at these values.
void check_values(const ParameterState& parameter, const std::string& kind, int64_t most_steps, const fs::path& path) {
  if (counts_steps(kind) && (parameter.steps < 1 || parameter.steps > most_steps)) {
    throw broken(path, concat("wrong number of steps for '", parameter.name, "'"), concat(parameter.steps),
                 concat("1 to ", most_steps, ", the steps of this checkpoint"));
  }
  const std::vector<std::string> names = optimizer_slots(kind);
  for (size_t i = 0; i < names.size(); ++i) {
    const bool square = names[i] == kSecondMoment;
    for (const float value : parameter.slots[i]) {
      if (square ? value >= 0 : std::isfinite(value)) continue;
      throw broken(path, concat("tensor '", parameter.name, ".", names[i], "' is damaged"), concat(value),
                   square ? "values of at least 0" : "finite values");
    }
  }
}

void check_metadata(const Safetensors& file, const std::string& kind) {
  const auto value_of = [&](const std::string& key) {
    const auto found = file.metadata().find(key);
    return found == file.metadata().end() ? std::string() : found->second;
  };
  for (const auto& [key, expected] :
       std::map<std::string, std::string>{{"format", kFormat},
                                          {"version", kFormatVersion},
                                          {"optimizer", kind},
                                          {"checksum", checksum_text(crc32(file.data()))}}) {
    if (value_of(key) != expected)
      throw broken(file.path(), concat("wrong '", key, "'"), shown(value_of(key)), shown(expected));
  }
}

std::set<std::string> untouched_parameters(const Safetensors& file) {
  const auto text = file.metadata().find(kUntouched);
  if (text == file.metadata().end()) return {};
  const Json names = parse_json(text->second, concat(file.path().string(), ": ", kUntouched));
  std::set<std::string> untouched;
  if (!names.is_array()) throw broken(file.path(), concat("wrong '", kUntouched, "'"), shown(names), "a list of names");
  for (const Json& name : names) untouched.insert(name.is_string() ? name.get<std::string>() : std::string());
  return untouched;
}

/// The bytes of a tensor that must be there in this form.
std::span<const std::byte> bytes_of(const Safetensors& file, const std::string& name, Dtype dtype,
                                    const std::vector<int64_t>& shape) {
  const Safetensors::Entry* entry = file.find(name);
  const std::string expected = concat(dtype_name(dtype), " ", shape_text(shape));
  if (entry == nullptr) throw broken(file.path(), concat("tensor '", name, "' is missing"), {}, expected);
  if (entry->dtype != dtype || entry->shape != shape) {
    throw broken(file.path(), concat("tensor '", name, "' has another form"),
                 concat(dtype_name(entry->dtype), " ", shape_text(entry->shape)), expected);
  }
  return file.bytes(*entry);
}

template <class Value>
std::vector<Value> values_of(std::span<const std::byte> bytes) {
  std::vector<Value> values(bytes.size() / sizeof(Value));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

/// Where the archive keeps the state of each parameter, under numbers of its own: those of `state.parameters`, in turn.
std::vector<std::string> archive_places(const ScriptValues& values, const OptimizerState& state, const fs::path& path) {
  std::map<int, int> counts;
  std::vector<std::string> places;
  const auto key_of = [](int group, int number) {
    return concat("param_groups.param_groups/", group, ".params/", number);
  };
  for (const ParameterState& parameter : state.parameters) {
    const auto key = values.texts.find(key_of(parameter.group, counts[parameter.group]++));
    if (key == values.texts.end()) throw broken(path, concat("parameter '", parameter.name, "' is missing"));
    places.push_back("state." + key->second);
  }
  for (const auto& [group, count] : counts) {
    if (values.texts.count(key_of(group, count)) != 0)
      throw broken(path, concat("more parameters in group ", group, " than the net has"), {}, concat(count));
  }
  return places;
}

bool holds_any(const std::map<std::string, StridedTensor>& tensors, const std::string& prefix) {
  const auto next = tensors.lower_bound(prefix);
  return next != tensors.end() && next->first.starts_with(prefix);
}

}  // namespace

std::vector<std::string> optimizer_slots(const std::string& kind) {
  if (kind == "sgd") return {"momentum_buffer"};
  require(kind == "adam" || kind == "adamw", "optimizer_slots: no such kind");
  return {"exp_avg", kSecondMoment};
}

bool counts_steps(const std::string& kind) { return kind != "sgd"; }

void write_optimizer_state(const fs::path& path, const OptimizerState& state) {
  const std::vector<std::string> names = optimizer_slots(state.kind);
  std::vector<TensorView> views;
  Json untouched = Json::array();
  uint32_t crc = 0;
  const auto add = [&](const std::string& name, Dtype dtype, std::vector<int64_t> shape,
                       std::span<const std::byte> bytes) {
    views.push_back({name, dtype, std::move(shape), bytes});
    crc = crc32(bytes, crc);
  };
  for (const ParameterState& parameter : state.parameters) {
    if (parameter.slots.empty()) {
      untouched.push_back(parameter.name);
      continue;
    }
    if (counts_steps(state.kind))
      add(concat(parameter.name, ".", kSteps), Dtype::i64, {}, std::as_bytes(std::span(&parameter.steps, 1)));
    for (size_t i = 0; i < names.size(); ++i) {
      add(concat(parameter.name, ".", names[i]), Dtype::f32, parameter.shape,
          std::as_bytes(std::span(parameter.slots[i])));
    }
  }
  std::map<std::string, std::string> metadata = {
      {"format", kFormat}, {"version", kFormatVersion}, {"optimizer", state.kind}, {"checksum", checksum_text(crc)}};
  if (!untouched.empty()) metadata[kUntouched] = untouched.dump();
  write_safetensors(path, views, metadata);
}

void read_optimizer_state(const fs::path& path, int64_t most_steps, OptimizerState& state) {
  const Safetensors file(path);
  check_metadata(file, state.kind);
  const std::set<std::string> untouched = untouched_parameters(file);
  size_t tensors = 0;
  for (ParameterState& parameter : state.parameters) {
    parameter.steps = 0;
    parameter.slots.clear();
    if (untouched.count(parameter.name) != 0) continue;
    if (counts_steps(state.kind)) {
      parameter.steps = values_of<int64_t>(bytes_of(file, concat(parameter.name, ".", kSteps), Dtype::i64, {})).front();
      ++tensors;
    }
    for (const std::string& slot : optimizer_slots(state.kind)) {
      parameter.slots.push_back(
          values_of<float>(bytes_of(file, concat(parameter.name, ".", slot), Dtype::f32, parameter.shape)));
      ++tensors;
    }
    check_values(parameter, state.kind, most_steps, path);
  }
  if (tensors != file.entries().size()) {
    throw broken(path, "tensors of parameters that the net does not have", concat(file.entries().size(), " tensors"),
                 concat(tensors));
  }
}

void read_optimizer_archive(const fs::path& path, int64_t most_steps, OptimizerState& state) {
  const ScriptArchive archive(path);
  const ScriptValues& values = archive.values();
  const std::vector<std::string> places = archive_places(values, state, path);
  const std::vector<std::string> names = optimizer_slots(state.kind);
  for (size_t p = 0; p < places.size(); ++p) {
    ParameterState& parameter = state.parameters[p];
    parameter.steps = 0;
    parameter.slots.clear();
    const auto steps = values.integers.find(concat(places[p], ".", kSteps));
    if (steps == values.integers.end() && !holds_any(values.tensors, concat(places[p], "."))) continue;
    if (counts_steps(state.kind) && steps != values.integers.end()) parameter.steps = steps->second;
    for (const std::string& name : names) {
      const auto tensor = values.tensors.find(concat(places[p], ".", name));
      const std::string shown_name = concat(parameter.name, ".", name);
      if (tensor == values.tensors.end()) throw broken(path, concat("tensor '", shown_name, "' is missing"));
      if (tensor->second.dtype != Dtype::f32)
        throw broken(path, concat("tensor '", shown_name, "' has the wrong type"), dtype_name(tensor->second.dtype),
                     "F32");
      parameter.slots.push_back(contiguous(tensor->second, {shown_name, parameter.shape}, path.string()).values);
    }
    check_values(parameter, state.kind, most_steps, path);
  }
}

}  // namespace mtcnn
