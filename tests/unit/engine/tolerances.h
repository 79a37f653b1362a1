#pragma once

/// How far answers of one version of the kernels may lie from plain ones, on every processor. Versions add in another
/// order, and most fuse a product with the sum behind it: a rounding of 2^-24 less, or elsewhere, for each product.
namespace mtcnn::engine {

/// One convolution of up to 432 products of values in -1 … 1, against sums in doubles.
inline constexpr double kConvolutionTolerance = 1e-4;

/// A whole net with made-up weights, whose answers are below 1, against another version.
inline constexpr double kNetTolerance = 2e-5;

/// A whole net of the default model against doubles: of an answer, and of 1 where it is smaller. With SSE and AVX2 the
/// largest seen was 4e-6, in P-Net; other CPUs round elsewhere.
inline constexpr double kDefaultNetTolerance = 3e-5;

/// A whole net of the default model with products in 16 bits: of an answer, and of 1 where it is smaller.
inline constexpr double kFixedPointTolerance = 5e-3;

/// Sums of bytes are exact; bytes made of them may round to the neighbour where a product is fused.
inline constexpr double kByteTolerance = 1;

}  // namespace mtcnn::engine
