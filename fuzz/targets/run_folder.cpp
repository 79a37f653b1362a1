#include "mtcnn/train/run_summary.h"

#include "input.h"

/// A training run that `mtcnn inspect` explains: config.json, environment.json, metrics.jsonl.
MTCNN_FUZZ_TARGET(input) {
  const auto parts = mtcnn::fuzz::parts_of(input, 3);
  mtcnn::fuzz::input_file("config.json", parts[0]);
  mtcnn::fuzz::input_file("environment.json", parts[1]);
  mtcnn::fuzz::input_file("metrics.jsonl", parts[2]);
  mtcnn::summarise_run(mtcnn::fuzz::input_folder());
}
