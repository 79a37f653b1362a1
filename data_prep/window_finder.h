#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/detect/detector.h"

#include <filesystem>
#include <functional>
#include <string>

#include "data_prep/options.h"
#include "data_prep/prepare.h"

namespace mtcnn {

/// The nets trained so far as a finder of hard examples, and what the manifest says of them.
struct Miner {
  WindowFinder finder;  ///< empty where nothing is mined
  Json model;           ///< the nets in use with the checksums of their weights
};

/// For R-Net, P-Net's windows; for O-Net, those that R-Net let through; with `false_faces`, also what the whole cascade
/// finds. For P-Net without `false_faces`: nothing.
/// \param model          model folder; it need only hold the nets that are run.
/// \param make_detector  how one is made, on the device that the user wants.
/// \throws Error as read_model() does, and Error{usage} where a model is needed and `model` is empty.
Miner make_miner(const std::string& stage, const MiningOptions& options, const std::filesystem::path& model,
                 const std::function<Detector(const Model&)>& make_detector);

}  // namespace mtcnn
