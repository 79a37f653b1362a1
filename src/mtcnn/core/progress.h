#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace mtcnn {

/// How far long work has come, on stderr: a bar on a terminal, else a line every five seconds. Says nothing in the
/// first second, so that short work stays silent.
class Progress {
 public:
  /// \param label  what is counted, as in "pictures";
  /// \param total 0 where it is not known;
  /// \param quiet shows nothing at all.
  Progress(std::string label, int64_t total, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` of the total are finished; cheap enough to call for every item.
  void update(int64_t done);

 private:
  using Clock = std::chrono::steady_clock;

  std::string text(double elapsed_s) const;

  std::string label_;
  int64_t total_;
  int64_t done_ = 0;
  bool quiet_;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_;
};

}  // namespace mtcnn
