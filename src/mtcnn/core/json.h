#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace mtcnn {

/// Keys keep the order in which they were written, so that files read well and bytes are stable.
using Json = nlohmann::ordered_json;

/// Parses `text`.
/// \throws Error naming `where`, with line and column, if it is not JSON, holds a number that no double can hold, or
/// nests lists and objects more than 100 deep (so that nobody who walks the value runs out of stack).
Json parse_json(std::string_view text, const std::string& where);

/// Bytes that a file of settings and one of data may have.
inline constexpr size_t kLargestSettings = size_t{64} << 20;
inline constexpr size_t kLargestData = size_t{1} << 30;

/// Reads and parses the file.
/// \throws Error as read_text and parse_json do.
Json read_json(const std::filesystem::path& path, size_t most = kLargestSettings);

/// The value of a text that may be cut off or no JSON at all, as the last line of a killed run: nothing then.
std::optional<Json> try_parse_json(std::string_view text);

/// A short form of `value` for messages: at most about 60 characters, always valid UTF-8.
std::string shown(const Json& value);

/// The first place where two values differ, with both, as "seed 1, now 2"; empty where they are equal.
std::string first_difference(const Json& now, const Json& before);

}  // namespace mtcnn
