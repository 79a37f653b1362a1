#include "mtcnn/cli/verbs.h"

namespace mtcnn::cli {

void add_eval(CLI::App& program) {
  CLI::App* eval = program.add_subcommand(
      "eval",
      "Score detections of any detector by the public protocols\n\nEach protocol reads detections from a file "
      "(--detections), or runs the detector itself (--dataset).");
  eval->require_subcommand(1);
  eval->footer("Example: mtcnn eval wider --dataset wider --model models/mine --out score");
  add_eval_fddb(*eval);
  add_eval_wider(*eval);
  add_eval_landmarks(*eval);
  add_eval_coco(*eval);
  add_eval_cascade(*eval);
}

}  // namespace mtcnn::cli
