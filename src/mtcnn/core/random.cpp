#include "mtcnn/core/random.h"

#include "mtcnn/core/error.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace mtcnn {
namespace {

uint64_t splitmix64(uint64_t& state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

/// FNV-1a.
uint64_t hash(std::string_view text) {
  uint64_t value = 0xcbf29ce484222325U;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return value;
}

}  // namespace

RandomStream::RandomStream(uint64_t seed, std::string_view name, uint64_t index) {
  // Each part is mixed before the next comes in: neighbouring seeds and indices share nothing.
  uint64_t mixed = seed;
  mixed = splitmix64(mixed) ^ hash(name);
  mixed = splitmix64(mixed) ^ index;
  for (uint64_t& word : state_) word = splitmix64(mixed);
}

uint64_t RandomStream::next() {
  const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const uint64_t shifted = state_[1] << 17U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double RandomStream::uniform() { return static_cast<double>(next() >> 11U) * 0x1p-53; }

int64_t RandomStream::below(int64_t count) {
  require(count > 0, "RandomStream::below: count must be positive");
  // What exceeds the largest multiple of count is drawn again, so that no value is favoured.
  const auto range = static_cast<uint64_t>(count);
  const uint64_t excess = (~uint64_t{0} % range + 1) % range;
  uint64_t value = next();
  while (value > ~uint64_t{0} - excess) value = next();
  return static_cast<int64_t>(value % range);
}

double RandomStream::normal() {
  // Box and Muller; one of the pair is thrown away so that the stream's only state is its generator's.
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

}  // namespace mtcnn
