#include "mtcnn/data/wider_lists.h"

#include "input.h"

/// A list of WIDER FACE.
MTCNN_FUZZ_TARGET(input) {
  const auto nothing = [](const auto&) {};
  mtcnn::read_wider_list(mtcnn::fuzz::input_file("wider_face_train_bbx_gt.txt", input), nothing, nothing);
}
