#pragma once

#include <CLI/CLI.hpp>

/// One function a verb: adds it to the program. Its callback runs the verb and throws Error where that fails.
namespace mtcnn::cli {

void add_detect(CLI::App& program);
void add_import(CLI::App& program);

}  // namespace mtcnn::cli
