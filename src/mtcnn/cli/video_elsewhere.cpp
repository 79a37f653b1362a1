#include "mtcnn/cli/parts.h"

/// For programs without FFmpeg.
namespace mtcnn::cli {

void run_live(LiveFlags&) { throw NeedsProgram{"`mtcnn live`", kVideoProgram}; }

}  // namespace mtcnn::cli
