#pragma once

#include <filesystem>

#include <gtest/gtest.h>

namespace mtcnn::testing {

/// The repository's own root.
std::filesystem::path source_folder();

/// The folder with reference data beside the checkout (or where MTCNN_SHARED_DIR says); it is never part of the
/// repository.
std::filesystem::path shared_folder();

}  // namespace mtcnn::testing

/// Skips the test, saying so, where reference data are absent.
#define MTCNN_NEEDS_SHARED(relative)                                                           \
  if (!std::filesystem::exists(mtcnn::testing::shared_folder() / (relative))) {                \
    GTEST_SKIP() << "no reference data at " << (mtcnn::testing::shared_folder() / (relative)); \
  }
