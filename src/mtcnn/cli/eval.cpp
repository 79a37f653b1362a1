#include "mtcnn/cli/verbs.h"

namespace mtcnn::cli {

void add_eval(CLI::App& program) {
  CLI::App* eval = program.add_subcommand(
      "eval",
      "Score detections, from any detector, by the public protocols\n\nEach protocol takes detections from a file "
      "(--detections), or with --dataset runs the detector itself.");
  eval->require_subcommand(1);
  add_eval_fddb(*eval);
  add_eval_wider(*eval);
  add_eval_landmarks(*eval);
  add_eval_coco(*eval);
  add_eval_cascade(*eval);
}

}  // namespace mtcnn::cli
