#include "mtcnn/eval/coco_files.h"

#include "input.h"

/// Ground truth and detections as COCO scoring takes them.
MTCNN_FUZZ_TARGET(input) {
  const auto parts = mtcnn::fuzz::parts_of(input, 2);
  mtcnn::CocoTruth truth = mtcnn::read_coco_truth(mtcnn::fuzz::input_file("truth.json", parts[0]), "");
  mtcnn::read_coco_detections({mtcnn::fuzz::input_file("detections.json", parts[1])}, truth);
}
