#include "mtcnn/image/tiff.h"

#include <algorithm>
#include <array>
#include <map>

namespace mtcnn {
namespace {

enum Tag : uint64_t {
  kSubfileType = 254,
  kImageWidth = 256,
  kImageLength = 257,
  kBitsPerSample = 258,
  kCompression = 259,
  kPhotometric = 262,
  kStripOffsets = 273,
  kOrientation = 274,
  kSamplesPerPixel = 277,
  kStripByteCounts = 279,
  kTileOffsets = 324,
  kTileByteCounts = 325,
  kSubfiles = 330,
  kExtraSamples = 338,
  kSampleFormat = 339,
  kDngVersion = 50706
};
constexpr uint64_t kWhiteIsZero = 0;  // values of kPhotometric
constexpr uint64_t kBlackIsZero = 1;
constexpr uint64_t kSeparatedInks = 5;    // CMYK
constexpr uint64_t kAssociatedAlpha = 1;  // a value of kExtraSamples

struct Compression {
  uint64_t number;
  const char* name;
  enum { always, maybe, never } decoded;  ///< `maybe`: by some builds of libtiff, by others silently not
};
// What libtiff registers, and what others have registered. Decoders without one of them hand out a black image.
constexpr Compression kCompressions[] = {
    {1, "none", Compression::always},          {2, "CCITT", Compression::always},
    {3, "fax group 3", Compression::always},   {4, "fax group 4", Compression::always},
    {5, "LZW", Compression::always},           {6, "old-style JPEG", Compression::maybe},
    {7, "JPEG", Compression::maybe},           {8, "Deflate", Compression::always},
    {32766, "NeXT", Compression::maybe},       {32771, "CCITT", Compression::always},
    {32773, "PackBits", Compression::always},  {32809, "ThunderScan", Compression::maybe},
    {32946, "Deflate", Compression::always},   {33003, "JPEG 2000", Compression::never},
    {33005, "JPEG 2000", Compression::never},  {34661, "JBIG", Compression::maybe},
    {34676, "SGI LogLuv", Compression::maybe}, {34677, "SGI LogLuv", Compression::maybe},
    {34712, "JPEG 2000", Compression::never},  {34713, "Nikon NEF", Compression::never},
    {34887, "LERC", Compression::maybe},       {34892, "lossy JPEG of DNG", Compression::never},
    {34925, "LZMA", Compression::maybe},       {34933, "PNG", Compression::never},
    {22610, "JPEG XR", Compression::never},    {34934, "JPEG XR", Compression::never},
    {50000, "Zstandard", Compression::maybe},  {50001, "WebP", Compression::maybe},
    {50002, "JPEG XL", Compression::never},    {52546, "JPEG XL", Compression::never}};

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
  /// Where the first value stands, and its bytes; for writing over it.
  std::pair<uint64_t, unsigned> place(Tag tag) const { return {values_.at(tag).at, values_.at(tag).size}; }
  ByteOrder order() const { return order_; }
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

/// Raw files look like a TIFF whose first image is a thumbnail.
bool is_raw(const PictureBytes& bytes, const Directory& directory) {
  const bool thumbnail = (directory.value(kSubfileType, 0, 0) & 1) != 0 && directory.has(kSubfiles);
  return bytes.says(8, "CR") || directory.has(kDngVersion) || thumbnail;
}

/// Refuses kinds of samples that no decoder here reads, in words that say which.
void check_samples(const PictureBytes& bytes, const Directory& directory) {
  const uint64_t bits = directory.value(kBitsPerSample, 0, 1);
  const uint64_t samples = directory.value(kSamplesPerPixel, 0, 1);
  const uint64_t photometric = directory.value(kPhotometric, 0, 0);
  const uint64_t format = directory.value(kSampleFormat, 0, 1);
  const auto refuse = [&](const std::string& what) { bytes.unsupported("a TIFF with " + what); };
  const std::string wide = std::to_string(bits) + "-bit ";
  if (format == 2) refuse(wide + "signed samples");
  if (format == 3) refuse(wide + "float samples");
  if (format == 5 || format == 6) refuse(wide + "complex samples");
  if (samples > 4) refuse(std::to_string(samples) + " channels");
  if (samples > 2 && (photometric == kBlackIsZero || photometric == kWhiteIsZero))
    refuse(std::to_string(samples) + " channels without colours");
  constexpr std::array<uint64_t, 6> kBits = {1, 8, 10, 12, 14, 16};
  if (std::find(kBits.begin(), kBits.end(), bits) == kBits.end()) refuse(std::to_string(bits) + " bits a channel");
  for (uint64_t k = 1; k < directory.count(kBitsPerSample) && k < samples; ++k) {
    if (directory.value(kBitsPerSample, k, bits) != bits) refuse("channels of unequal bits");
  }
  if (bits > 8 && photometric == kSeparatedInks)
    bytes.unsupported("a TIFF of printing inks with " + std::to_string(bits) + " bits a channel");
}

Compression compression_of(const Directory& directory) {
  const uint64_t number = directory.value(kCompression, 0, 1);
  const auto* const found = std::find_if(std::begin(kCompressions), std::end(kCompressions),
                                         [&](const Compression& known) { return known.number == number; });
  return found == std::end(kCompressions) ? Compression{number, "a method of no known number", Compression::never}
                                          : *found;
}

std::optional<int> orientation_of(const Directory& directory) {
  const uint64_t value = directory.value(kOrientation, 0, 0);
  return value >= 1 && value <= 8 ? std::optional(static_cast<int>(value)) : std::nullopt;
}

}  // namespace

bool starts_tiff(const PictureBytes& bytes) {
  using namespace std::string_view_literals;
  return bytes.says(0, "II*\0"sv) || bytes.says(0, "MM\0*"sv) || bytes.says(0, "II+\0"sv) || bytes.says(0, "MM\0+"sv);
}

PictureFacts inspect_tiff(const PictureBytes& bytes) {
  const Directory directory(bytes);
  if (is_raw(bytes, directory)) bytes.unsupported("a camera's raw file");
  if (!directory.has(kImageWidth) || !directory.has(kImageLength)) bytes.damaged("it states no size");
  check_parts(bytes, directory, kStripOffsets, kStripByteCounts);
  check_parts(bytes, directory, kTileOffsets, kTileByteCounts);
  check_samples(bytes, directory);
  const uint64_t bits = directory.value(kBitsPerSample, 0, 1);
  const uint64_t samples = directory.value(kSamplesPerPixel, 0, 1);
  const uint64_t photometric = directory.value(kPhotometric, 0, 0);
  const uint64_t extra = directory.value(kExtraSamples, 0, 0);
  const Compression compression = compression_of(directory);
  if (compression.decoded == Compression::never)
    bytes.unsupported(std::string("a TIFF compressed with ") + compression.name);
  // The decoder's path for 8 bits multiplies by alpha and knows that white may be 0, the one for 16 hands on what is
  // stored.
  return {
      .kind = PictureKind::tiff,
      .width = static_cast<int64_t>(directory.value(kImageWidth, 0, 0) & 0xFFFFFFFF),
      .height = static_cast<int64_t>(directory.value(kImageLength, 0, 0) & 0xFFFFFFFF),
      .orientation = orientation_of(directory).value_or(1),
      .premultiplied = bits <= 8 || extra == kAssociatedAlpha,
      .alpha_is_undefined = samples == 4 && photometric != kSeparatedInks && directory.has(kExtraSamples) && extra == 0,
      .white_is_zero = bits > 8 && photometric == kWhiteIsZero,
      .doubtful = compression.decoded == Compression::maybe ? compression.name : ""};
}

std::optional<int> tiff_orientation(const PictureBytes& bytes) { return orientation_of(Directory(bytes)); }

std::string without_orientation(const PictureBytes& bytes) {
  std::string copy(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const Directory directory(bytes);
  const auto [at, size] = directory.place(kOrientation);
  bytes.part(at, size);
  std::fill_n(copy.begin() + static_cast<ptrdiff_t>(at), size, '\0');
  copy[static_cast<size_t>(directory.order() == ByteOrder::big ? at + size - 1 : at)] = 1;
  return copy;
}

}  // namespace mtcnn
