#include "mtcnn/cli/program.h"

int main(int argc, char** argv) { return mtcnn::cli::run_program(argc, argv); }
