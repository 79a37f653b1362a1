#include "mtcnn/cli/dataset_flags.h"
#include "mtcnn/core/error.h"

/// Stands in for dataset_flags.cpp in a program that was built without LibTorch: it scores, but cannot detect.
namespace mtcnn::cli {

void add_dataset_flags(CLI::App&, DatasetFlags&, const std::string&) {}

std::vector<std::filesystem::path> dataset_inputs(const DatasetFlags&) { return {}; }

std::string detect_dataset(const DatasetFlags&, const std::vector<PictureFile>&, const std::string&, bool) {
  throw ContractError("a program without LibTorch has no --dataset");
}

std::vector<PictureFile> pictures_below(const std::filesystem::path&) { return {}; }

}  // namespace mtcnn::cli
