#include "mtcnn/weights/torch_file.h"

#include "mtcnn/core/text.h"
#include "mtcnn/weights/byte_reader.h"
#include "mtcnn/weights/pickle.h"
#include "mtcnn/weights/zip.h"

namespace mtcnn {
namespace {

using Kind = PickleObject::Kind;

constexpr std::string_view kMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";  // 0x1950a86a20f9469cfc6c
constexpr int64_t kLegacyVersion = 1001;

std::vector<StridedTensor> tensors_of(const Pickle& pickle, const TorchStorages& storages, const std::string& where) {
  const PickleObject& root = pickle.objects[pickle.root];
  const std::string hint = "save the net again with torch.save(net.state_dict(), file)";
  if (root.kind != Kind::dict) {
    throw Error(ErrorCode::bad_format, "this file holds no state dict", {.where = where, .hint = hint});
  }
  if (root.items.size() > 2 * kMostTensors) {
    throw torch_error(where, "a state dict of unreasonable size", concat(root.items.size() / 2, " tensors"),
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
      throw torch_error(where, "a tensor's name of unreasonable length", concat(key.text.size()),
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
    throw torch_error(where, "this pickle was not written by torch.save: its magic number is missing");
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
  if (list.kind != Kind::list) throw torch_error(where, "the list of storages is missing");

  TorchStorages storages = find_storages(pickle, where);
  if (list.items.size() != storages.size()) {
    throw torch_error(where, "the list of storages is broken", concat(list.items.size()), concat(storages.size()));
  }
  ByteReader reader(bytes.subspan(position), where);
  for (const uint32_t item : list.items) {
    const std::string_view key = keys.objects[item].text;
    const auto storage = storages.find(key);
    if (storage == storages.end() || !storage->second.bytes.empty()) {
      throw torch_error(where, "the list of storages is broken", "'" + printable(key) + "'");
    }
    const auto count = reader.number<int64_t>();
    if (count != storage->second.count) {
      throw torch_error(where, "storage '" + printable(key) + "' has another size than the pickle says", concat(count),
                        concat(storage->second.count));
    }
    storage->second.bytes = reader.take(checked_size(storage->second, reader.remaining(), key, where));
  }
  if (reader.remaining() != 0)
    throw torch_error(where, "bytes after the last storage", concat(reader.remaining()), "none");
  return tensors_of(pickle, storages, where);
}

std::vector<StridedTensor> read_zip(std::span<const std::byte> bytes, const std::string& where) {
  const Zip zip(bytes, where);
  const std::string folder = archive_folder(zip, "torch.save", where);
  const Pickle pickle = read_pickle(zip.content(folder + "data.pkl"), where);
  return tensors_of(pickle, storages_in_zip(pickle, zip, folder, where), where);
}

}  // namespace

std::vector<StridedTensor> read_torch_file(std::span<const std::byte> bytes, TorchLayout layout,
                                           const std::string& where) {
  return layout == TorchLayout::zip ? read_zip(bytes, where) : read_legacy(bytes, where);
}

}  // namespace mtcnn
