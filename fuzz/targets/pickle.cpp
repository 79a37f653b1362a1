#include "mtcnn/weights/pickle.h"

#include "input.h"

/// A pickle, in both dialects.
MTCNN_FUZZ_TARGET(input) {
  using mtcnn::PickleDialect;
  for (const PickleDialect dialect : {PickleDialect::state_dict, PickleDialect::script_module}) {
    mtcnn::fuzz::expect_result_or_error([&] { mtcnn::read_pickle(mtcnn::fuzz::as_bytes(input), "pickle", dialect); });
  }
}
