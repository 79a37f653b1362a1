#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace mtcnn {

/// Makes the items of steps ahead of their use, in threads of its own, and gives them in the order of steps.
template <class Item>
class Ahead {
 public:
  /// Makes the item of a step. What the item was before is memory to use again.
  using Make = std::function<void(int64_t step, Item& item)>;

  /// \param workers  a function for each thread; at least one.
  explicit Ahead(std::vector<Make> workers) : workers_(std::move(workers)) {}
  ~Ahead() { stop(); }
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;

  /// The next call of next() gives the item of this step.
  void seek(int64_t step) {
    stop();
    made_ = given_ = step;
    failure_ = nullptr;
    for (const Make& make : workers_) threads_.emplace_back([this, &make] { work(make); });
  }

  /// Valid until the next call of next() or seek().
  /// \throws what a worker has thrown.
  const Item& next() {
    if (threads_.empty()) seek(0);
    const auto start = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return ready_.contains(given_) || failure_; });
    if (!ready_.contains(given_)) std::rethrow_exception(failure_);
    spare_.push_back(std::exchange(current_, std::move(ready_.extract(given_).mapped())));
    ++given_;
    room_.notify_one();
    waited_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return current_;
  }

  /// Spent in next() so far, waiting for workers.
  double waited_s() const { return waited_s_; }

 private:
  static constexpr size_t kReady = 2;  ///< items, besides one for each worker and the one in use

  void work(const Make& make) {
    try {
      for (;;) {
        Item item;
        int64_t step = 0;
        {
          std::unique_lock lock(mutex_);
          const auto most = static_cast<int64_t>(kReady + workers_.size());
          room_.wait(lock, [&] { return stopping_ || made_ < given_ + most; });
          if (stopping_) return;
          if (!spare_.empty()) {
            item = std::move(spare_.back());
            spare_.pop_back();
          }
          step = made_++;
        }
        make(step, item);
        const std::scoped_lock lock(mutex_);
        ready_.emplace(step, std::move(item));
        filled_.notify_one();
      }
    } catch (...) {
      const std::scoped_lock lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      filled_.notify_one();
    }
  }

  void stop() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    room_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    ready_.clear();
    stopping_ = false;
  }

  std::vector<Make> workers_;
  std::mutex mutex_;  ///< over what follows, but for current_, threads_ and waited_s_
  std::condition_variable room_;
  std::condition_variable filled_;
  std::map<int64_t, Item> ready_;
  std::vector<Item> spare_;  ///< that were used
  std::exception_ptr failure_;
  bool stopping_ = false;
  int64_t made_ = 0;   ///< the next step that a worker takes
  int64_t given_ = 0;  ///< the next step that is given
  Item current_;
  std::vector<std::thread> threads_;
  double waited_s_ = 0;
};

}  // namespace mtcnn
