#pragma once

#include "mtcnn/data/annotations.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace mtcnn {

/// The three parts of CelebA, by their numbers in Eval/list_eval_partition.txt.
enum class CelebaSplit { train = 0, validation = 1, test = 2 };

/// "train", "val" or "test".
/// \throws Error{usage} for any other name.
CelebaSplit celeba_split(std::string_view name);

/// \throws Error{unsupported} where the folder is Kaggle's copy, whose lists are comma-separated tables.
void refuse_celeba_tables(const std::filesystem::path& folder);

/// True where `folder` has CelebA's layout: a folder with Anno/list_bbox_celeba.txt.
bool is_celeba(const std::filesystem::path& folder);

/// The three lists that read_celeba() reads.
std::vector<std::filesystem::path> celeba_lists(const std::filesystem::path& folder);

/// Where the images lie: Img/img_celeba. The names that read_celeba() gives are relative to it.
std::filesystem::path celeba_images(const std::filesystem::path& folder);

/// What read_celeba() came by.
struct CelebaCounts {
  int64_t images = 0;        ///< handed to the caller
  int64_t without_area = 0;  ///< left out: CelebA has a few boxes of width or height 0, which say nothing of the face
};

/// Reads one split of a folder in CelebA's layout: Anno/list_bbox_celeba.txt, Anno/list_landmarks_celeba.txt and
/// Eval/list_eval_partition.txt (the images themselves are not touched). Calls `use` for every image of the split,
/// one face each, in the order of the list of landmarks; width and height stay 0, as the lists do not tell them. The
/// lists may be in different orders, with any line ends, blanks at line ends, and decimals. Memory grows with the
/// number of images, about 150 bytes each (30 MB for all of CelebA).
/// \throws Error naming file and line on a missing list, a first line that does not give the number of rows, rows with
///         too few or too many columns, values that are no finite numbers, negative sizes, splits other than 0, 1, 2,
///         names that occur twice, and names that are in one list but not in another.
/// Source: Liu et al., Deep Learning Face Attributes in the Wild, 2015; README of the data set.
CelebaCounts read_celeba(const std::filesystem::path& folder, CelebaSplit split,
                         const std::function<void(ImageAnnotation&&)>& use);

}  // namespace mtcnn
