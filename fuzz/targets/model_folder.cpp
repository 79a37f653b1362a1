#include "mtcnn/model/model_folder.h"

#include "input.h"

/// cascade.json of a model folder whose P-Net is in order.
MTCNN_FUZZ_TARGET(input) {
  static const std::filesystem::path folder = [] {
    mtcnn::write_weights(mtcnn::fuzz::input_folder() / "pnet.safetensors", mtcnn::default_model().nets.front());
    return mtcnn::fuzz::input_folder();
  }();
  mtcnn::fuzz::input_file("cascade.json", input);
  mtcnn::read_model(folder, mtcnn::NetKind::pnet);
}
