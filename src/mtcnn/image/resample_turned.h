#pragma once

#include "mtcnn/image/resample.h"

namespace mtcnn {

/// Like resample() after the image was turned about the window's centre by `degrees`, from the x axis to the y axis
/// (clockwise as seen). The turned image is averaged down by area to two pixels a target pixel (grown bilinearly
/// where it is smaller), then four bilinear samples make one target pixel; 0 degrees is resample() itself.
/// \throws ContractError as resample() does, if `degrees` is not finite, or if the target is no square.
void resample_turned(const ImageView& image, const Box& window, float degrees, float border,
                     const ResampleTarget& target);

/// Where a point of the image comes to lie when it is turned that way about `centre`.
Point turned(Point point, Point centre, float degrees);

}  // namespace mtcnn
