#include "mtcnn/eval/mat_file.h"

#include "input.h"

/// A file of MATLAB 5 as WIDER FACE's ground truth.
MTCNN_FUZZ_TARGET(input) {
  mtcnn::read_mat(mtcnn::fuzz::input_file("truth.mat", input), {"event_list", "file_list", "face_bbx_list"});
}
