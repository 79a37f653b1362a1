#include "mtcnn/engine/maps.h"

#include <algorithm>

namespace mtcnn::engine {

Map convolved(const Kernels& kernels, const Layer& layer, const Map& input, std::vector<float>& room) {
  const Map output{nullptr, input.width - layer.kernel + 1, input.height - layer.kernel + 1};
  Convolution job = layer.job();
  set_input(job, input.values, ptrdiff_t{input.width} * layer.input_channels);
  job.width = output.width;
  job.height = output.height;
  job.output = map_scratch(room, ptrdiff_t{output.width} * output.height * layer.channels);
  kernels.convolve(job);
  return {job.output, output.width, output.height};
}

Map convolved_and_pooled(const Kernels& kernels, const Layer& layer, int kernel, const Map& input,
                         std::vector<float>& room, const WordLayer* words) {
  thread_local std::vector<float> ring_room;
  thread_local std::vector<int16_t> word_room;
  const int width = input.width - layer.kernel + 1;
  const int height = input.height - layer.kernel + 1;
  const Map output{nullptr, pooled_size(width, kernel), pooled_size(height, kernel)};
  const ptrdiff_t input_row = ptrdiff_t{input.width} * layer.input_channels;
  const ptrdiff_t row_floats = width * layer.padded();
  float* ring = scratch(ring_room, kernel * row_floats);
  float* pooled = map_scratch(room, ptrdiff_t{output.width} * output.height * layer.channels);
  Convolution job = layer.job();
  job.activated = false;
  job.width = width;
  job.output_stride = layer.padded();
  WordConvolution word_job;
  int16_t* word_input = nullptr;
  if (words != nullptr) {
    word_job = words->job();
    word_job.pixel_stride = layer.input_channels;
    word_job.width = width;
    word_job.output_stride = layer.padded();
    word_input = scratch(word_room, input.height * input_row);
    word_job.scale = kernels.to_words(input.values, input.height * input_row, word_input);
  }
  Pooling pooling = layer.pooling(kernel);
  pooling.width = width;
  int done = 0;
  for (int y = 0; y < output.height; ++y) {
    pooling.row_count = std::min(kernel, height - 2 * y);
    for (; done < 2 * y + pooling.row_count; ++done) {
      float* row = ring + done % kernel * row_floats;
      if (words != nullptr) {
        set_input(word_job, word_input + done * input_row, input_row);
        word_job.output = row;
        kernels.convolve_words(word_job);
      } else {
        set_input(job, input.values + done * input_row, input_row);
        job.output = row;
        kernels.convolve(job);
      }
    }
    for (int row = 0; row < pooling.row_count; ++row) pooling.rows[row] = ring + (2 * y + row) % kernel * row_floats;
    pooling.output = pooled + ptrdiff_t{y} * output.width * layer.channels;
    kernels.pool(pooling);
  }
  return {pooled, output.width, output.height};
}

}  // namespace mtcnn::engine
