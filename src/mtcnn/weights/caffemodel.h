#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mtcnn {

/// A learned array of a Caffe layer, row-major.
struct CaffeBlob {
  std::vector<int64_t> shape;
  std::vector<float> values;  ///< as many as the shape says
};

/// A layer that has learned something: weights first, then biases.
struct CaffeLayer {
  std::string name;
  std::vector<CaffeBlob> blobs;
};

/// Reads the layers that carry blobs from a serialised NetParameter, of the present kind (`layer`) and of the one
/// before (`layers`); everything else in it is skipped.
/// \param where names the source in messages.
/// \throws Error if the bytes are no such message, end early, a shape does not fit its data, or there are more layers
/// or blobs than any net of ours has use for.
/// Source: BVLC Caffe's caffe.proto; the wire format is that of Protocol Buffers ("Encoding").
std::vector<CaffeLayer> read_caffemodel(std::span<const std::byte> bytes, const std::string& where);

}  // namespace mtcnn
