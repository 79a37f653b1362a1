#include "mtcnn/core/error.h"
#include "mtcnn/core/version.h"
#include "mtcnn/eval/wider_ground_truth.h"
#include "mtcnn/geometry/nms.h"
#include "mtcnn/image/image.h"

#include <cstdio>
#include <vector>

/// Uses one function of each room that it links; the results are known without running it.
int main() {
  const std::vector<mtcnn::Box> boxes = {{0, 0, 10, 10}, {1, 0, 11, 10}, {30, 30, 40, 40}};
  const std::vector<float> scores = {0.5F, 0.9F, 0.7F};
  const std::vector<int32_t> kept = mtcnn::nms(boxes, scores, 0.5F, mtcnn::Overlap::union_area);
  if (kept != std::vector<int32_t>{1, 2}) {
    std::puts("nms kept the wrong boxes");
    return 1;
  }

  mtcnn::Image image(4, 4);
  if (image.view().width != 4 || image.row(3) != image.row(0) + 3 * image.view().stride) {
    std::puts("an image of another shape was made");
    return 1;
  }
  try {
    mtcnn::read_wider_ground_truth("no such folder");
    std::puts("the ground truth was read from nowhere");
    return 1;
  } catch (const mtcnn::Error& error) {
    if (error.code() != mtcnn::ErrorCode::not_found) return 1;
  }
  std::printf("mtcnn %s\n", mtcnn::version());
  return 0;
}
