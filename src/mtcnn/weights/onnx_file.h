#pragma once

#include "mtcnn/weights/weights.h"

#include <cstdint>
#include <filesystem>

namespace mtcnn {

/// The version of ONNX's operators that the files of ours use, and that of the file format.
inline constexpr int64_t kOnnxOpset = 13;
inline constexpr int64_t kOnnxIrVersion = 7;

/// Writes a net as an ONNX file: input "input", float32 RGB [N, 3, H, W], (value - 127.5) / 128 or as the metadata's
/// `input` says; N any, H and W any from 12 up for P-Net, 24 and 48 for the others. Outputs: "probability" [N, 2, …] of
/// no face and face, "offsets" [N, 4, …], and "landmarks" [N, 2 K, …] where the weights have that head. Their metadata
/// are the file's metadata_props. Written in one atomic step; the same weights give the same bytes.
/// \throws Error if the file cannot be written, or if this build is without ONNX (MTCNN_WITH_ONNX).
void write_onnx(const std::filesystem::path& path, const NetWeights& weights);

/// Takes the weights out of a file that write_onnx() wrote.
/// \throws Error naming the file if it is missing, over 64 MiB, damaged, or not one of ours for `expected`, or if this
/// build is without ONNX.
NetWeights read_onnx(const std::filesystem::path& path, NetKind expected);

}  // namespace mtcnn
