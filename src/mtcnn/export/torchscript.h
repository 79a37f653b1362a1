#pragma once

#include "mtcnn/model/model_folder.h"
#include "mtcnn/weights/weights.h"

#include <filesystem>

namespace mtcnn {

/// Writes a net as a TorchScript file that LibTorch and Python's torch.jit.load() run without this project. Its forward
/// takes float32 RGB [N, 3, H, W], (value - 127.5) / 128, N any, H and W any from 12 up for P-Net, 24 and 48 for the
/// others, and returns (probability [N, 2, …] of no face and face, offsets [N, 4, …], and landmarks [N, 2 K, …] where
/// the weights have that head). Written in one atomic step; the metadata of the weights is in the extra file
/// "mtcnn.json". This project itself reads nothing but the weights from such files, and that without LibTorch:
/// read_torchscript() in weights/torchscript_weights.h.
/// \throws Error if the file cannot be written.
void write_torchscript(const std::filesystem::path& path, const NetWeights& weights);

/// For write_model().
inline constexpr WeightsFormat kTorchscript = {".pt", write_torchscript};

}  // namespace mtcnn
