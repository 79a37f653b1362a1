#pragma once

#include "mtcnn/cli/label_flags.h"
#include "mtcnn/core/json.h"

#include <cstdint>
#include <string>

namespace mtcnn::cli {

/// What is asked about a labelled data set.
struct InspectLabelsFlags {
  std::string path, out, images, split;
  LabelFlags labels;  ///< kind: also wider, celeba and fddb
  int samples = 64;
  int64_t seed = 1;
  int threads = 0;
  bool quiet = false;
};

/// What is said of a thing, for people and as JSON.
struct Findings {
  std::string text;
  Json json = Json::object();
};

/// The kind of a data set: a format of label files, wider, celeba or fddb; empty where it is not clear.
/// \throws Error as refuse_celeba_tables().
std::string guess_dataset_kind(const std::string& path);

/// Reads the labels and the headers of the images; with `out`, a folder, writes contact_sheet.jpg and sizes.svg there.
/// \throws Error as the readers do.
Findings inspect_labels(const InspectLabelsFlags& flags);

}  // namespace mtcnn::cli
