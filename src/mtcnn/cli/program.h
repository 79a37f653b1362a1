#pragma once

namespace mtcnn::cli {

/// The whole program `mtcnn`.
/// \param argv  with the program's name first.
/// \return its exit code.
int run_program(int argc, char** argv);

}  // namespace mtcnn::cli
