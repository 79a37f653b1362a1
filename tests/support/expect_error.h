#pragma once

#include "mtcnn/core/error.h"

#include <string>

#include <gtest/gtest.h>

namespace mtcnn::testing {

/// Runs `action`, which must throw an Error of this code; returns its message, or nothing (and fails the test) where it
/// throws none.
template <class Action>
std::string error_message(ErrorCode code, Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << "a message is one line";
    return error.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return {};
}

}  // namespace mtcnn::testing
