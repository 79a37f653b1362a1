#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn {

/// The three scores of WIDER FACE; each counts other faces.
inline constexpr size_t kWiderSettings = 3;
inline constexpr std::array<const char*, kWiderSettings> kWiderSettingNames = {"easy", "medium", "hard"};

/// One annotated face, in image pixels. Sizes may be 0 or even negative: the data set holds such, and no setting keeps
/// them.
struct WiderFace {
  double x = 0;
  double y = 0;
  double w = 0;
  double h = 0;
  std::array<bool, kWiderSettings> kept{};  ///< per setting: true where it has to be found; else it may be found
};

/// An image of the ground truth with its faces.
struct WiderImage {
  std::string event;  ///< "0--Parade"
  std::string name;   ///< without folder and extension
  std::vector<WiderFace> faces;
};

/// All images, in the order of the files.
struct WiderGroundTruth {
  std::vector<WiderImage> images;
  int64_t events = 0;
  int64_t faces = 0;
  std::array<int64_t, kWiderSettings> kept_faces{};
};

/// Where a folder in WIDER FACE's layout has the ground truth of its validation part (eval_tools/ground_truth) and that
/// part's images (WIDER_val/images). They need not exist.
std::filesystem::path wider_ground_truth_folder(const std::filesystem::path& dataset);
std::filesystem::path wider_images_folder(const std::filesystem::path& dataset);

/// The four files of the ground truth in `folder`: all faces, then easy, medium, hard. They need not exist.
std::vector<std::filesystem::path> wider_ground_truth_files(const std::filesystem::path& folder);

/// Reads the official ground truth from `folder`: wider_face_val.mat for images and faces (event_list, file_list,
/// face_bbx_list), wider_{easy,medium,hard}_val.mat for the faces that each setting keeps (gt_list, numbers from 1). An
/// image without faces and a file without images are values, no errors.
/// \throws Error naming the file (and event and image where there is one) as read_mat() does, and if shapes are wrong,
/// names are empty or no plain file names, an image is listed twice, a box is not finite, a number in gt_list is no
/// face or comes twice, or the four files list different images or faces.
/// Source: Yang et al. 2016, WIDER FACE: A Face Detection Benchmark; the data set's eval_tools.
WiderGroundTruth read_wider_ground_truth(const std::filesystem::path& folder);

}  // namespace mtcnn
