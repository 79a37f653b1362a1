#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace mtcnn {

/// Random numbers that are the same on every machine and for every compiler. A stream is named by a seed, a text and an
/// index, so that every image, worker or epoch has one of its own and the order of the work does not matter.
/// Source: xoshiro256++ (Blackman and Vigna 2019), seeded by splitmix64.
class RandomStream {
 public:
  RandomStream(uint64_t seed, std::string_view name, uint64_t index = 0);

  uint64_t next();
  /// In [0, 1), in steps of 2^-53.
  double uniform();
  /// In [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// In [0, count).
  /// \throws ContractError if count is not positive.
  int64_t below(int64_t count);
  bool chance(double probability) { return uniform() < probability; }
  /// Mean 0, standard deviation 1.
  double normal();

  /// Every order is as likely.
  template <class Item>
  void shuffle(std::span<Item> items) {
    for (size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1], items[static_cast<size_t>(below(static_cast<int64_t>(i)))]);
  }

 private:
  std::array<uint64_t, 4> state_ = {};
};

}  // namespace mtcnn
