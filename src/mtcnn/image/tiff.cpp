#include "mtcnn/image/tiff.h"

#include <map>
#include <optional>

namespace mtcnn {
namespace {

enum Tag : uint64_t {
  kImageWidth = 256,
  kImageLength = 257,
  kBitsPerSample = 258,
  kPhotometric = 262,
  kStripOffsets = 273,
  kOrientation = 274,
  kStripByteCounts = 279,
  kTileOffsets = 324,
  kTileByteCounts = 325,
  kExtraSamples = 338
};
constexpr uint64_t kSeparatedInks = 5;    // a value of kPhotometric: CMYK
constexpr uint64_t kAssociatedAlpha = 1;  // a value of kExtraSamples

/// The unsigned integers of the first directory.
class Directory {
 public:
  explicit Directory(const PictureBytes& bytes) : bytes_(bytes) {
    order_ = bytes.says(0, "II") ? ByteOrder::little : ByteOrder::big;
    const bool big = read(2, 2) == 43;  // BigTIFF: offsets and counts of 8 bytes
    const unsigned word = big ? 8 : 4;
    const uint64_t start = read(big ? 8 : 4, word);
    const unsigned count_size = big ? 8 : 2;
    const uint64_t count = read(start, count_size);
    const uint64_t entry_size = 4 + 2 * uint64_t{word};
    if (count > bytes.size() / entry_size) bytes.truncated();
    for (uint64_t k = 0; k < count; ++k) {
      const uint64_t at = start + count_size + k * entry_size;
      add(at, word);
    }
  }

  bool has(Tag tag) const { return values_.contains(tag); }
  uint64_t count(Tag tag) const { return has(tag) ? values_.at(tag).count : 0; }
  /// The value at `index`, or `missing` where there is none.
  uint64_t value(Tag tag, uint64_t index, uint64_t missing) const {
    if (index >= count(tag)) return missing;
    const Values& values = values_.at(tag);
    return read(values.at + index * values.size, values.size);
  }

 private:
  struct Values {
    uint64_t at = 0;
    uint64_t count = 0;
    unsigned size = 0;  ///< bytes of one
  };

  void add(uint64_t at, unsigned word) {
    const std::optional<unsigned> size = integer_size(read(at + 2, 2));
    if (!size) return;
    Values values{.count = read(at + 4, word), .size = *size};
    if (values.count > bytes_.size() / values.size) bytes_.truncated();
    const uint64_t inside = at + 4 + word;
    values.at = values.count * values.size <= word ? inside : read(inside, word);
    values_.emplace(read(at, 2), values);
  }

  static std::optional<unsigned> integer_size(uint64_t type) {
    switch (type) {
      case 1:
        return 1;
      case 3:
        return 2;
      case 4:
        return 4;
      case 16:
        return 8;
      default:
        return std::nullopt;
    }
  }

  uint64_t read(uint64_t at, unsigned size) const { return bytes_.number(at, size, order_); }

  PictureBytes bytes_;
  ByteOrder order_ = ByteOrder::big;
  std::map<uint64_t, Values> values_;
};

void check_parts(const PictureBytes& bytes, const Directory& directory, Tag offsets, Tag sizes) {
  for (uint64_t k = 0; k < directory.count(sizes); ++k) {
    const uint64_t size = directory.value(sizes, k, 0);
    if (size > 0) bytes.part(directory.value(offsets, k, 0), size);
  }
}

}  // namespace

bool starts_tiff(const PictureBytes& bytes) {
  using namespace std::string_view_literals;
  return bytes.says(0, "II*\0"sv) || bytes.says(0, "MM\0*"sv) || bytes.says(0, "II+\0"sv) || bytes.says(0, "MM\0+"sv);
}

PictureFacts inspect_tiff(const PictureBytes& bytes) {
  const Directory directory(bytes);
  if (!directory.has(kImageWidth) || !directory.has(kImageLength)) bytes.damaged("it states no size");
  check_parts(bytes, directory, kStripOffsets, kStripByteCounts);
  check_parts(bytes, directory, kTileOffsets, kTileByteCounts);
  const uint64_t bits = directory.value(kBitsPerSample, 0, 1);
  if (bits > 16) bytes.unsupported("a TIFF with " + std::to_string(bits) + " bits a channel");
  if (bits > 8 && directory.value(kPhotometric, 0, 0) == kSeparatedInks) {
    bytes.unsupported("a TIFF of printing inks with " + std::to_string(bits) + " bits a channel");
  }
  // The decoder's path for 8 bits multiplies by alpha, the one for 16 hands on what is stored.
  return {.kind = PictureKind::tiff,
          .width = static_cast<int64_t>(directory.value(kImageWidth, 0, 0) & 0xFFFFFFFF),
          .height = static_cast<int64_t>(directory.value(kImageLength, 0, 0) & 0xFFFFFFFF),
          .premultiplied = bits <= 8 || directory.value(kExtraSamples, 0, 0) == kAssociatedAlpha};
}

int exif_orientation(const PictureBytes& block) {
  using namespace std::string_view_literals;
  try {
    constexpr std::string_view kPrefix = "Exif\0\0"sv;
    const PictureBytes bytes =
        block.says(0, kPrefix) ? block.within(kPrefix.size(), block.size() - kPrefix.size()) : block;
    if (!starts_tiff(bytes)) return 1;
    const uint64_t value = Directory(bytes).value(kOrientation, 0, 1);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  } catch (const Error&) {
    return 1;
  }
}

}  // namespace mtcnn
