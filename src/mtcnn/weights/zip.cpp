#include "mtcnn/weights/zip.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/text.h"
#include "mtcnn/weights/byte_reader.h"

#include <string_view>

namespace mtcnn {
namespace {

constexpr std::string_view kEndSignature = "PK\x05\x06";
constexpr uint32_t kEntrySignature = 0x02014b50;
constexpr uint32_t kLocalSignature = 0x04034b50;
constexpr size_t kEndSize = 22;
constexpr size_t kLongestComment = 65535;
constexpr uint32_t kInZip64 = 0xffffffff;
constexpr uint16_t kEncrypted = 1;

/// The end record is the last thing in the file, but for a comment of unknown length.
size_t find_end_record(std::span<const std::byte> bytes, const std::string& where) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.size() >= kEndSize) {
    const size_t last = text.size() - kEndSize;
    const size_t found = text.rfind(kEndSignature, last);
    if (found != std::string_view::npos && last - found <= kLongestComment) return found;
  }
  throw Error(ErrorCode::bad_format, "this zip archive has no directory at its end: is the file truncated?",
              {.where = where});
}

}  // namespace

Zip::Zip(std::span<const std::byte> bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {
  const size_t end = find_end_record(bytes_, where_);
  ByteReader reader(bytes_.subspan(end), where_ + " (zip directory)");
  reader.take(4 + 2 + 2 + 2);  // the signature, the disks of a multi-disk archive, and the entries on this one
  const auto count = reader.number<uint16_t>();
  const auto size = reader.number<uint32_t>();
  const auto offset = reader.number<uint32_t>();
  if (offset == kInZip64 || size == kInZip64) {
    throw Error(ErrorCode::unsupported, "a zip64 archive cannot be read", {.where = where_});
  }
  if (offset > end || size > end - offset) {
    throw Error(
        ErrorCode::bad_format, "the zip directory lies outside the file",
        {.where = where_, .found = concat(size, " bytes from byte ", offset), .expected = concat("up to ", end)});
  }
  bytes_ = bytes_.first(end);
  read_directory(offset, count);
}

void Zip::read_directory(size_t offset, size_t count) {
  ByteReader reader(bytes_.subspan(offset), where_ + " (zip directory)");
  uint64_t stored = 0;
  for (size_t i = 0; i < count; ++i) {
    if (reader.number<uint32_t>() != kEntrySignature) {
      throw Error(ErrorCode::bad_format, concat("zip directory entry ", i, " is damaged"), {.where = where_});
    }
    Entry entry{};
    reader.take(2 + 2);  // versions
    entry.flags = reader.number<uint16_t>();
    entry.method = reader.number<uint16_t>();
    reader.take(2 + 2);  // time and date
    entry.checksum = reader.number<uint32_t>();
    entry.stored_size = reader.number<uint32_t>();
    entry.size = reader.number<uint32_t>();
    const auto name_length = reader.number<uint16_t>();
    const auto extra_length = reader.number<uint16_t>();
    const auto comment_length = reader.number<uint16_t>();
    reader.take(2 + 2 + 4);  // disk and attributes
    entry.offset = reader.number<uint32_t>();
    const std::string name(reader.take_text(name_length));
    reader.take(size_t{extra_length} + comment_length);
    stored += entry.stored_size;
    if (!entries_.emplace(name, entry).second) {
      throw Error(ErrorCode::bad_format, "zip entry '" + printable(name) + "' is there twice", {.where = where_});
    }
  }
  // Thousands of entries that share their bytes would let a small file keep a reader busy for hours.
  if (stored > bytes_.size()) {
    throw Error(
        ErrorCode::bad_format, "the entries of this zip archive overlap",
        {.where = where_, .found = concat(stored, " bytes in all"), .expected = concat("at most ", bytes_.size())});
  }
}

std::vector<std::string> Zip::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

std::span<const std::byte> Zip::content(const std::string& name) const {
  const auto problem = [&](ErrorCode code, const std::string& message, const std::string& found = {},
                           const std::string& expected = {}) {
    return Error(code, "zip entry '" + printable(name) + "' " + message,
                 {.where = where_, .found = found, .expected = expected});
  };
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw problem(ErrorCode::bad_format, "is missing");
  const Entry& entry = found->second;
  if (entry.method != 0 || (entry.flags & kEncrypted) != 0) {
    throw problem(ErrorCode::unsupported, "is compressed or encrypted", concat("method ", entry.method),
                  "plain storage, as torch.save writes it");
  }
  if (entry.size == kInZip64 || entry.stored_size == kInZip64 || entry.offset == kInZip64) {
    throw problem(ErrorCode::unsupported, "needs zip64, which cannot be read");
  }
  if (entry.size != entry.stored_size || entry.offset > bytes_.size()) {
    throw problem(ErrorCode::bad_format, "has sizes that cannot be");
  }
  ByteReader reader(bytes_.subspan(entry.offset), where_ + " (" + printable(name) + ")");
  const bool is_local_header = reader.number<uint32_t>() == kLocalSignature;
  reader.take(22);  // what the directory says again
  const auto name_length = reader.number<uint16_t>();
  const auto extra_length = reader.number<uint16_t>();
  if (!is_local_header || reader.take_text(name_length) != name) {
    throw problem(ErrorCode::bad_format, "is not where the directory says");
  }
  reader.take(extra_length);
  const auto content = reader.take(entry.size);
  if (const uint32_t actual = crc32(content); actual != entry.checksum) {
    throw problem(ErrorCode::bad_format, "is damaged", checksum_text(actual), checksum_text(entry.checksum));
  }
  return content;
}

}  // namespace mtcnn
