#include "mtcnn/weights/script_archive.h"

#include "mtcnn/core/text.h"
#include "mtcnn/weights/byte_reader.h"

#include <utility>

namespace mtcnn {
namespace {

using Kind = PickleObject::Kind;

constexpr size_t kLargestArchive = size_t{64} << 20;
// A module may be an attribute of any number of others, itself included: the walk is bounded, not only the file.
constexpr int kDeepest = 8;
constexpr int kMostAttributes = 20'000;

/// Collects the attributes of a module and of the modules in it.
class AttributeWalk {
 public:
  AttributeWalk(const Pickle& pickle, const TorchStorages& storages, const std::string& where)
      : pickle_(pickle), storages_(storages), where_(where) {}

  ScriptValues collect() {
    if (pickle_.objects[pickle_.root].kind != Kind::object)
      throw Error(ErrorCode::bad_format, "this archive holds no module", {.where = where_});
    visit(pickle_.objects[pickle_.root], "", kDeepest);
    return std::move(values_);
  }

 private:
  Error broken(const std::string& path, const std::string& message, const std::string& expected) const {
    return {ErrorCode::bad_format,
            concat("'", printable(path), "' in this archive ", message),
            {.where = where_, .expected = expected}};
  }

  void visit(const PickleObject& module, const std::string& path, int levels) {
    if (levels == 0) throw broken(path, "lies too deep", concat("modules at most ", kDeepest, " deep"));
    const auto& class_items = pickle_.objects[module.items[0]].items;
    const std::string class_name = printable(concat(text(class_items[0]), ".", text(class_items[1])));
    if (module.items.size() < 2 || pickle_.objects[module.items[1]].kind != Kind::dict) {
      throw Error(ErrorCode::unsupported,
                  concat("class ", class_name, " in this archive takes its state by code of its own"),
                  {.where = where_, .expected = "modules without __setstate__", .hint = "the code was not run"});
    }
    const auto& state = pickle_.objects[module.items[1]].items;
    for (size_t i = 0; i < state.size(); i += 2) {
      const PickleObject& key = pickle_.objects[state[i]];
      if (++attributes_ > kMostAttributes || key.kind != Kind::text || key.text.size() > kLongestName ||
          !is_utf8(std::string(key.text))) {
        throw broken(path, "has too many attributes or one with a bad name",
                     concat("at most ", kMostAttributes, ", with names up to ", kLongestName, " bytes"));
      }
      take(pickle_.objects[state[i + 1]], path.empty() ? std::string(key.text) : concat(path, ".", key.text), levels);
    }
  }

  void take(const PickleObject& value, const std::string& path, int levels) {
    bool added = true;
    if (value.kind == Kind::object) {
      visit(value, path, levels - 1);
    } else if (value.kind == Kind::tensor) {
      StridedTensor tensor = describe_tensor(pickle_, value, storages_, where_);
      tensor.name = path;
      added = values_.tensors.emplace(path, std::move(tensor)).second;
    } else if (value.kind == Kind::integer) {
      added = values_.integers.emplace(path, value.integer).second;
    } else if (value.kind == Kind::text) {
      added = values_.texts.emplace(path, value.text).second;
    }
    if (!added) throw broken(path, "is there twice", "one attribute of a name");
  }

  std::string_view text(uint32_t object) const { return pickle_.objects[object].text; }

  const Pickle& pickle_;
  const TorchStorages& storages_;
  const std::string& where_;
  ScriptValues values_;
  int attributes_ = 0;
};

std::span<const std::byte> archive_bytes(const MappedFile& file, const std::string& where) {
  const std::span<const std::byte> bytes = file.bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with("PK\x03\x04")) {
    throw Error(ErrorCode::bad_format, "not a TorchScript file",
                {.where = where, .found = concat(bytes.size(), " bytes of another kind"), .expected = "a zip archive"});
  }
  if (bytes.size() > kLargestArchive) {
    throw Error(
        ErrorCode::bad_format, "this file is too large for a TorchScript file of ours",
        {.where = where, .found = concat(bytes.size(), " bytes"), .expected = concat("at most ", kLargestArchive)});
  }
  return bytes;
}

}  // namespace

ScriptArchive::ScriptArchive(const std::filesystem::path& path)
    : where_(path.string()),
      file_(path),
      zip_(archive_bytes(file_, where_), where_),
      folder_(archive_folder(zip_, "TorchScript", where_)) {
  const Pickle pickle = read_pickle(zip_.content(folder_ + "data.pkl"), where_, PickleDialect::script_module);
  const TorchStorages storages = storages_in_zip(pickle, zip_, folder_, where_);
  values_ = AttributeWalk(pickle, storages, where_).collect();
}

std::string ScriptArchive::extra_file(const std::string& name) const {
  const std::string entry = folder_ + "extra/" + name;
  if (!zip_.contains(entry)) return {};
  const auto content = zip_.content(entry);
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

}  // namespace mtcnn
