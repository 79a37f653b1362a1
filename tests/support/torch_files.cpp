#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"

#include <algorithm>
#include <map>
#include <span>

#include "support/foreign_weights.h"
#include "support/raw_bytes.h"

namespace mtcnn::testing {
namespace {

/// A pickle as CPython's pickler writes it for a state dict; strings and globals are memoized as it does, so that later
/// uses are look-ups.
class PickleWriter {
 public:
  explicit PickleWriter(const TorchStyle& style) : style_(style) {
    bytes_ = std::string("\x80") + static_cast<char>(style.protocol);
  }

  void op(std::string_view code) { bytes_ += code; }
  void memoize() {
    if (style_.protocol >= 4) {
      bytes_ += '\x94';
    } else {
      bytes_ += next_ < 256 ? "q" + std::string(1, static_cast<char>(next_)) : "r" + raw(next_);
    }
    ++next_;
  }
  bool recall(const std::string& key) {
    const auto known = memo_.find(key);
    if (known == memo_.end()) {
      memo_[key] = next_;
      return false;
    }
    bytes_ += known->second < 256 ? "h" + std::string(1, static_cast<char>(known->second)) : "j" + raw(known->second);
    return true;
  }
  void text(const std::string& value) {
    if (recall("text " + value)) return;
    if (style_.protocol >= 4) {
      bytes_ += "\x8c" + std::string(1, static_cast<char>(value.size())) + value;
    } else {
      bytes_ += "X" + raw(static_cast<uint32_t>(value.size())) + value;
    }
    memoize();
  }
  void global(const std::string& module, const std::string& name) {
    const std::string key = "global " + module + " " + name;
    if (style_.protocol < 4) {
      if (recall(key)) return;
      bytes_ += "c" + module + "\n" + name + "\n";
    } else {
      const auto known = memo_.find(key);
      if (known != memo_.end()) {
        recall(key);
        return;
      }
      text(module);
      text(name);
      memo_[key] = next_;
      bytes_ += '\x93';
    }
    memoize();
  }
  void integer(int64_t value) {
    if (value < 256) {
      bytes_ += "K" + std::string(1, static_cast<char>(value));
    } else if (value < 65536) {
      bytes_ += "M" + raw(static_cast<uint16_t>(value));
    } else {
      bytes_ += "J" + raw(static_cast<int32_t>(value));
    }
  }
  void integers(const std::vector<int64_t>& values) {
    if (values.size() > 3) op("(");
    for (const int64_t value : values) integer(value);
    op(values.size() > 3 ? "t" : std::string_view("\x85\x86\x87").substr(values.size() - 1, 1));
    memoize();
  }
  void empty_dict(bool ordered) {
    if (ordered) {
      global("collections", "OrderedDict");
      op(")R");
    } else {
      op("}");
    }
    memoize();
  }
  std::string done() { return bytes_ + "."; }

