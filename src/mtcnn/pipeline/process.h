#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn {

/// Runs a program and waits for it; it shares standard input, output and error. While an InterruptGuard lives, Ctrl-C
/// reaches it as well; a SIGTERM to this process is passed on.
/// \return its exit code, 128 + the signal where one ended it.
/// \throws Error if it cannot be started.
int run_process(const std::filesystem::path& program, const std::vector<std::string>& arguments);

}  // namespace mtcnn
