#include "mtcnn/weights/weights.h"

#include "input.h"

/// A weights file of ours.
MTCNN_FUZZ_TARGET(input) {
  for (const mtcnn::NetKind net : mtcnn::kNetKinds) {
    mtcnn::fuzz::expect_result_or_error([&] { mtcnn::parse_weights("weights", mtcnn::fuzz::as_bytes(input), net); });
  }
}
