#pragma once

#include "mtcnn/detect/picture_list.h"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mtcnn {

/// Gives different images different names. Where two have one name, as of two folders that both hold x.jpg, both are
/// named by their path below the folder that all images share: a/x.jpg and b/x.jpg. Fills PictureFile::place; a
/// image that is listed twice keeps its name.
void tell_apart(std::vector<PictureFile>& pictures);

/// Where the results of images go below an output folder, never two to one name and never outside the folder.
/// Images that would share a name keep their whole name, ending included; where that does not do, they are also put
/// below their folders; an image that is listed twice gets "-2" behind its name.
struct ResultNames {
  /// Of the images with what was found drawn in: the image's name; .png where we do not write its format.
  std::vector<std::filesystem::path> drawings;
  /// Of crops, without what crop_file() adds: the image's name without its ending.
  std::vector<std::filesystem::path> crops;
};

/// \param fold_case  names that differ in case alone are the same.
ResultNames result_names(std::span<const PictureFile> pictures, bool fold_case);

/// The file of the crop number `index` of the image whose crops are called `name`.
std::filesystem::path crop_file(const std::filesystem::path& name, size_t index);

/// The opposite: what crop_file() would have been called with, or nothing where no crop has such a name.
std::optional<std::filesystem::path> crops_of(const std::filesystem::path& file);

}  // namespace mtcnn
