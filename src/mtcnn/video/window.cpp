#include "mtcnn/video/window.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <dlfcn.h>
#include <opencv2/highgui.hpp>
#include <opencv2/imgproc.hpp>

namespace mtcnn {
namespace {

/// OpenCV's windows end the process where there is no X server, so that is asked for beforehand. The library that the
/// windows use anyway is taken as it is found.
bool is_screen_there() {
  void* library = ::dlopen("libxcb.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return true;  // another kind of screen
  using Connect = void* (*)(const char*, int*);
  using Check = int (*)(void*);
  using Disconnect = void (*)(void*);
  const auto connect = reinterpret_cast<Connect>(::dlsym(library, "xcb_connect"));
  const auto has_error = reinterpret_cast<Check>(::dlsym(library, "xcb_connection_has_error"));
  const auto disconnect = reinterpret_cast<Disconnect>(::dlsym(library, "xcb_disconnect"));
  bool there = true;
  if (connect != nullptr && has_error != nullptr && disconnect != nullptr) {
    void* connection = connect(nullptr, nullptr);
    there = has_error(connection) == 0;
    disconnect(connection);
  }
  ::dlclose(library);
  return there;
}

Error refused(const cv::Exception& error) { return {ErrorCode::unwritable, error.err, {.where = "the window"}}; }

}  // namespace

ScreenWindow::ScreenWindow(std::string title) : title_(std::move(title)) {
  const char* display = std::getenv("DISPLAY");
  const bool named = display != nullptr && *display != '\0';
  if (!named || !is_screen_there()) {
    throw Error(ErrorCode::not_found, "there is no screen for a window",
                {.where = "DISPLAY",
                 .found = named ? display : "nothing",
                 .expected = "an X server",
                 .hint = "leave out --show and give --json or --save to work without one"});
  }
  try {
    cv::namedWindow(title_, cv::WINDOW_AUTOSIZE | cv::WINDOW_GUI_NORMAL);
  } catch (const cv::Exception& error) {
    throw refused(error);
  }
}

ScreenWindow::~ScreenWindow() {
  try {
    cv::destroyWindow(title_);
  } catch (const cv::Exception&) {  // the user has closed it already
  }
}

bool ScreenWindow::show(const ImageView& image, int wait_ms) {
  try {
    if (shown_ && cv::getWindowProperty(title_, cv::WND_PROP_VISIBLE) < 1) return false;
    const cv::Mat rgb(image.height, image.width, CV_8UC3, const_cast<uint8_t*>(image.pixels),
                      static_cast<size_t>(image.stride));
    cv::Mat bgr;
    cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
    cv::imshow(title_, bgr);
    shown_ = true;
    const int key = cv::waitKey(std::max(1, wait_ms)) & 0xff;
    constexpr int kEscape = 27;
    return key != 'q' && key != kEscape;
  } catch (const cv::Exception& error) {
    throw refused(error);
  }
}

}  // namespace mtcnn
