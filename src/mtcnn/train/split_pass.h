#pragma once

#include "mtcnn/core/thread_pool.h"
#include "mtcnn/train/modules.h"

#include <vector>

namespace mtcnn {

/// A net's answers to a batch without gradients: in parts of fixed size, one CPU thread a part.
NetOutput answer(const NetModule& net, const torch::Tensor& input, ThreadPool& pool);

/// A batch's way through a net and back, in parts of fixed size, one CPU thread a part. The nets are so small that
/// splitting every layer over the threads costs more than it saves; and sums over parts come out the same for any
/// number of threads. On other devices the batch is one part.
class SplitPass {
 public:
  /// Both must outlive it. LibTorch should be kept to one thread: see WithoutTorchThreads.
  SplitPass(const NetModule& net, ThreadPool& pool);

  /// \param input  [N, 3, S, S], normalised, N > 0; its memory must last until backward() is done.
  /// \return the net's answers for all rows, cut off from the net: leaves that gather gradients.
  NetOutput forward(const torch::Tensor& input);

  /// Carries the gradients that the last forward()'s output has gathered to the net's parameters, and replaces theirs.
  /// A parameter that no part of the loss reaches has none.
  void backward();

 private:
  const NetModule& net_;
  ThreadPool& pool_;
  std::vector<torch::Tensor> parameters_;
  std::vector<NetOutput> parts_;
  NetOutput joined_;
};

}  // namespace mtcnn
