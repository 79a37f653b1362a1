#include "mtcnn/data/detections.h"

#include "input.h"

/// Detections, JSON lines; what was read can be written.
MTCNN_FUZZ_TARGET(input) {
  mtcnn::read_detections(mtcnn::fuzz::input_file("detections.jsonl", input),
                         [](const mtcnn::ImageDetections& image) { mtcnn::detections_line(image); });
}
