#include "mtcnn/eval/wider_detections.h"

#include "input.h"

/// Detections for WIDER FACE's evaluation: the official folder, and JSON lines.
MTCNN_FUZZ_TARGET(input) {
  static const mtcnn::WiderGroundTruth truth = {
      .images = {{"0--Parade", "one", {{.x = 1, .y = 1, .w = 9, .h = 9}}}}, .events = 1, .faces = 1};
  mtcnn::fuzz::input_file("run/0--Parade/one.txt", input);
  mtcnn::fuzz::expect_result_or_error([] { mtcnn::read_wider_run({mtcnn::fuzz::input_folder() / "run"}, truth); });
  mtcnn::read_wider_run({mtcnn::fuzz::input_file("run.jsonl", input)}, truth);
}
