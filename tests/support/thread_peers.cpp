#include "support/thread_peers.h"

#include "mtcnn/core/error.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

namespace mtcnn::testing {
namespace {

/// Where the threads lay down what they give, in rounds.
class Board {
 public:
  explicit Board(int world) : given_(static_cast<size_t>(world)) {}

  std::vector<torch::Tensor> exchange(int rank, const torch::Tensor& own) {
    std::unique_lock lock(mutex_);
    given_[static_cast<size_t>(rank)] = own.clone();
    arrive(lock);
    std::vector<torch::Tensor> all;
    for (const torch::Tensor& tensor : given_) all.push_back(tensor.clone());
    arrive(lock);
    return all;
  }

  void leave() {
    const std::scoped_lock lock(mutex_);
    left_ = true;
    changed_.notify_all();
  }

 private:
  void arrive(std::unique_lock<std::mutex>& lock) {
    const int64_t round = round_;
    if (++arrived_ == given_.size()) {
      arrived_ = 0;
      ++round_;
      changed_.notify_all();
      return;
    }
    changed_.wait(lock, [&] { return round_ != round || left_; });
    if (round_ == round) throw Error(ErrorCode::unreadable, "another rank is gone");
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<torch::Tensor> given_;
  size_t arrived_ = 0;
  int64_t round_ = 0;
  bool left_ = false;
};

class ThreadPeers : public Peers {
 public:
  ThreadPeers(Board& board, int rank, int world) : board_(board), rank_(rank), world_(world) {}

  int rank() const override { return rank_; }
  int world() const override { return world_; }
  std::vector<torch::Tensor> gather(const torch::Tensor& own) override { return board_.exchange(rank_, own); }
  torch::Tensor broadcast(const torch::Tensor& value) override { return board_.exchange(rank_, value).front(); }

 private:
  Board& board_;
  int rank_;
  int world_;
};

}  // namespace

void run_ranks(int world, const std::function<void(Peers& peers)>& work) {
  Board board(world);
  std::vector<std::exception_ptr> failures(static_cast<size_t>(world));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < world; ++rank) {
    threads.emplace_back([&, rank] {
      ThreadPeers peers(board, rank, world);
      try {
        work(peers);
      } catch (...) {
        failures[static_cast<size_t>(rank)] = std::current_exception();
        board.leave();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace mtcnn::testing
