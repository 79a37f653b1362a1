#include "mtcnn/train/modules.h"

#include "mtcnn/core/error.h"

#include "support/foreign_weights.h"
#include <ATen/Functions.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

int64_t parameter_count(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

TEST(Modules, HaveThePapersParameters) {
  EXPECT_EQ(parameter_count(*PNet()), 6632);
  EXPECT_EQ(parameter_count(*RNet()), 100178);
  EXPECT_EQ(parameter_count(*ONet()), 389040);
}

TEST(Modules, OutputShapes) {
  const NetOutput map = PNet(5)->forward(at::zeros({2, 3, 97, 131}));
  EXPECT_EQ(map.face_logits.sizes(), (std::vector<int64_t>{2, 2, 44, 61}));
  EXPECT_EQ(map.offsets.sizes(), (std::vector<int64_t>{2, 4, 44, 61}));
  EXPECT_EQ(map.landmarks.sizes(), (std::vector<int64_t>{2, 10, 44, 61}));
  EXPECT_FALSE(RNet()->forward(at::zeros({5, 3, 24, 24})).landmarks.defined());
  EXPECT_EQ(RNet(5)->forward(at::zeros({5, 3, 24, 24})).landmarks.sizes(), (std::vector<int64_t>{5, 10}));
  EXPECT_EQ(ONet()->forward(at::zeros({5, 3, 48, 48})).landmarks.sizes(), (std::vector<int64_t>{5, 10}));
  EXPECT_EQ(ONet(68)->forward(at::zeros({5, 3, 48, 48})).landmarks.sizes(), (std::vector<int64_t>{5, 136}));
  EXPECT_FALSE(ONet(0)->forward(at::zeros({5, 3, 48, 48})).landmarks.defined());
}

TEST(Modules, WeightsGoInAndComeOutUnchanged) {
  for (const bool landmarks : {false, true}) {
    const NetWeights weights = testing::random_weights(NetKind::pnet, 11, landmarks);
    PNet net(landmarks ? 5 : 0);
    load_weights(*net, weights);
    const NetWeights back = weights_of(*net, NetKind::pnet);
    ASSERT_EQ(back.tensors.size(), weights.tensors.size());
    for (const NamedTensor& tensor : weights.tensors)
      EXPECT_EQ(back.at(tensor.name).values, tensor.values) << tensor.name;
  }
}

TEST(Modules, OptionalHeadsMayBeMissingOnEitherSide) {
  const NetWeights with = testing::random_weights(NetKind::rnet, 3, true);
  const NetWeights without = testing::random_weights(NetKind::rnet, 4, false);
  EXPECT_NO_THROW(load_weights(*RNet(0), with));
  EXPECT_NO_THROW(load_weights(*RNet(5), without));
}

TEST(Modules, RefuseWeightsOfAnotherNet) {
  EXPECT_THROW(load_weights(*PNet(), testing::random_weights(NetKind::onet, 1)), ContractError);
}

}  // namespace
}  // namespace mtcnn
