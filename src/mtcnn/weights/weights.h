#pragma once

#include "mtcnn/weights/spec.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mtcnn {

/// A float32 tensor, row-major and contiguous.
struct NamedTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> values;
};

/// The parameters of one net, in the order of tensor_specs().
struct NetWeights {
  NetKind net = NetKind::pnet;
  std::vector<NamedTensor> tensors;
  std::map<std::string, std::string> metadata;  ///< what the file said about itself

  /// nullptr where there is no such tensor.
  const NamedTensor* find(std::string_view name) const;
  /// \throws ContractError where there is no such tensor.
  const NamedTensor& at(std::string_view name) const;
};

/// How many points the net's landmark head gives; 0 where it has none.
int64_t landmark_count(const NetWeights& weights);

/// CRC-32 over the bytes of all tensors, as text: the same net has the same, whatever file it came from.
std::string weights_checksum(const NetWeights& weights);

/// How many channels the net's layers have.
Channels channels_of(const NetWeights& weights);

/// What the metadata of a file say of its layers' channels: the paper's where they say nothing.
/// \throws Error{bad_format} naming `where` if it is not as docs/formats.md says.
Channels declared_channels(NetKind net, const std::map<std::string, std::string>& metadata, const std::string& where);

/// Puts tensors in the order of tensor_specs() and checks them. A landmark head may be missing, and may be for any
/// number of points up to kMostPoints. The metadata tell the channels where they are not the paper's.
/// \param where names their source in messages.
/// \throws Error if a tensor is missing, unknown, given twice, of the wrong shape, or holds a value that is not finite.
NetWeights checked_weights(NetKind net, std::vector<NamedTensor> tensors, const std::string& where,
                           const Channels& channels);

/// Reads a weights file of ours (docs/formats.md).
/// \throws Error as checked_weights does, and if the file is no safetensors file, is of another format or version,
/// holds another net than `expected`, or its data do not fit its checksum.
NetWeights read_weights(const std::filesystem::path& path, NetKind expected);

/// The same from a file's bytes. \param name  stands for the file in messages.
NetWeights parse_weights(const std::string& name, std::span<const std::byte> bytes, NetKind expected);

/// Writes a weights file of ours in one atomic step; format, version, net, created_by and a checksum are added to the
/// metadata.
void write_weights(const std::filesystem::path& path, const NetWeights& weights);

}  // namespace mtcnn
