#pragma once

#include "mtcnn/image/image.h"

#include <string>

namespace mtcnn {

/// A window on the screen that shows images.
class ScreenWindow {
 public:
  /// \throws Error if there is no screen that can be reached.
  explicit ScreenWindow(std::string title);
  ~ScreenWindow();
  ScreenWindow(const ScreenWindow&) = delete;
  ScreenWindow& operator=(const ScreenWindow&) = delete;

  /// Shows the image and waits so long, milliseconds, at least 1, for the user.
  /// \return false once the user wants to stop: pressed q or Escape, or closed the window.
  /// \throws Error if the screen refuses.
  bool show(const ImageView& image, int wait_ms);

 private:
  std::string title_;
  bool shown_ = false;
};

}  // namespace mtcnn
