#include "mtcnn/weights/import.h"

#include "input.h"

/// Weights of other projects: torch.save, safetensors, Caffe.
MTCNN_FUZZ_TARGET(input) { mtcnn::import_weights(mtcnn::fuzz::input_file("weights", input)); }
