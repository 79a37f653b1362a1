#pragma once

#include "mtcnn/weights/weights.h"

#include <filesystem>
#include <vector>

namespace mtcnn {

/// Reads the weights in a file of another project, in our names and layout. Recognised by content, not by
/// name: state dicts of facenet-pytorch saved by torch.save (legacy or zip) or as safetensors; Caffe's
/// det{1,2,3}.caffemodel; ONNX files of the same nets; ipazc mtcnn's .lz4 files (1.0) and its one .npy file of three
/// nets (0.1); TropComplique mtcnn-pytorch's .npy files; and weights and ONNX files of ours, which pass through as they
/// are. Which net it is, its tensors tell.
///
/// What changes on the way: the columns of R-Net's and O-Net's first dense layer (W,H,C in facenet-pytorch and ipazc,
/// C,W,H in Caffe and TropComplique) become C,H,W; kernels from Caffe, trained with MATLAB's axis order, have their two
/// spatial axes swapped; the rows of landmark outputs x0 … x4, y0 … y4 become x0 y0 x1 y1 ….
///
/// `metadata` gets "source", the file's name without its folder, "source_layout" and "input", public_weights_input().
/// Nothing in the file is run.
/// \throws Error if the file is missing, of no such kind, truncated or damaged, over 16 MB, holds none of the three
/// nets, or its tensors are not what checked_weights expects.
/// Source: facenet-pytorch 2.6.0, models/mtcnn.py; kpzhang93/MTCNN_face_detection_alignment, MTCNNv2;
/// ipazc mtcnn 0.1.1 and 1.0.0; TropComplique/mtcnn-pytorch.
std::vector<NetWeights> import_nets(const std::filesystem::path& path);

/// The same for a file of one net.
/// \throws Error also if it holds several.
NetWeights import_weights(const std::filesystem::path& path);

}  // namespace mtcnn
