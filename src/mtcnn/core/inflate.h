#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace mtcnn {

/// The content of a zlib stream; nothing where it is damaged, cut off, or has more than `most` bytes.
std::optional<std::string> inflated(std::span<const std::byte> stream, size_t most);

}  // namespace mtcnn
