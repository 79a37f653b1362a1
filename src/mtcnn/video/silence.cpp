#include "mtcnn/video/silence.h"

#include "mtcnn/video/ffmpeg.h"

#include <cstdlib>

#include <opencv2/core/utils/logger.hpp>

namespace mtcnn {

void silence_media_libraries() {
  av_log_set_level(AV_LOG_QUIET);
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  ::setenv("QT_LOGGING_RULES", "*.warning=false", 0);  // about fonts and folders of the desktop
}

}  // namespace mtcnn
