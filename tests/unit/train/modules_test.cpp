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
  EXPECT_EQ(parameter_count(*make_net(NetKind::pnet, 0)), 6632);
  EXPECT_EQ(parameter_count(*make_net(NetKind::rnet, 0)), 100178);
  EXPECT_EQ(parameter_count(*make_net(NetKind::onet, 5)), 389040);
}

TEST(Modules, OutputShapes) {
  const NetOutput map = make_net(NetKind::pnet, 5)->forward(at::zeros({2, 3, 97, 131}));
  EXPECT_EQ(map.face_logits.sizes(), (std::vector<int64_t>{2, 2, 44, 61}));
  EXPECT_EQ(map.offsets.sizes(), (std::vector<int64_t>{2, 4, 44, 61}));
  EXPECT_EQ(map.landmarks.sizes(), (std::vector<int64_t>{2, 10, 44, 61}));
  EXPECT_FALSE(make_net(NetKind::rnet, 0)->forward(at::zeros({5, 3, 24, 24})).landmarks.defined());
  EXPECT_EQ(make_net(NetKind::rnet, 5)->forward(at::zeros({5, 3, 24, 24})).landmarks.sizes(),
            (std::vector<int64_t>{5, 10}));
  EXPECT_EQ(make_net(NetKind::onet, 5)->forward(at::zeros({5, 3, 48, 48})).landmarks.sizes(),
            (std::vector<int64_t>{5, 10}));
  EXPECT_EQ(make_net(NetKind::onet, 68)->forward(at::zeros({5, 3, 48, 48})).landmarks.sizes(),
            (std::vector<int64_t>{5, 136}));
  EXPECT_FALSE(make_net(NetKind::onet, 0)->forward(at::zeros({5, 3, 48, 48})).landmarks.defined());
}

TEST(Modules, WeightsGoInAndComeOutUnchanged) {
  for (const bool landmarks : {false, true}) {
    const NetWeights weights = testing::random_weights(NetKind::pnet, 11, landmarks);
    const NetPointer net = make_net(NetKind::pnet, landmarks ? 5 : 0);
    load_weights(*net, weights);
    const NetWeights back = weights_of(*net);
    ASSERT_EQ(back.tensors.size(), weights.tensors.size());
    for (const NamedTensor& tensor : weights.tensors)
      EXPECT_EQ(back.at(tensor.name).values, tensor.values) << tensor.name;
  }
}

TEST(Modules, AreAsWideAsAsked) {
  for (const NetKind kind : kNetKinds) {
    const Channels channels = channels_for(kind, 1.5);
    const NetPointer net = make_net(kind, 5, channels);
    const NetWeights weights = weights_of(*net);
    EXPECT_EQ(channels_of(weights), channels);
    EXPECT_THROW(load_weights(*make_net(kind, 5), weights), ContractError);
    const int64_t side = net_input_size(kind);
    EXPECT_EQ(net->forward(at::zeros({2, 3, side, side})).offsets.flatten(1).sizes(), (std::vector<int64_t>{2, 4}));
  }
}

TEST(Modules, OptionalHeadsMayBeMissingOnEitherSide) {
  const NetWeights with = testing::random_weights(NetKind::rnet, 3, true);
  const NetWeights without = testing::random_weights(NetKind::rnet, 4, false);
  EXPECT_NO_THROW(load_weights(*make_net(NetKind::rnet, 0), with));
  EXPECT_NO_THROW(load_weights(*make_net(NetKind::rnet, 5), without));
}

TEST(Modules, RefuseWeightsOfAnotherNet) {
  EXPECT_THROW(load_weights(*make_net(NetKind::pnet, 0), testing::random_weights(NetKind::onet, 1)), ContractError);
}

}  // namespace
}  // namespace mtcnn
