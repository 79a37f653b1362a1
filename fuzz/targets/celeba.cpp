#include "mtcnn/data/celeba.h"

#include "input.h"

/// CelebA's three lists: boxes, landmarks, parts.
MTCNN_FUZZ_TARGET(input) {
  const auto parts = mtcnn::fuzz::parts_of(input, 3);
  mtcnn::fuzz::input_file("Anno/list_bbox_celeba.txt", parts[0]);
  mtcnn::fuzz::input_file("Anno/list_landmarks_celeba.txt", parts[1]);
  mtcnn::fuzz::input_file("Eval/list_eval_partition.txt", parts[2]);
  mtcnn::read_celeba(mtcnn::fuzz::input_folder(), mtcnn::CelebaSplit::train, [](const auto&) {});
}
