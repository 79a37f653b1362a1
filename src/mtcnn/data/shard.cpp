#include "mtcnn/data/shard.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include <cstring>
#include <map>
#include <utility>

namespace mtcnn {
namespace {

constexpr const char* kFormat = "mtcnn-crops";
constexpr const char* kVersion = "1";
constexpr int64_t kOffsetCount = 4;
constexpr int64_t kTurnCount = 2;
constexpr int64_t kLargestSize = 4096;

/// One column of all labels, packed as the file holds it.
template <class Value, class Get>
std::vector<Value> column(const Crops& crops, size_t width, Get get) {
  std::vector<Value> values;
  values.reserve(width * crops.labels.size());
  for (const CropLabel& label : crops.labels) {
    const auto row = get(label);
    values.insert(values.end(), row.begin(), row.end());
  }
  return values;
}

template <class Value>
std::span<const std::byte> bytes_of(const std::vector<Value>& values) {
  return std::as_bytes(std::span(values));
}

template <size_t N>
std::array<float, N> floats_at(const std::byte* tensor, int64_t row) {
  std::array<float, N> values;
  std::memcpy(values.data(), tensor + static_cast<size_t>(row) * sizeof values, sizeof values);
  return values;
}

std::string metadata_value(const Safetensors& file, const char* key) {
  const auto entry = file.metadata().find(key);
  return entry == file.metadata().end() ? std::string() : entry->second;
}

}  // namespace

const char* crop_kind_name(CropKind kind) {
  switch (kind) {
    case CropKind::positive:
      return "positive";
    case CropKind::part:
      return "part";
    case CropKind::negative:
      return "negative";
    case CropKind::landmark:
      return "landmark";
  }
  throw ContractError("crop_kind_name: no such kind");
}

CropKind crop_kind(std::string_view name, const std::string& where) {
  for (const CropKind kind : kCropKinds) {
    if (name == crop_kind_name(kind)) return kind;
  }
  throw Error(ErrorCode::bad_format, "an unknown kind of crops",
              {.where = where, .found = concat("'", name, "'"), .expected = "positive, part, negative or landmark"});
}

std::string shard_name(std::string_view stage, CropKind kind, int64_t index) {
  std::string digits = concat(index);
  if (digits.size() < 5) digits.insert(0, 5 - digits.size(), '0');
  return concat(stage, "-", crop_kind_name(kind), "-", digits, ".safetensors");
}

void write_shard(const std::filesystem::path& path, std::string_view stage, const Crops& crops) {
  const int64_t n = crops.count();
  const int64_t s = crops.size;
  require(n > 0 && s > 0, "write_shard: no crops");
  require(crops.pixels.size() == static_cast<size_t>(n * 3 * s * s), "write_shard: pixels do not fit the labels");
  const auto offsets = column<float>(crops, kOffsetCount, [](const CropLabel& l) { return l.offsets; });
  const auto overlap = column<float>(crops, 1, [](const CropLabel& l) { return std::array{l.overlap}; });
  const auto source = column<int32_t>(crops, 1, [](const CropLabel& l) { return std::array{l.source}; });
  const auto window = column<float>(crops, 4, [](const CropLabel& l) {
    return std::array{l.window.x1, l.window.y1, l.window.x2, l.window.y2};
  });
  std::vector<TensorView> tensors = {{"pixels", Dtype::u8, {n, 3, s, s}, bytes_of(crops.pixels)},
                                     {"offsets", Dtype::f32, {n, kOffsetCount}, bytes_of(offsets)},
                                     {"overlap", Dtype::f32, {n}, bytes_of(overlap)},
                                     {"source", Dtype::i32, {n}, bytes_of(source)},
                                     {"window", Dtype::f32, {n, 4}, bytes_of(window)}};
  std::vector<float> landmarks;
  std::vector<float> turn;
  if (crops.kind == CropKind::landmark) {
    const auto numbers = static_cast<int64_t>(crops.labels.front().landmarks.size());
    landmarks = column<float>(crops, static_cast<size_t>(numbers), [](const CropLabel& l) { return l.landmarks; });
    require(numbers > 0 && static_cast<int64_t>(landmarks.size()) == n * numbers,
            "write_shard: landmark samples differ in their number of points");
    turn = column<float>(crops, kTurnCount, [](const CropLabel& l) {
      return std::array{l.turn, l.mirrored ? 1.0F : 0.0F};
    });
    tensors.push_back({"landmarks", Dtype::f32, {n, numbers}, bytes_of(landmarks)});
    tensors.push_back({"turn", Dtype::f32, {n, kTurnCount}, bytes_of(turn)});
  }
  write_safetensors(path, tensors,
                    {{"format", kFormat},
                     {"version", kVersion},
                     {"stage", std::string(stage)},
                     {"kind", crop_kind_name(crops.kind)}});
}

// Always mapped: a data set has thousands, and release_pages() gives back what was read.
Shard::Shard(std::filesystem::path path) : file_(std::move(path), 0) {
  const std::string where = file_.path().string();
  if (const std::string format = metadata_value(file_, "format"); format != kFormat) {
    throw Error(ErrorCode::bad_format, "not a shard of crops",
                {.where = where, .found = concat("format '", format, "'"), .expected = concat("'", kFormat, "'")});
  }
  if (const std::string version = metadata_value(file_, "version"); version != kVersion) {
    throw Error(ErrorCode::unsupported, "a shard of another version",
                {.where = where,
                 .found = concat("version '", version, "'"),
                 .expected = concat("'", kVersion, "'"),
                 .hint = "make the crops again with this program's `mtcnn prepare`"});
  }
  stage_ = metadata_value(file_, "stage");
  kind_ = crop_kind(metadata_value(file_, "kind"), where);
  const Safetensors::Entry* pixels = file_.find("pixels");
  if (pixels == nullptr || pixels->shape.size() != 4 || pixels->shape[2] < 1 || pixels->shape[2] > kLargestSize) {
    throw Error(ErrorCode::bad_format, "bad tensor 'pixels'",
                {.where = where,
                 .found = pixels == nullptr ? "none" : shape_text(pixels->shape),
                 .expected = "[N, 3, S, S] of 8 bits"});
  }
  const int64_t n = count_ = pixels->shape[0];
  const int64_t s = pixels->shape[2];
  size_ = static_cast<int>(s);
  pixels_ = tensor("pixels", Dtype::u8, {n, 3, s, s});
  offsets_ = tensor("offsets", Dtype::f32, {n, kOffsetCount});
  overlap_ = tensor("overlap", Dtype::f32, {n});
  source_ = tensor("source", Dtype::i32, {n});
  window_ = tensor("window", Dtype::f32, {n, 4});
  if (kind_ == CropKind::landmark) {
    const Safetensors::Entry* entry = file_.find("landmarks");
    const bool some = entry != nullptr && entry->shape.size() == 2 && entry->shape[1] >= 2;
    points_ = some ? entry->shape[1] / 2 : kLandmarkCount;  // a face's, where the file does not tell
    landmarks_ = tensor("landmarks", Dtype::f32, {n, 2 * points_});
    turn_ = tensor("turn", Dtype::f32, {n, kTurnCount});
  }
  const size_t expected = kind_ == CropKind::landmark ? 7 : 5;
  if (file_.entries().size() != expected) {
    throw Error(ErrorCode::bad_format, "a shard with tensors that do not belong there",
                {.where = where,
                 .found = concat(file_.entries().size(), " tensors"),
                 .expected = concat(expected, " for the kind '", crop_kind_name(kind_), "'")});
  }
}

const std::byte* Shard::tensor(const char* name, Dtype dtype, const std::vector<int64_t>& shape) const {
  const Safetensors::Entry* entry = file_.find(name);
  if (entry == nullptr || entry->dtype != dtype || entry->shape != shape) {
    throw Error(ErrorCode::bad_format, concat("bad tensor '", name, "'"),
                {.where = path().string(),
                 .found = entry == nullptr ? "none" : concat(dtype_name(entry->dtype), " ", shape_text(entry->shape)),
                 .expected = concat(dtype_name(dtype), " ", shape_text(shape))});
  }
  return file_.bytes(*entry).data();
}

std::span<const uint8_t> Shard::pixels(int64_t index) const {
  require(index >= 0 && index < count_, "Shard::pixels: no such crop");
  const size_t bytes = size_t{3} * static_cast<size_t>(size_) * static_cast<size_t>(size_);
  return {reinterpret_cast<const uint8_t*>(pixels_) + static_cast<size_t>(index) * bytes, bytes};
}

CropLabel Shard::label(int64_t index) const {
  CropLabel label = located(index);
  label.overlap = floats_at<1>(overlap_, index)[0];
  std::memcpy(&label.source, source_ + static_cast<size_t>(index) * sizeof label.source, sizeof label.source);
  return label;
}

CropLabel Shard::targets(int64_t index) const { return kind_ == CropKind::negative ? CropLabel{} : located(index); }

CropLabel Shard::located(int64_t index) const {
  require(index >= 0 && index < count_, "Shard: no such crop");
  CropLabel label;
  label.offsets = floats_at<kOffsetCount>(offsets_, index);
  const auto window = floats_at<4>(window_, index);
  label.window = {window[0], window[1], window[2], window[3]};
  if (landmarks_ != nullptr) {
    label.landmarks.resize(2 * static_cast<size_t>(points_));
    const size_t bytes = label.landmarks.size() * sizeof(float);
    std::memcpy(label.landmarks.data(), landmarks_ + static_cast<size_t>(index) * bytes, bytes);
    const auto turn = floats_at<kTurnCount>(turn_, index);
    label.turn = turn[0];
    label.mirrored = turn[1] != 0;
  }
  return label;
}

std::string Shard::checksum() const { return checksum_text(crc32(file_.whole())); }

}  // namespace mtcnn
