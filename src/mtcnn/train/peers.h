#pragma once

#include <functional>
#include <string>
#include <vector>

#include <torch/types.h>

namespace mtcnn {

/// The processes (ranks) that train one net together, each with its share of every batch. All call the same functions
/// in the same order; a call returns once the others have made it too.
class Peers {
 public:
  Peers() = default;
  virtual ~Peers() = default;
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  /// Of this process, from 0.
  virtual int rank() const = 0;
  /// How many there are.
  virtual int world() const = 0;
  /// Whether there is nobody to talk to, so that work for others can be left out.
  virtual bool alone() const { return false; }

  /// \param own  contiguous; of the same shape and type in all.
  /// \return what each gave, by rank, on the device of `own`; memory of the caller's.
  /// \throws Error if another process is gone or does not answer in time.
  virtual std::vector<torch::Tensor> gather(const torch::Tensor& own) = 0;

  /// \param value  contiguous; of the same shape and type in all.
  /// \return what rank 0 gave.
  /// \throws Error as gather() does.
  virtual torch::Tensor broadcast(const torch::Tensor& value) = 0;
};

/// The one process of a training that shares nothing.
Peers& alone();

/// Texts, or any bytes, of different lengths: what each process gave, by rank.
std::vector<std::string> gather_texts(Peers& peers, const std::string& own);
/// What rank 0 gave.
std::string broadcast_text(Peers& peers, const std::string& text);

/// Runs `work` in every process, and waits for all.
/// \throws Error in all processes where it throws Error in any, then naming the rank.
void run_together(Peers& peers, const std::function<void()>& work);

}  // namespace mtcnn
