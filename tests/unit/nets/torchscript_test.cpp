#include "mtcnn/nets/torchscript.h"

#include "mtcnn/core/file.h"
#include "mtcnn/weights/torchscript_weights.h"

#include "support/foreign_weights.h"
#include "support/temp_folder.h"
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

TEST(TorchscriptFile, WhatLibTorchWritesIsReadToTheBit) {
  const testing::TempFolder folder;
  for (const NetKind net : kNetKinds) {
    for (const int64_t points : {0, 5, 68}) {
      NetWeights weights = testing::random_weights(net, 41, points > 0, points);
      weights.metadata["landmark_order"] = std::string(300, 'x');
      write_torchscript(folder / "net.pt", weights);
      const NetWeights back = read_torchscript(folder / "net.pt", net);
      testing::expect_same(back, weights);
      EXPECT_EQ(back.metadata, weights.metadata);
    }
  }
}

}  // namespace
}  // namespace mtcnn
