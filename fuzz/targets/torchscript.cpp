#include "mtcnn/weights/torchscript_weights.h"

#include "input.h"

/// A TorchScript archive of P-Net.
MTCNN_FUZZ_TARGET(input) { mtcnn::read_torchscript(mtcnn::fuzz::input_file("pnet.pt", input), mtcnn::NetKind::pnet); }
