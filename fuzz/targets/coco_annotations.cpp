#include "mtcnn/data/coco_annotations.h"

#include "input.h"

/// Annotations in COCO's JSON.
MTCNN_FUZZ_TARGET(input) {
  const auto nothing = [](const auto&) {};
  mtcnn::read_coco_annotations(mtcnn::fuzz::input_file("annotations.json", input), {}, {}, nothing, nothing);
}
