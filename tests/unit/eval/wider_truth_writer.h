#pragma once

#include "mtcnn/eval/wider_ground_truth.h"

#include <filesystem>
#include <string>

#include "unit/eval/mat_writer.h"

namespace mtcnn::testing {

/// The variables of one of the four official files: those of all faces, or with gt_list those of one setting.
MatVariables wider_face_variables(const WiderGroundTruth& truth);
MatVariables wider_setting_variables(const WiderGroundTruth& truth, size_t setting);

/// Writes all four files, as read_wider_ground_truth() reads them.
void write_wider_truth(const std::filesystem::path& folder, const WiderGroundTruth& truth);

/// Counts events (runs of images of one event), faces and kept faces; images as given.
WiderGroundTruth wider_truth(std::vector<WiderImage> images);

/// Two events with three images, seven faces, one image without a face.
WiderGroundTruth small_wider_truth();

}  // namespace mtcnn::testing