 private:
  TorchStyle style_;
  std::string bytes_;
  uint32_t next_ = 0;
  std::map<std::string, uint32_t> memo_;
};

struct StoredTensors {
  std::vector<std::string> keys;
  std::vector<std::vector<float>> storages;
  std::vector<size_t> storage_of;
  std::vector<int64_t> offsets;
  std::vector<std::vector<int64_t>> strides;
};

StoredTensors store(const std::vector<NamedTensor>& tensors, const TorchStyle& style) {
  StoredTensors stored;
  for (const NamedTensor& tensor : tensors) {
    std::vector<int64_t> strides(tensor.shape.size());
    int64_t step = 1;
    for (size_t d = 0; d < strides.size(); ++d) {
      const size_t axis = style.reversed_strides ? d : strides.size() - 1 - d;
      strides[axis] = step;
      step *= tensor.shape[axis];
    }
    std::vector<float> values(tensor.values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      int64_t rest = static_cast<int64_t>(i);
      int64_t place = 0;
      for (size_t d = strides.size(); d-- > 0; rest /= tensor.shape[d]) place += rest % tensor.shape[d] * strides[d];
      values[static_cast<size_t>(place)] = tensor.values[i];
    }
    if (stored.storages.empty() || !style.shared_storage) {
      stored.storages.emplace_back();
      stored.keys.push_back(std::to_string(stored.keys.size()));
    }
    auto& storage = stored.storages.back();
    stored.storage_of.push_back(stored.storages.size() - 1);
    stored.offsets.push_back(static_cast<int64_t>(storage.size()));
    stored.strides.push_back(strides);
    storage.insert(storage.end(), values.begin(), values.end());
  }
  return stored;
}

void write_tensor(PickleWriter& pickle, const NamedTensor& tensor, const StoredTensors& stored, size_t index,
                  const TorchStyle& style, bool legacy) {
  if (style.parameters) {
    pickle.global("torch._utils", "_rebuild_parameter");
  }
  const size_t storage = stored.storage_of[index];
  pickle.global("torch._utils", "_rebuild_tensor_v2");
  pickle.op("((");
  pickle.text("storage");
  pickle.global("torch", style.doubles ? "DoubleStorage" : "FloatStorage");
  pickle.text(stored.keys[storage]);
  pickle.text("cpu");
  pickle.integer(static_cast<int64_t>(stored.storages[storage].size()));
  pickle.op(legacy ? "Nt" : "t");
  pickle.memoize();
  pickle.op("Q");
  pickle.integer(stored.offsets[index]);
  pickle.integers(tensor.shape);
  pickle.integers(stored.strides[index]);
  pickle.op("\x89");
  pickle.empty_dict(true);
  pickle.op("t");
  pickle.memoize();
  pickle.op("R");
  pickle.memoize();
  if (style.parameters) {
    pickle.op("\x88");
    pickle.empty_dict(true);
    pickle.op("\x87R");
    pickle.memoize();
  }
}

std::string torch_pickle(const std::vector<NamedTensor>& tensors, const StoredTensors& stored, const TorchStyle& style,
                         bool legacy) {
  PickleWriter pickle(style);
  pickle.empty_dict(style.ordered);
  pickle.op("(");
  for (size_t i = 0; i < tensors.size(); ++i) {
    pickle.text(tensors[i].name);
    write_tensor(pickle, tensors[i], stored, i, style, legacy);
  }
  pickle.op("u");
  if (style.ordered) {
    pickle.op("}");
    pickle.memoize();
    pickle.text("_metadata");
    pickle.empty_dict(true);
    pickle.op("(");
    pickle.text("");
    pickle.op("}");
    pickle.memoize();
    pickle.text("version");
    pickle.integer(1);
    pickle.op("susb");
  }
  return pickle.done();
}

}  // namespace

std::string legacy_header() {
  using namespace std::string_literals;
  const std::string magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s;
  const std::string version = "\x80\x02M\xe9\x03."s;
  const std::string system = "\x80\x02}q\x00(X\x0d\x00\x00\x00little_endianq\x01\x88u."s;
  return magic + version + system;
}

std::string legacy_torch_file(const std::vector<NamedTensor>& tensors, const TorchStyle& style) {
  const StoredTensors stored = store(tensors, style);
  std::string bytes = legacy_header() + torch_pickle(tensors, stored, style, true);
  PickleWriter keys({.protocol = 2});
  keys.op("](");
  for (const std::string& key : stored.keys) keys.text(key);
  keys.op("e");
  bytes += keys.done();
  for (const auto& storage : stored.storages) {
    bytes += raw(static_cast<int64_t>(storage.size())) + raw_values(storage, style.doubles);
  }
  return bytes;
}

std::string zip_torch_file(const std::vector<NamedTensor>& tensors, const TorchStyle& style) {
  const StoredTensors stored = store(tensors, style);
  std::vector<ZipEntry> entries = {{"weights/data.pkl", torch_pickle(tensors, stored, style, false)},
                                   {"weights/byteorder", "little"}};
  for (size_t i = 0; i < stored.keys.size(); ++i) {
    entries.push_back({"weights/data/" + stored.keys[i], raw_values(stored.storages[i], style.doubles)});
  }
  entries.push_back({"weights/version", "3\n"});
  return zip_file(entries);
}

std::string zip_file(const std::vector<ZipEntry>& entries, uint16_t method) {
  std::string bytes;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    const uint32_t checksum = crc32(std::as_bytes(std::span(entry.content)));
    const auto size = static_cast<uint32_t>(entry.content.size());
    const auto name_size = static_cast<uint16_t>(entry.name.size());
    const auto offset = static_cast<uint32_t>(bytes.size());
    const std::string facts = raw(uint16_t{0}) + raw(method) + raw(uint32_t{0}) + raw(checksum) + raw(size) + raw(size);
    // torch pads the local header so that the data start at a multiple of 64.
    const auto padding = static_cast<uint16_t>(64 - (bytes.size() + 30 + entry.name.size()) % 64);
    bytes += "PK\x03\x04" + raw(uint16_t{0}) + facts + raw(name_size) + raw(padding) + entry.name +
             std::string(padding, 'Z') + entry.content;
    directory += "PK\x01\x02" + raw(uint32_t{0}) + facts + raw(name_size) + raw(uint16_t{0}) + raw(uint16_t{0}) +
                 raw(uint64_t{0}) + raw(offset) + entry.name;
  }
  const auto count = static_cast<uint16_t>(entries.size());
  return bytes + directory + "PK\x05\x06" + raw(uint32_t{0}) + raw(count) + raw(count) +
         raw(static_cast<uint32_t>(directory.size())) + raw(static_cast<uint32_t>(bytes.size())) + raw(uint16_t{0});
}

}  // namespace mtcnn::testing
