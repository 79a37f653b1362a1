#pragma once

#include "mtcnn/core/safetensors.h"
#include "mtcnn/geometry/box.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mtcnn {

/// What a crop teaches: a face, part of one, none, or where the points of one are.
enum class CropKind { positive, part, negative, landmark };

inline constexpr std::array<CropKind, 4> kCropKinds = {CropKind::positive, CropKind::part, CropKind::negative,
                                                       CropKind::landmark};

/// "positive", "part", "negative" or "landmark".
const char* crop_kind_name(CropKind kind);
/// \throws Error{bad_format} naming `where` for any other name.
CropKind crop_kind(std::string_view name, const std::string& where);

/// "pnet-positive-00003.safetensors".
std::string shard_name(std::string_view stage, CropKind kind, int64_t index);

/// One crop without its pixels.
struct CropLabel {
  Offsets offsets = {};            ///< see encode_offsets(); zero for negatives
  LandmarkTargets landmarks = {};  ///< see encode_landmarks(); only landmark samples have them
  float overlap = 0;               ///< the largest IoU of the window with any face of the image
  int32_t source = 0;              ///< row in sources.jsonl, from 0
  Box window;                      ///< in the image, before turning and mirroring
  float turn = 0;                  ///< degrees by which the content is turned about the window's centre, from x to y
  bool mirrored = false;           ///< left and right changed sides, after turning
};

/// Crops of one kind and size in memory, to be written.
struct Crops {
  CropKind kind = CropKind::negative;
  int size = 0;                 ///< side S in pixels
  std::vector<uint8_t> pixels;  ///< [N, 3, S, S], RGB
  std::vector<CropLabel> labels;

  int64_t count() const { return static_cast<int64_t>(labels.size()); }
};

/// Writes one shard in one atomic step; docs/formats.md describes the file. The same crops give the same bytes.
/// \throws ContractError if there are no crops, the pixels do not fit or landmark samples differ in their number of
/// points; Error if the file cannot be written.
void write_shard(const std::filesystem::path& path, std::string_view stage, const Crops& crops);

/// A shard of crops, mapped: pixels are read from the disk as they are touched. Constant after construction.
class Shard {
 public:
  /// Checks names, types and shapes of all tensors; values and the checksum are not looked at.
  /// \throws Error naming the file: not safetensors, another version, missing or unknown tensors, counts that disagree.
  explicit Shard(std::filesystem::path path);

  const std::filesystem::path& path() const { return file_.path(); }
  const std::string& stage() const { return stage_; }  ///< "pnet", "rnet" or "onet"
  CropKind kind() const { return kind_; }
  int size() const { return size_; }  ///< side S in pixels
  int64_t count() const { return count_; }
  int64_t points() const { return points_; }  ///< of every landmark sample; 0 for other kinds

  /// [3, S, S], RGB.
  std::span<const uint8_t> pixels(int64_t index) const;
  CropLabel label(int64_t index) const;
  /// What a net learns from this crop: its label without overlap and source; empty for negatives. For crops in random
  /// order, label() would read twice as many pages of the file.
  CropLabel targets(int64_t index) const;

  /// CRC-32 over the whole file.
  std::string checksum() const;

  /// Gives what was read back to the system, which keeps it while there is space.
  void release_pages() const { file_.release_pages(); }

 private:
  const std::byte* tensor(const char* name, Dtype dtype, const std::vector<int64_t>& shape) const;
  /// The label without overlap and source.
  CropLabel located(int64_t index) const;

  Safetensors file_;
  std::string stage_;
  CropKind kind_ = CropKind::negative;
  int size_ = 0;
  int64_t count_ = 0;
  int64_t points_ = 0;
  const std::byte* pixels_ = nullptr;
  const std::byte* offsets_ = nullptr;
  const std::byte* overlap_ = nullptr;
  const std::byte* source_ = nullptr;
  const std::byte* window_ = nullptr;
  const std::byte* landmarks_ = nullptr;  ///< nullptr but for landmark samples
  const std::byte* turn_ = nullptr;       ///< likewise
};

}  // namespace mtcnn
