#pragma once

#include "mtcnn/data/annotations.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace mtcnn {

/// WIDER FACE's "train" or "val": where its list and images are below the data set's folder.
struct WiderSplit {
  std::filesystem::path list;    ///< wider_face_split/wider_face_train_bbx_gt.txt
  std::filesystem::path images;  ///< WIDER_train/images
};

/// \throws Error{usage} for any other name; the test set's labels are not public.
WiderSplit wider_split(const std::filesystem::path& folder, std::string_view name);

/// Reads a list of WIDER FACE: name, number of faces, then "x y w h blur expression illumination invalid occlusion
/// pose" a face. An image without faces has the number 0 and, in the official lists, a row of ten zeros. Invalid faces
/// are given as ignored. Calls `use` for every image, in order; width and height stay 0. Decimals, any line ends and
/// blanks at line ends are taken. Holds one image and the names in memory.
/// \param skip  called with "file:line" for every face without area, which is passed over: the lists have some.
/// \throws Error naming file and line on a number of faces that is not what follows, rows with fewer than four or more
/// than ten numbers, values that are not finite, a name that is no UTF-8 or leaves the folder, and a name that occurs
/// twice.
/// Source: Yang et al., WIDER FACE, 2016; the data set's readme.
void read_wider_list(const std::filesystem::path& path, const std::function<void(ImageAnnotation&&)>& use,
                     const std::function<void(const std::string& where)>& skip);

}  // namespace mtcnn
