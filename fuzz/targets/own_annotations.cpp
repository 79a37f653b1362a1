#include "mtcnn/data/annotations.h"

#include "input.h"

/// Own annotations, JSON lines; what was read can be written and read again.
MTCNN_FUZZ_TARGET(input) {
  mtcnn::read_annotations(mtcnn::fuzz::input_file("annotations.jsonl", input),
                          [](const mtcnn::ImageAnnotation& image) { mtcnn::annotation_line(image); });
}
