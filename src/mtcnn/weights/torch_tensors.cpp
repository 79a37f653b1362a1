#include "mtcnn/weights/torch_tensors.h"

#include "mtcnn/core/text.h"
#include "mtcnn/weights/byte_reader.h"

#include <algorithm>
#include <optional>

namespace mtcnn {
namespace {

using Kind = PickleObject::Kind;

constexpr size_t kMostTensorDimensions = 8;

Dtype dtype_of(std::string_view storage_class) {
  if (storage_class == "torch.DoubleStorage") return Dtype::f64;
  return storage_class == "torch.LongStorage" ? Dtype::i64 : Dtype::f32;
}

/// The key, type and size of a storage, from the values of its persistent id. (A sixth value, written by the legacy
/// format, describes a view.)
std::pair<std::string_view, TorchStorage> describe_storage(const Pickle& pickle, const PickleObject& storage,
                                                           const std::string& where) {
  const auto item = [&](size_t i) -> const PickleObject& { return pickle.objects[storage.items[i]]; };
  if (item(0).text != "storage" || item(1).kind != Kind::global || item(2).kind != Kind::text ||
      item(4).kind != Kind::integer || item(4).integer < 0) {
    throw torch_error(where, "a broken persistent id", "", "'storage', type, key, place and count");
  }
  if (storage.items.size() == 6 && item(5).kind != Kind::none) {
    throw Error(ErrorCode::unsupported, "a view of a storage as very old versions of torch wrote it cannot be read",
                {.where = where});
  }
  return {item(2).text, {.dtype = dtype_of(item(1).text), .count = item(4).integer}};
}

std::vector<int64_t> integers(const Pickle& pickle, uint32_t place, const std::string& where) {
  const PickleObject& tuple = pickle.objects[place];
  if (tuple.kind != Kind::tuple || tuple.items.size() > kMostTensorDimensions) {
    throw torch_error(where, "a tensor's shape and strides must be tuples", "",
                      concat("at most ", kMostTensorDimensions, " values"));
  }
  std::vector<int64_t> values;
  for (const uint32_t item : tuple.items) {
    const PickleObject& value = pickle.objects[item];
    if (value.kind != Kind::integer || value.integer < 0) {
      throw torch_error(where, "a tensor's shape and strides must be whole numbers of at least 0");
    }
    values.push_back(value.integer);
  }
  return values;
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

Error torch_error(const std::string& where, const std::string& message, const std::string& found,
                  const std::string& expected) {
  return {ErrorCode::bad_format, message, {.where = where, .found = found, .expected = expected}};
}

TorchStorages find_storages(const Pickle& pickle, const std::string& where) {
  TorchStorages storages;
  for (const PickleObject& object : pickle.objects) {
    if (object.kind != Kind::storage) continue;
    const auto [key, storage] = describe_storage(pickle, object, where);
    const auto [known, added] = storages.try_emplace(key, storage);
    if (!added && (known->second.dtype != storage.dtype || known->second.count != storage.count)) {
      throw torch_error(where, "storage '" + printable(key) + "' is described in two ways");
    }
  }
  if (storages.size() > kMostTensors) {
    throw torch_error(where, "an unreasonable number of storages", concat(storages.size()),
                      concat("at most ", kMostTensors));
  }
  return storages;
}

uint64_t checked_size(const TorchStorage& storage, uint64_t available, std::string_view key, const std::string& where) {
  const uint64_t element = dtype_size(storage.dtype);
  const auto count = static_cast<uint64_t>(storage.count);
  if (count > available / element) {
    throw torch_error(where, "storage '" + printable(key) + "' is truncated or damaged", concat(available, " bytes"),
                      concat(count, " values of ", element, " bytes"));
  }
  return count * element;
}

TorchStorages storages_in_zip(const Pickle& pickle, const Zip& zip, const std::string& folder,
                              const std::string& where) {
  TorchStorages storages = find_storages(pickle, where);
  for (auto& [key, storage] : storages) {
    storage.bytes = zip.content(folder + "data/" + std::string(key));
    if (storage.bytes.size() != checked_size(storage, storage.bytes.size(), key, where)) {
      throw torch_error(where, "storage '" + printable(key) + "' has another size than the pickle says",
                        concat(storage.bytes.size(), " bytes"), concat(storage.count, " values"));
    }
  }
  return storages;
}

std::string archive_folder(const Zip& zip, const char* writer, const std::string& where) {
  constexpr std::string_view kPickle = "/data.pkl";
  const auto names = zip.names();
  const auto pickle_name =
      std::find_if(names.begin(), names.end(), [&](const std::string& name) { return name.ends_with(kPickle); });
  if (pickle_name == names.end()) {
    throw torch_error(where, concat("this zip archive was not written by ", writer), "",
                      "an entry 'data.pkl' in one folder");
  }
  std::string folder = pickle_name->substr(0, pickle_name->size() - kPickle.size() + 1);
  if (zip.contains(folder + "byteorder")) {
    const auto order = zip.content(folder + "byteorder");
    if (std::string_view(reinterpret_cast<const char*>(order.data()), order.size()) != "little") {
      throw Error(ErrorCode::unsupported, "this file was written on a big-endian machine", {.where = where});
    }
  }
  return folder;
}

StridedTensor describe_tensor(const Pickle& pickle, const PickleObject& tensor, const TorchStorages& storages,
                              const std::string& where) {
  const PickleObject& storage = pickle.objects[tensor.items[0]];
  const PickleObject& offset = pickle.objects[tensor.items[1]];
  if (storage.kind != Kind::storage || offset.kind != Kind::integer || offset.integer < 0) {
    throw torch_error(where, "a tensor without a storage and an offset");
  }
  const TorchStorage& data = storages.at(describe_storage(pickle, storage, where).first);
  StridedTensor described{.shape = integers(pickle, tensor.items[2], where),
                          .strides = integers(pickle, tensor.items[3], where),
                          .offset = offset.integer,
                          .dtype = data.dtype,
                          .storage = data.bytes};
  if (described.shape.size() != described.strides.size())
    throw torch_error(where, "a tensor's shape and strides differ");
  return described;
}

NamedTensor contiguous(const StridedTensor& tensor, const TensorSpec& spec, const std::string& where) {
  if (tensor.shape != spec.shape) {
    throw torch_error(where, "tensor '" + printable(tensor.name) + "' has the wrong shape", shape_text(tensor.shape),
                      shape_text(spec.shape));
  }
  if (tensor.dtype != Dtype::f32 && tensor.dtype != Dtype::f64) {
    throw torch_error(where, "tensor '" + printable(tensor.name) + "' has the wrong type", dtype_name(tensor.dtype),
                      "F32 or F64");
  }
  const auto available = static_cast<int64_t>(tensor.storage.size() / dtype_size(tensor.dtype));
  const auto last = last_element(tensor);
  if (!last || *last >= available) {
    throw torch_error(where, "tensor '" + printable(tensor.name) + "' reaches beyond its storage",
                      concat("strides ", shape_text(tensor.strides), " from ", tensor.offset),
                      concat(available, " values"));
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
