#pragma once

#include "mtcnn/pipeline/options.h"
#include "mtcnn/pipeline/step.h"

#include <filesystem>
#include <vector>

namespace mtcnn {

/// The steps of a pipeline, in order: a round prepares crops and trains for each net in sequence, each net's crops
/// mined with the nets before it; then thresholds are chosen and the model is scored. Reads every configuration and
/// every list of the data sets, so that what is wrong with them shows before the first step.
/// \param config_folder  what the names of configurations are relative to.
/// \param out            below it lie crops/, runs/, models/, model/ (the result) and eval/.
/// \throws Error as those readers do.
std::vector<Step> plan_pipeline(const PipelineOptions& options, const std::filesystem::path& config_folder,
                                const std::filesystem::path& out);

}  // namespace mtcnn
