#include "mtcnn/export/torchscript.h"

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

TEST(TorchscriptFile, AModelFolderOfThemIsRead) {
  const testing::TempFolder folder;
  Model model;
  for (const NetKind net : kNetKinds) model.nets[static_cast<size_t>(net)] = testing::random_weights(net, 9, false, 3);
  model.landmark_names = {"tip", "left", "right"};
  write_model(folder / "script", model, kTorchscript);
  const Model back = read_model(folder / "script");
  EXPECT_EQ(back.landmark_names, model.landmark_names);
  testing::expect_same(back.nets[2], model.nets[2]);
}

}  // namespace
}  // namespace mtcnn
