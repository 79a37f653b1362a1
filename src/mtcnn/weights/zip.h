#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace mtcnn {

/// The entries of a zip archive that were stored without compression, as torch.save stores them. Nothing is copied: the
/// bytes given must stay alive.
/// Source: PKWARE's APPNOTE.TXT 4.3.
class Zip {
 public:
  /// Reads and checks the central directory.
  /// \param where names the source in messages.
  /// \throws Error if it is missing (a truncated file), leaves the file, names an entry twice, has entries that
  /// overlap, or needs zip64.
  Zip(std::span<const std::byte> bytes, std::string where);

  bool contains(const std::string& name) const { return entries_.count(name) != 0; }
  /// Names in alphabetical order.
  std::vector<std::string> names() const;
  /// The content of an entry.
  /// \throws Error if there is no such entry, it is compressed or encrypted, leaves the file, or does not fit its
  /// checksum.
  std::span<const std::byte> content(const std::string& name) const;

 private:
  struct Entry {
    uint16_t flags;
    uint16_t method;
    uint32_t checksum;
    uint32_t stored_size;
    uint32_t size;
    uint32_t offset;  ///< of the local header
  };

  void read_directory(size_t offset, size_t count);

  std::span<const std::byte> bytes_;
  std::string where_;
  std::map<std::string, Entry> entries_;
};

}  // namespace mtcnn
