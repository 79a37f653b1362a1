#include "mtcnn/eval/fddb_files.h"

#include "input.h"

/// A fold of FDDB: names, ellipses, detections.
MTCNN_FUZZ_TARGET(input) {
  const auto parts = mtcnn::fuzz::parts_of(input, 3);
  mtcnn::fuzz::input_file("FDDB-fold-01.txt", parts[0]);
  mtcnn::fuzz::input_file("FDDB-fold-01-ellipseList.txt", parts[1]);
  mtcnn::fuzz::input_file("fold-01-out.txt", parts[2]);
  std::vector<mtcnn::FddbFold> folds = mtcnn::read_fddb_annotations(mtcnn::fuzz::input_folder());
  mtcnn::read_fddb_results(folds, mtcnn::fuzz::input_folder());
  mtcnn::make_fddb_ellipses(folds);
}
