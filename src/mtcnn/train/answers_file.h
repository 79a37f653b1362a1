#pragma once

#include "mtcnn/train/crop_set.h"
#include "mtcnn/train/metrics.h"

#include <filesystem>
#include <map>
#include <string>

namespace mtcnn {

/// Writes what a net answered on every validation crop, each with its place among the shards, in one atomic step;
/// docs/formats.md describes the file. For looking at the worst errors and drawing curves.
/// \param answers   of validate() with these crops.
/// \param metadata  further texts for the header.
/// \throws Error if the file cannot be written.
void write_answers(const std::filesystem::path& path, const ValidationAnswers& answers, const CropSet& crops,
                   std::map<std::string, std::string> metadata);

}  // namespace mtcnn
