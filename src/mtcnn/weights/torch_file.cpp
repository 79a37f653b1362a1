#include "mtcnn/weights/torch_file.h"

#include "mtcnn/core/text.h"
#include "mtcnn/weights/byte_reader.h"
#include "mtcnn/weights/pickle.h"
#include "mtcnn/weights/zip.h"

#include <algorithm>
#include <map>
#include <optional>

namespace mtcnn {
namespace {

using Kind = PickleObject::Kind;

constexpr std::string_view kMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";  // 0x1950a86a20f9469cfc6c
constexpr int64_t kLegacyVersion = 1001;
constexpr size_t kMostDimensions = 8;
// One name in the file can be the key of any number of entries: without limits a small file could fill the memory.
constexpr size_t kMostTensors = 1000;
constexpr size_t kLongestName = 200;

/// A storage that tensors of the pickle refer to.
struct Storage {
  Dtype dtype = Dtype::f32;
  int64_t count = 0;
  std::span<const std::byte> bytes = {};
};
using Storages = std::map<std::string_view, Storage>;

Error broken(const std::string& where, const std::string& message, const std::string& found = {},
             const std::string& expected = {}) {
  return {ErrorCode::bad_format, message, {.where = where, .found = found, .expected = expected}};
}

/// The key, type and size of a storage, from the values of its persistent id. (A sixth value, written by the legacy
/// format, describes a view.)
std::pair<std::string_view, Storage> describe_storage(const Pickle& pickle, const PickleObject& storage,
                                                      const std::string& where) {
  const auto item = [&](size_t i) -> const PickleObject& { return pickle.objects[storage.items[i]]; };
  if (item(0).text != "storage" || item(1).kind != Kind::global || item(2).kind != Kind::text ||
      item(4).kind != Kind::integer || item(4).integer < 0) {
    throw broken(where, "a broken persistent id", "", "'storage', type, key, place and count");
  }
  if (storage.items.size() == 6 && item(5).kind != Kind::none) {
    throw Error(ErrorCode::unsupported, "a view of a storage as very old versions of torch wrote it cannot be read",
                {.where = where});
  }
  const Dtype dtype = item(1).text == "torch.DoubleStorage" ? Dtype::f64 : Dtype::f32;
  return {item(2).text, {.dtype = dtype, .count = item(4).integer}};
}

/// Every storage that the pickle speaks of, still without bytes.
Storages find_storages(const Pickle& pickle, const std::string& where) {
  Storages storages;
  for (const PickleObject& object : pickle.objects) {
    if (object.kind != Kind::storage) continue;
    const auto [key, storage] = describe_storage(pickle, object, where);
    const auto [known, added] = storages.try_emplace(key, storage);
    if (!added && (known->second.dtype != storage.dtype || known->second.count != storage.count)) {
      throw broken(where, "storage '" + printable(key) + "' is described in two ways");
    }
  }
  return storages;
}

/// The bytes that `storage` must have. \throws Error if that is more than `available`.
uint64_t checked_size(const Storage& storage, uint64_t available, std::string_view key, const std::string& where) {
  const uint64_t element = dtype_size(storage.dtype);
  const auto count = static_cast<uint64_t>(storage.count);
  if (count > available / element) {
    throw broken(where, "storage '" + printable(key) + "' is truncated or damaged", concat(available, " bytes"),
                 concat(count, " values of ", element, " bytes"));
  }
  return count * element;
}

std::vector<int64_t> integers(const Pickle& pickle, uint32_t place, const std::string& where) {
  const PickleObject& tuple = pickle.objects[place];
  if (tuple.kind != Kind::tuple || tuple.items.size() > kMostDimensions) {
    throw broken(where, "a tensor's shape and strides must be tuples", "",
                 concat("at most ", kMostDimensions, " values"));
  }
  std::vector<int64_t> values;
  for (const uint32_t item : tuple.items) {
    const PickleObject& value = pickle.objects[item];
    if (value.kind != Kind::integer || value.integer < 0) {
      throw broken(where, "a tensor's shape and strides must be whole numbers of at least 0");
    }
    values.push_back(value.integer);
  }
  return values;
}

StridedTensor describe_tensor(const Pickle& pickle, const PickleObject& tensor, const Storages& storages,
                              const std::string& where) {
  const PickleObject& storage = pickle.objects[tensor.items[0]];
  const PickleObject& offset = pickle.objects[tensor.items[1]];
  if (storage.kind != Kind::storage || offset.kind != Kind::integer || offset.integer < 0) {
    throw broken(where, "a tensor without a storage and an offset");
  }
  const Storage& data = storages.at(describe_storage(pickle, storage, where).first);
  StridedTensor described{.shape = integers(pickle, tensor.items[2], where),
                          .strides = integers(pickle, tensor.items[3], where),
                          .offset = offset.integer,
                          .dtype = data.dtype,
                          .storage = data.bytes};
  if (described.shape.size() != described.strides.size()) throw broken(where, "a tensor's shape and strides differ");
  return described;
}

std::vector<StridedTensor> tensors_of(const Pickle& pickle, const Storages& storages, const std::string& where) {
  const PickleObject& root = pickle.objects[pickle.root];
  const std::string hint = "save the net again with torch.save(net.state_dict(), file)";
  if (root.kind != Kind::dict) {
    throw Error(ErrorCode::bad_format, "this file holds no state dict", {.where = where, .hint = hint});
  }
  if (root.items.size() > 2 * kMostTensors) {
    throw broken(where, "a state dict of unreasonable size", concat(root.items.size() / 2, " tensors"),
                 concat("at most ", kMostTensors));
  }
  std::vector<StridedTensor> tensors;
  for (size_t i = 0; i < root.items.size(); i += 2) {
    const PickleObject& key = pickle.objects[root.items[i]];
    const PickleObject& value = pickle.objects[root.items[i + 1]];
    if (key.kind != Kind::text || value.kind != Kind::tensor) {
      throw Error(ErrorCode::bad_format, "entry '" + printable(key.text) + "' of this file is no tensor",
                  {.where = where, .expected = "a state dict and nothing else", .hint = hint});
    }
    if (key.text.size() > kLongestName) {
      throw broken(where, "a tensor's name of unreasonable length", concat(key.text.size()),
                   concat("at most ", kLongestName));
    }
    tensors.push_back(describe_tensor(pickle, value, storages, where));
    tensors.back().name = key.text;
  }
  return tensors;
}

/// Magic number, version and system facts, each a pickle of its own. \returns their size.
size_t check_legacy_header(std::span<const std::byte> bytes, const std::string& where) {
  const Pickle magic = read_pickle(bytes, where);
  if (magic.objects[magic.root].kind != Kind::big_integer || magic.objects[magic.root].text != kMagic) {
    throw broken(where, "this pickle was not written by torch.save: its magic number is missing");
  }
  size_t position = magic.size;
  const Pickle version = read_pickle(bytes.subspan(position), where);
  if (version.objects[version.root].integer != kLegacyVersion) {
    throw Error(
        ErrorCode::unsupported, "another version of the legacy torch.save format",
        {.where = where, .found = concat(version.objects[version.root].integer), .expected = concat(kLegacyVersion)});
  }
  position += version.size;
  const Pickle system = read_pickle(bytes.subspan(position), where);
  const PickleObject& facts = system.objects[system.root];
  for (size_t i = 0; facts.kind == Kind::dict && i < facts.items.size(); i += 2) {
    if (system.objects[facts.items[i]].text == "little_endian" && system.objects[facts.items[i + 1]].integer != 1) {
      throw Error(ErrorCode::unsupported, "this file was written on a big-endian machine", {.where = where});
    }
  }
  return position + system.size;
}

std::vector<StridedTensor> read_legacy(std::span<const std::byte> bytes, const std::string& where) {
  size_t position = check_legacy_header(bytes, where);
  const Pickle pickle = read_pickle(bytes.subspan(position), where);
  position += pickle.size;
  const Pickle keys = read_pickle(bytes.subspan(position), where);
  position += keys.size;
  const PickleObject& list = keys.objects[keys.root];
  if (list.kind != Kind::list) throw broken(where, "the list of storages is missing");

  Storages storages = find_storages(pickle, where);
  if (list.items.size() != storages.size()) {
    throw broken(where, "the list of storages is broken", concat(list.items.size()), concat(storages.size()));
  }
  ByteReader reader(bytes.subspan(position), where);
  for (const uint32_t item : list.items) {
    const std::string_view key = keys.objects[item].text;
    const auto storage = storages.find(key);
    if (storage == storages.end() || !storage->second.bytes.empty()) {
      throw broken(where, "the list of storages is broken", "'" + printable(key) + "'");
    }
    const auto count = reader.number<int64_t>();
    if (count != storage->second.count) {
      throw broken(where, "storage '" + printable(key) + "' has another size than the pickle says", concat(count),
                   concat(storage->second.count));
    }
    storage->second.bytes = reader.take(checked_size(storage->second, reader.remaining(), key, where));
  }
  if (reader.remaining() != 0) throw broken(where, "bytes after the last storage", concat(reader.remaining()), "none");
  return tensors_of(pickle, storages, where);
}

std::vector<StridedTensor> read_zip(std::span<const std::byte> bytes, const std::string& where) {
  const Zip zip(bytes, where);
  constexpr std::string_view kPickle = "/data.pkl";
  const auto names = zip.names();
  const auto pickle_name =
      std::find_if(names.begin(), names.end(), [&](const std::string& name) { return name.ends_with(kPickle); });
  if (pickle_name == names.end()) {
    throw broken(where, "this zip archive was not written by torch.save", "", "an entry 'data.pkl' in one folder");
  }
  const std::string folder = pickle_name->substr(0, pickle_name->size() - kPickle.size() + 1);
  if (zip.contains(folder + "byteorder")) {
    const auto order = zip.content(folder + "byteorder");
    if (std::string_view(reinterpret_cast<const char*>(order.data()), order.size()) != "little") {
      throw Error(ErrorCode::unsupported, "this file was written on a big-endian machine", {.where = where});
    }
  }
  const Pickle pickle = read_pickle(zip.content(*pickle_name), where);
  Storages storages = find_storages(pickle, where);
  for (auto& [key, storage] : storages) {
    storage.bytes = zip.content(folder + "data/" + std::string(key));
    if (storage.bytes.size() != checked_size(storage, storage.bytes.size(), key, where)) {
      throw broken(where, "storage '" + printable(key) + "' has another size than the pickle says",
                   concat(storage.bytes.size(), " bytes"), concat(storage.count, " values"));
    }
  }
  return tensors_of(pickle, storages, where);
}

/// Where the tensor's last element lies in its storage; nothing where that overflows.
std::optional<int64_t> last_element(const StridedTensor& tensor) {
  int64_t last = tensor.offset;
  for (size_t d = 0; d < tensor.shape.size(); ++d) {
    int64_t reach = 0;
    if (__builtin_mul_overflow(tensor.shape[d] - 1, tensor.strides[d], &reach) ||
        __builtin_add_overflow(last, reach, &last)) {
      return std::nullopt;
    }
  }
  return last;
}

template <class Value>
void gather(const StridedTensor& tensor, std::vector<float>& values) {
  std::vector<int64_t> index(tensor.shape.size(), 0);
  for (float& out : values) {
    int64_t place = tensor.offset;
    for (size_t d = 0; d < index.size(); ++d) place += index[d] * tensor.strides[d];
    Value value;
    std::memcpy(&value, tensor.storage.data() + static_cast<size_t>(place) * sizeof value, sizeof value);
    out = static_cast<float>(value);
    for (size_t d = index.size(); d-- > 0 && ++index[d] == tensor.shape[d];) index[d] = 0;
  }
}

}  // namespace

std::vector<StridedTensor> read_torch_file(std::span<const std::byte> bytes, TorchLayout layout,
                                           const std::string& where) {
  return layout == TorchLayout::zip ? read_zip(bytes, where) : read_legacy(bytes, where);
}

NamedTensor contiguous(const StridedTensor& tensor, const TensorSpec& spec, const std::string& where) {
  if (tensor.shape != spec.shape) {
    throw broken(where, "tensor '" + printable(tensor.name) + "' has the wrong shape", shape_text(tensor.shape),
                 shape_text(spec.shape));
  }
  const auto available = static_cast<int64_t>(tensor.storage.size() / dtype_size(tensor.dtype));
  const auto last = last_element(tensor);
  if (!last || *last >= available) {
    throw broken(where, "tensor '" + printable(tensor.name) + "' reaches beyond its storage",
                 concat("strides ", shape_text(tensor.strides), " from ", tensor.offset), concat(available, " values"));
  }
  NamedTensor result{.name = spec.name, .shape = spec.shape, .values = {}};
  result.values.resize(static_cast<size_t>(spec.count()));
  if (tensor.dtype == Dtype::f64) {
    gather<double>(tensor, result.values);
  } else {
    gather<float>(tensor, result.values);
  }
  return result;
}

}  // namespace mtcnn
