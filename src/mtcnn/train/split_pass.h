#pragma once

#include "mtcnn/core/thread_pool.h"
#include "mtcnn/train/modules.h"

#include <vector>

namespace mtcnn {

/// A net's answers to a batch without gradients: in parts of fixed size, one CPU thread a part.
NetOutput answer(const NetModule& net, const torch::Tensor& input, ThreadPool& pool);

/// Has answers gather gradients, for SplitPass::backward().
void gather_gradients(NetOutput& output);

/// A batch's way through a net and back, in parts of fixed size, one CPU thread a part. The nets are so small that
/// splitting every layer over the threads costs more than it saves; and sums over parts come out the same for any
/// number of threads. On other devices the batch is one part.
class SplitPass {
 public:
  /// Both must outlive it. LibTorch should be kept to one thread: see WithoutTorchThreads.
  SplitPass(const NetModule& net, ThreadPool& pool);

  /// \param input  [N, 3, S, S], normalised, N > 0; its memory must last until backward() is done.
  /// \return the net's answers for all rows, cut off from the net.
  NetOutput forward(const torch::Tensor& input);

  /// Carries gradients of the last forward()'s answers to the net's parameters, and replaces theirs. Those of the parts
  /// are summed by tree_sum(). A parameter that no part of the loss reaches has none.
  /// \param output  answers after gather_gradients() and the loss's backward(); from row `first` on those of forward().
  void backward(const NetOutput& output, int64_t first = 0);

 private:
  const NetModule& net_;
  ThreadPool& pool_;
  std::vector<torch::Tensor> parameters_;
  std::vector<NetOutput> parts_;
};

/// Whether several processes can share a batch: each must get whole parts, 1, 2, 4 … of them, as then their gradients
/// have the same sum as those of one process, to the bit. On other devices than the CPU a process's rows are one part.
/// \param rows  of the whole batch.
/// \throws Error{usage} naming sizes of batches that can be shared.
void require_shares(NetKind net, int64_t rows, int world, torch::Device device);

}  // namespace mtcnn
