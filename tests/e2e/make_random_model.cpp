#include "mtcnn/model/model_folder.h"

#include <exception>
#include <iostream>

#include "support/foreign_weights.h"

/// usage: make_random_model DIR
int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    mtcnn::Model model;
    for (const mtcnn::NetKind net : mtcnn::kNetKinds)
      model.nets[static_cast<size_t>(net)] = mtcnn::testing::random_weights(net, 17);
    mtcnn::write_model(argv[1], model);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
