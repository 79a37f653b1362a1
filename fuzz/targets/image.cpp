#include "mtcnn/image/read.h"

#include "input.h"

/// An image of any kind.
MTCNN_FUZZ_TARGET(input) { mtcnn::decode_image(mtcnn::fuzz::as_bytes(input), "image"); }
