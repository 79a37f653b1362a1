#pragma once

#include "mtcnn/weights/weights.h"

#include <filesystem>

namespace mtcnn {

/// Reads weights of one net from a file of another project, in our names and layout. Recognised by content, not by
/// name: state dicts of facenet-pytorch saved by torch.save (legacy or zip) or as safetensors; Caffe's
/// det{1,2,3}.caffemodel; and weights files of ours, which pass through as they are. Which net it is, its tensors tell.
///
/// What changes on the way: the columns of R-Net's and O-Net's first dense layer (W,H,C in facenet-pytorch, C,W,H in
/// Caffe) become C,H,W; kernels from Caffe, trained with MATLAB's axis order, have their two spatial axes swapped; the
/// rows of landmark outputs x0 … x4, y0 … y4 become x0 y0 x1 y1 ….
///
/// `metadata` gets "source", the file's name without its folder, "source_layout" and "input", public_weights_input().
/// Nothing in the file is run.
/// \throws Error if the file is missing, of no such kind, truncated or damaged, over 16 MB, holds none of the three
/// nets, or its tensors are not what checked_weights expects.
/// Source: facenet-pytorch 2.6.0, models/mtcnn.py; kpzhang93/MTCNN_face_detection_alignment, MTCNNv2.
NetWeights import_weights(const std::filesystem::path& path);

}  // namespace mtcnn
