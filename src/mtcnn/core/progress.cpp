#include "mtcnn/core/progress.h"

#include "mtcnn/core/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include <unistd.h>

namespace mtcnn {
namespace {

constexpr auto kFirstShown = std::chrono::seconds(1);
constexpr auto kTerminalPause = std::chrono::milliseconds(100);
constexpr auto kLinePause = std::chrono::seconds(5);

std::string clock_text(double seconds) {
  const int64_t whole = std::llround(seconds);
  char text[32];
  std::snprintf(text, sizeof text, "%lld:%02lld", static_cast<long long>(whole / 60),
                static_cast<long long>(whole % 60));
  return text;
}

}  // namespace

Progress::Progress(std::string label, int64_t total, bool quiet)
    : label_(std::move(label)),
      total_(total),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) == 1),
      next_(start_ + kFirstShown) {}

Progress::~Progress() {
  if (shown_ && terminal_) std::fputs("\r\033[K", stderr);
}

std::string Progress::text(double elapsed_s) const {
  const double rate = elapsed_s > 0 ? static_cast<double>(done_) / elapsed_s : 0;
  std::string line;
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
    if (terminal_) {
      constexpr int kWidth = 30;
      const auto filled = static_cast<size_t>(share * kWidth);
      line = "[" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "] ";
    }
    line += concat(done_, "/", total_, " ", label_, " (", static_cast<int>(share * 100), "%)");
  } else {
    line = concat(done_, " ", label_);
  }
  line += ", " + fixed(rate, rate < 10 ? 2 : 0) + "/s";
  if (total_ > 0 && rate > 0)
    line += ", " + clock_text(static_cast<double>(std::max<int64_t>(0, total_ - done_)) / rate) + " left";
  return line;
}

void Progress::update(int64_t done) {
  done_ = done;
  if (quiet_) return;
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  const double elapsed_s = std::chrono::duration<double>(now - start_).count();
  if (!shown_ && total_ > 0 && done >= total_) return;
  const std::string line = text(elapsed_s);
  if (terminal_) {
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  shown_ = true;
  next_ = now + (terminal_ ? std::chrono::duration_cast<Clock::duration>(kTerminalPause) : Clock::duration(kLinePause));
}

}  // namespace mtcnn
