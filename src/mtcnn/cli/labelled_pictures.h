#pragma once

#include "mtcnn/data/annotations.h"
#include "mtcnn/detect/picture_list.h"

#include <filesystem>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace mtcnn::cli {

/// What is to be searched, and the faces in it.
struct LabelledPictures {
  std::vector<PictureFile> pictures;
  std::vector<std::vector<FaceAnnotation>> faces;
};

/// Adds --dataset and --images.
void add_labelled_flags(CLI::App& verb, std::string& dataset, std::string& images);

/// \param dataset  folder in WIDER FACE's layout, whose validation part is taken (faces that no setting of the protocol
/// keeps are ignored), or annotations as JSON lines.
/// \param images   folder of the pictures that JSON lines name; empty = images/ beside the file, or the file's own.
/// \throws Error as their readers do.
LabelledPictures read_labelled_pictures(const std::filesystem::path& dataset, const std::string& images);

}  // namespace mtcnn::cli
