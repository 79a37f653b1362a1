#pragma once

#include "mtcnn/weights/weights.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/temp_folder.h"
#include <gtest/gtest.h>

namespace mtcnn::testing {

/// Weights of the right names and shapes with random values; `landmarks` adds the heads of P-Net and R-Net;
/// heads are for so many points, layers `width` times as wide as the paper's.
NetWeights random_weights(NetKind net, uint32_t seed, bool landmarks = false, int64_t points = 5, double width = 1);

/// The same weights in facenet-pytorch's layout: dense columns W,H,C and points x0 … x4, y0 … y4.
std::vector<NamedTensor> facenet_layout(const NetWeights& weights);

/// How a state dict is laid out by torch_pickle and its callers.
struct TorchStyle {
  int protocol = 2;               ///< 2 as torch does by default, or 4
  bool ordered = true;            ///< an OrderedDict with _metadata, as state_dict() gives, or a plain dict
  bool parameters = false;        ///< tensors wrapped as nn.Parameter
  bool shared_storage = false;    ///< all tensors in one storage, each with an offset
  bool reversed_strides = false;  ///< first axis fastest, as facenet-pytorch's files have it
  bool doubles = false;           ///< float64
};

/// Files as torch.save makes them of a state dict.
std::string legacy_torch_file(const std::vector<NamedTensor>& tensors, const TorchStyle& style = {});
std::string zip_torch_file(const std::vector<NamedTensor>& tensors, const TorchStyle& style = {});

struct ZipEntry {
  std::string name;
  std::string content;
};
/// A zip archive of stored entries; `method` is written as their compression method.
std::string zip_file(const std::vector<ZipEntry>& entries, uint16_t method = 0);

/// The pickles that precede the state dict in a legacy file.
std::string legacy_header();

enum class CaffeGeneration { layer, old_layers };

/// A caffemodel with these weights in the axis order of the public ones, layers without blobs among them. The old
/// generation carries four-dimensional shapes and unpacked data.
std::string caffemodel(const NetWeights& weights, CaffeGeneration generation);

/// One field of a Protocol Buffers message with a length.
std::string message_field(uint32_t number, std::string_view content);

/// Writes without syncing, as thousands of small files want it.
void write_bytes(const std::filesystem::path& path, std::string_view bytes);

/// Expects the same net, and the same tensors to the last bit.
void expect_same(const NetWeights& found, const NetWeights& expected);

/// Runs `read`, which is expected to throw an Error of one line. \returns its text.
std::string refusal(const std::function<void()>& read);

/// Files that nobody vouches for, given to the importer.
class ImportTest : public ::testing::Test {
 protected:
  /// Imports a file of these bytes, which is expected to be refused by its name. \returns the refusal.
  std::string import_refusal(const std::string& bytes);

  TempFolder folder_;
  std::filesystem::path file_ = folder_ / "weights";
};

}  // namespace mtcnn::testing
