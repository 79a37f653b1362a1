#pragma once

#include "mtcnn/video/frame_source.h"

#include <memory>

namespace mtcnn {

/// Opens a camera of this machine (Video4Linux). Times are those at which frames arrived. It never ends; frames that
/// nobody asked for in time are lost.
/// \param index  N of /dev/videoN, from 0.
/// \throws Error naming the device: it is not there, may not be used, is busy or gives no images; and from
/// FrameSource::next() where it stops giving them.
std::unique_ptr<FrameSource> open_camera(int index);

}  // namespace mtcnn
