#include "mtcnn/cli/verbs.h"

namespace mtcnn::cli {

void add_eval_wider(CLI::App& eval) { eval.add_subcommand("wider", "WIDER FACE: AP easy, medium, hard"); }

}  // namespace mtcnn::cli
