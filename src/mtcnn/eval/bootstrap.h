#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace mtcnn {

/// The middle 95 % of a figure over the bootstrap's repeats.
struct Interval {
  double low = 0;
  double high = 0;
};

/// How intervals are drawn; 0 repeats give none.
struct BootstrapOptions {
  int repeats = 1000;
  uint64_t seed = 0;
};

/// Figures of one resample: `weights[i]` says how often image i was drawn; their sum is the number of images. Returns
/// the same number of figures at each call.
using FiguresOf = std::function<std::vector<double>(std::span<const uint32_t> weights)>;

/// How sure a score is: draws as many images as there are with replacement, scores them, and again, `repeats` times.
/// Returns per figure the 2.5th and the 97.5th percentile (linear between neighbours) of what came out. Figures that
/// are not finite are left out of their interval; where none is left both ends are NaN. No images or no repeats: empty.
/// The draws come from std::mt19937_64 started with `seed`, an index as its next value modulo the number of images with
/// the incomplete last block drawn again, so that every machine draws the same.
/// \throws ContractError if `repeats` is negative or the number of figures changes.
/// Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13 (percentile interval).
std::vector<Interval> bootstrap_intervals(size_t images, const FiguresOf& figures_of, const BootstrapOptions& options);

}  // namespace mtcnn
