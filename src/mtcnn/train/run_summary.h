#pragma once

#include "mtcnn/core/json.h"

#include <filesystem>
#include <string>

namespace mtcnn {

/// A run folder explained: net, progress, the figures of the best and of the last epoch, where its weights are.
struct RunSummary {
  std::string text;  ///< lines for people
  Json json;
};

/// Whether a folder looks like one that `mtcnn train` writes.
bool is_run_folder(const std::filesystem::path& folder);

/// Unfinished runs are as welcome as finished ones; figures that are not there yet are left out.
/// \throws Error naming the file that is missing or damaged.
RunSummary summarise_run(const std::filesystem::path& folder);

}  // namespace mtcnn
