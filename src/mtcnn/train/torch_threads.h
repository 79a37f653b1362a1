#pragma once

/// \file
/// LibTorch's own threads. Training has threads of its own, and keeps LibTorch to one meanwhile.
namespace mtcnn {

/// Threads of one's own call this before they use LibTorch, whose backends else take as many threads as there are
/// cores.
void take_over_threads();

/// While it lives, LibTorch runs every operation in the thread that calls it: for those with threads of their own,
/// which must be started while it lives.
class WithoutTorchThreads {
 public:
  WithoutTorchThreads();
  ~WithoutTorchThreads();
  WithoutTorchThreads(const WithoutTorchThreads&) = delete;
  WithoutTorchThreads& operator=(const WithoutTorchThreads&) = delete;

 private:
  int before_;
};

}  // namespace mtcnn
