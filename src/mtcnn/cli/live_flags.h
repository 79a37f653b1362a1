#pragma once

#include "mtcnn/cli/detector_flags.h"
#include "mtcnn/live/face_follower.h"

#include <optional>
#include <string>

namespace mtcnn::cli {

struct LiveFlags {
  DetectorFlags detector;
  std::optional<int> camera;
  std::string video, save, json;
  double timeout_s = 10;
  int reconnects = 5;
  bool show = false;
  bool fps = false;
  FollowOptions follow;
};

}  // namespace mtcnn::cli
