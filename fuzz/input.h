#pragma once

#include "mtcnn/core/error.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// What the fuzz targets share. A target is one source with LLVMFuzzerTestOneInput(), the function that libFuzzer calls
/// with every input.
namespace mtcnn::fuzz {

/// An input as a file, for readers that want a path: written over the one before, in memory where the system has such a
/// file system, and gone when the process ends.
std::filesystem::path input_file(std::string_view name, std::span<const uint8_t> bytes);

/// The folder that input_file() writes into.
const std::filesystem::path& input_folder();

inline std::span<const std::byte> as_bytes(std::span<const uint8_t> bytes) { return std::as_bytes(bytes); }
inline std::string_view as_text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The input's parts, for readers of several files: what stands between the bytes FF FE. Exactly `count`; missing ones
/// are empty, the last one is the rest.
std::vector<std::span<const uint8_t>> parts_of(std::span<const uint8_t> input, size_t count);

/// Ends the process unless the text is what a user should see: one line of printable UTF-8.
void check_message(const std::string& text);

/// Calls `read`. It may throw an Error, which is a reader's answer to a bad file, with a message of one line; anything
/// else that is thrown ends the process, and the fuzzer keeps the input.
template <class Read>
void expect_result_or_error(Read read) {
  try {
    read();
  } catch (const Error& error) {
    check_message(error.what());
  }
}

}  // namespace mtcnn::fuzz

/// The body of a target: `input` is what the fuzzer gives.
#define MTCNN_FUZZ_TARGET(input)                                            \
  static void fuzz_one(std::span<const uint8_t> input);                     \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    mtcnn::fuzz::expect_result_or_error([&] { fuzz_one({data, size}); });   \
    return 0;                                                               \
  }                                                                         \
  static void fuzz_one(std::span<const uint8_t> input)
