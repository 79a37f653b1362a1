#include "mtcnn/data/shard.h"

#include "input.h"

/// A shard of crops, read to its last byte.
MTCNN_FUZZ_TARGET(input) {
  const mtcnn::Shard shard(mtcnn::fuzz::input_file("pnet-landmark-00000.safetensors", input));
  unsigned sum = 0;
  for (int64_t i = 0; i < shard.count(); ++i) {
    for (const uint8_t value : shard.pixels(i)) sum += value;
    sum += static_cast<unsigned>(shard.label(i).source);
  }
  static volatile unsigned kept;
  kept = sum;
}
