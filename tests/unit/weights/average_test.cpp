#include "mtcnn/weights/average.h"

#include "mtcnn/weights/input.h"

#include "support/expect_error.h"
#include "support/foreign_weights.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

AveragedNet random_net(NetKind net, uint32_t seed, double share = 1) {
  return {testing::random_weights(net, seed), share, "net " + std::to_string(seed)};
}

std::string refusal(const std::vector<AveragedNet>& nets) {
  return testing::error_message(ErrorCode::usage, [&] { average_weights(nets); });
}

TEST(Average, IsTheWeightedMean) {
  const std::vector<AveragedNet> nets = {random_net(NetKind::rnet, 1, 1), random_net(NetKind::rnet, 2, 3)};
  const NetWeights average = average_weights(nets);
  EXPECT_EQ(average.net, NetKind::rnet);
  ASSERT_EQ(average.tensors.size(), nets[0].weights.tensors.size());
  for (const NamedTensor& tensor : average.tensors) {
    const NamedTensor& one = nets[0].weights.at(tensor.name);
    const NamedTensor& two = nets[1].weights.at(tensor.name);
    EXPECT_EQ(tensor.shape, one.shape);
    for (size_t i = 0; i < tensor.values.size(); ++i)
      ASSERT_NEAR(tensor.values[i], 0.25F * one.values[i] + 0.75F * two.values[i], 1e-6) << tensor.name;
  }
  EXPECT_EQ(weights_checksum(average_weights(std::vector{nets[0]})), weights_checksum(nets[0].weights));
}

TEST(Average, KeepsWhatAllSayOfThemselves) {
  std::vector<AveragedNet> nets = {random_net(NetKind::onet, 1), random_net(NetKind::onet, 2, 0.5)};
  const InputOptions input{.border = 127, .crop_lead = 1};
  for (AveragedNet& net : nets) {
    set_input(net.weights, input);
    net.weights.metadata["licence"] = "MIT";
    net.weights.metadata["epoch"] = net.name;
  }
  const NetWeights average = average_weights(nets);
  EXPECT_EQ(input_of(average, "").value(), input);
  EXPECT_EQ(average.metadata.at("licence"), "MIT");
  EXPECT_FALSE(average.metadata.contains("epoch"));
  const Json from = parse_json(average.metadata.at("averaged_from"), "");
  ASSERT_EQ(from.size(), 2U);
  EXPECT_EQ(from[1]["checksum"], weights_checksum(nets[1].weights));
  EXPECT_DOUBLE_EQ(from[1]["share"].get<double>(), 1.0 / 3);
}

TEST(Average, HeadsThatNotAllHaveAreLeftOut) {
  const std::vector<AveragedNet> nets = {{testing::random_weights(NetKind::rnet, 1, true), 1, "with"},
                                         random_net(NetKind::rnet, 2)};
  ASSERT_NE(nets[0].weights.find("dense5_3.weight"), nullptr);
  EXPECT_EQ(average_weights(nets).find("dense5_3.weight"), nullptr);
}

TEST(Average, NetsThatDoNotBelongTogetherAreNamed) {
  std::vector<AveragedNet> nets = {random_net(NetKind::rnet, 1), random_net(NetKind::onet, 2)};
  EXPECT_THAT(refusal(nets), AllOf(HasSubstr("net 2"), HasSubstr("O-Net"), HasSubstr("R-Net")));
  nets[1] = random_net(NetKind::rnet, 3);
  set_input(nets[1].weights, {.crop_lead = 1});
  EXPECT_THAT(refusal(nets), AllOf(HasSubstr("net 3"), HasSubstr("input"), HasSubstr("crop_lead")));
  nets = {random_net(NetKind::onet, 1), random_net(NetKind::onet, 4)};
  nets[1].weights.metadata["landmark_order"] = R"(["a","b","c","d","e"])";
  EXPECT_THAT(refusal(nets), AllOf(HasSubstr("net 4"), HasSubstr("landmarks")));
}

TEST(Average, RaisesTheLogitOfAFaceAlone) {
  for (const NetKind net : kNetKinds) {
    const NetWeights before = testing::random_weights(net, 1);
    NetWeights after = before;
    raise_face_logit(after, 0.5F);
    int changed = 0;
    for (const NamedTensor& tensor : before.tensors) {
      for (size_t i = 0; i < tensor.values.size(); ++i) {
        if (after.at(tensor.name).values[i] == tensor.values[i]) continue;
        ++changed;
        EXPECT_EQ(i, 1U);
        EXPECT_FLOAT_EQ(after.at(tensor.name).values[i], tensor.values[i] + 0.5F);
      }
    }
    EXPECT_EQ(changed, 1) << net_name(net);
  }
}

}  // namespace
}  // namespace mtcnn
