#pragma once

#include "mtcnn/core/error.h"
#include "mtcnn/core/json.h"

#include <filesystem>
#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace mtcnn::testing {

/// Calls `use` with `whole` changed at one place: each value in it, and the whole itself, becomes null, a bool, numbers
/// (-1, 1e300, 2^63), a text, a list and an object, and each member and element is taken out. \param what says which.
void for_each_damage(const Json& whole, const std::function<void(const Json& damaged, const std::string& what)>& use);

/// Writes the text at once: hundreds of files that each wait for the disk would take minutes.
void overwrite(const std::filesystem::path& path, const std::string& text);

/// Runs `action`, which may do well or throw an Error that names `file`, but nothing else.
template <class Action>
void expect_only_errors(const std::string& file, const std::string& what, Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(file), std::string::npos) << what << ": " << error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << what << ": " << error.what();
  }
}

}  // namespace mtcnn::testing
