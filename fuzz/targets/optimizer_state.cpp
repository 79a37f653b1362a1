#include "mtcnn/train/optimizer_state.h"

#include "input.h"

/// What a checkpoint keeps of an optimizer: ours, and the archive of older runs.
MTCNN_FUZZ_TARGET(input) {
  const std::filesystem::path file = mtcnn::fuzz::input_file("optimizer", input);
  for (const char* kind : {"sgd", "adamw"}) {
    const mtcnn::OptimizerState expected = {kind, {{.name = "conv1.weight", .shape = {10, 3, 3, 3}}}};
    mtcnn::fuzz::expect_result_or_error([&, state = expected]() mutable { read_optimizer_state(file, 1000, state); });
    mtcnn::fuzz::expect_result_or_error([&, state = expected]() mutable { read_optimizer_archive(file, 1000, state); });
  }
}
