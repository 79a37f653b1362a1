#pragma once

namespace mtcnn::run_files {

/// What a training run writes into its folder (docs/formats.md).
inline constexpr const char* kConfig = "config.json";
inline constexpr const char* kEnvironment = "environment.json";
inline constexpr const char* kMetrics = "metrics.jsonl";
inline constexpr const char* kLog = "log.txt";
inline constexpr const char* kDone = "DONE";
inline constexpr const char* kCheckpoints = "checkpoints";

}  // namespace mtcnn::run_files
