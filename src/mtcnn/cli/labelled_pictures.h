#pragma once

#include "mtcnn/cli/label_flags.h"
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

/// Where they are.
struct LabelledFlags {
  /// A folder in WIDER FACE's layout, whose validation part is taken (faces that no setting of the protocol keeps are
  /// ignored), or annotations as JSON lines; with labels.kind a data set of that kind.
  std::string dataset;
  std::string images;  ///< folder of the images; empty = as the kind has it
  LabelFlags labels;
};

/// Adds --dataset, --images, --kind, --classes and --strict.
void add_labelled_flags(CLI::App& verb, LabelledFlags& flags);

/// \throws Error as their readers do; Error{usage} on --classes or --strict without --kind.
LabelledPictures read_labelled_pictures(const LabelledFlags& flags);

}  // namespace mtcnn::cli
