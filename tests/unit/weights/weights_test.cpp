#include "mtcnn/weights/weights.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/safetensors.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "support/foreign_weights.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using testing::expect_same;
using ::testing::HasSubstr;
using testing::random_weights;
using testing::refusal;
using testing::TempFolder;
using testing::write_bytes;

int64_t parameter_count(NetKind net, bool head) {
  const auto& spec = tensor_specs(net);
  return std::accumulate(spec.begin(), spec.end(), int64_t{0}, [&](int64_t sum, const TensorSpec& tensor) {
    return sum + (tensor.landmark_head && !head ? 0 : tensor.count());
  });
}

TEST(Spec, HasThePublishedNumberOfParameters) {
  EXPECT_EQ(parameter_count(NetKind::pnet, false), 6632);
  EXPECT_EQ(parameter_count(NetKind::rnet, false), 100178);
  EXPECT_EQ(parameter_count(NetKind::onet, true), 389040);
  EXPECT_EQ(parameter_count(NetKind::pnet, true), 6632 + 32 * 10 + 10);
  EXPECT_EQ(parameter_count(NetKind::rnet, true), 100178 + 128 * 10 + 10);
}

TEST(Spec, FindsTensorsOfItsOwnNetOnly) {
  ASSERT_NE(find_spec(tensor_specs(NetKind::rnet), "dense4.weight"), nullptr);
  EXPECT_EQ(find_spec(tensor_specs(NetKind::rnet), "dense4.weight")->shape, (std::vector<int64_t>{128, 576}));
  EXPECT_EQ(find_spec(tensor_specs(NetKind::pnet), "dense4.weight"), nullptr);
  EXPECT_EQ(net_input_size(NetKind::pnet), 12);
  EXPECT_EQ(net_input_size(NetKind::rnet), 24);
  EXPECT_EQ(net_input_size(NetKind::onet), 48);
}

class WeightsFile : public ::testing::Test {
 protected:
  /// Writes `tensors` with metadata that are right but for `changes`, without a checksum.
  void write(std::vector<NamedTensor> tensors, const std::map<std::string, std::string>& changes = {}) {
    std::map<std::string, std::string> metadata = {{"format", "mtcnn-weights"}, {"version", "1"}, {"net", "pnet"}};
    for (const auto& [key, value] : changes) metadata[key] = value;
    std::vector<TensorView> views;
    for (const NamedTensor& tensor : tensors) {
      views.push_back({tensor.name, Dtype::f32, tensor.shape, std::as_bytes(std::span(tensor.values))});
    }
    write_safetensors(file_, views, metadata);
  }
  std::string read_refusal(NetKind net = NetKind::pnet) {
    return refusal([&] { read_weights(file_, net); });
  }

  TempFolder folder_;
  std::filesystem::path file_ = folder_ / "net.safetensors";
  NetWeights weights_ = random_weights(NetKind::pnet, 1);
};

TEST_F(WeightsFile, ComesBackAsItWas) {
  for (const NetKind net : kNetKinds) {
    for (const bool landmarks : {false, true}) {
      NetWeights weights = random_weights(net, 5, landmarks);
      weights.metadata["best"] = "0.97";
      write_weights(file_, weights);
      const NetWeights read = read_weights(file_, net);
      expect_same(read, weights);
      EXPECT_EQ(read.metadata.at("best"), "0.97");
      EXPECT_EQ(read.metadata.at("net"), net_name(net));
      EXPECT_THAT(read.metadata.at("created_by"), HasSubstr("mtcnn"));
    }
  }
}

TEST_F(WeightsFile, OtherChannelsAreDeclared) {
  const NetWeights wide = random_weights(NetKind::rnet, 5, false, 5, 1.5);
  EXPECT_EQ(channels_of(wide), (Channels{42, 72, 96, 192}));
  write_weights(file_, wide);
  const NetWeights read = read_weights(file_, NetKind::rnet);
  expect_same(read, wide);
  EXPECT_EQ(read.metadata.at("channels"), "[42,72,96,192]");
  write_weights(file_, weights_);
  EXPECT_FALSE(read_weights(file_, NetKind::pnet).metadata.contains("channels"));
}

TEST_F(WeightsFile, WrongChannelsAreRefused) {
  write(weights_.tensors, {{"channels", "[10,16,64]"}});
  EXPECT_THAT(read_refusal(), HasSubstr("found [32, 16, 3, 3], expected [64, 16, 3, 3]"));
  for (const char* wrong : {"[10,16]", "[10,16,0]", "[10,16,2000]", "[10,16,32.5]", "{}", "10"}) {
    write(weights_.tensors, {{"channels", wrong}});
    EXPECT_THAT(read_refusal(), HasSubstr("expected 3 whole numbers from 1 to 1024, one a layer")) << wrong;
  }
  write(weights_.tensors, {{"channels", "[10,"}});
  EXPECT_THAT(read_refusal(), HasSubstr("'channels'"));
}

TEST_F(WeightsFile, TensorsAreFoundByName) {
  EXPECT_EQ(weights_.at("conv2.bias").values.size(), 16U);
  EXPECT_THROW(weights_.at("conv9.bias"), ContractError);
}

TEST_F(WeightsFile, OtherToolsMayLeaveTheChecksumOut) {
  write(weights_.tensors);
  expect_same(read_weights(file_, NetKind::pnet), weights_);
}

TEST_F(WeightsFile, OurOwnAlwaysHaveAChecksum) {
  write(weights_.tensors, {{"created_by", "mtcnn 0.1.0"}, {"checkrum", "crc32:00000000"}});
  EXPECT_THAT(read_refusal(), HasSubstr("their checksum is missing"));
}

TEST_F(WeightsFile, AnotherNetFormatOrVersionIsRefused) {
  write_weights(file_, weights_);
  EXPECT_THAT(read_refusal(NetKind::rnet), HasSubstr("these are not the weights of R-Net"));
  write(weights_.tensors, {{"version", "2"}});
  EXPECT_THAT(read_refusal(), HasSubstr("wrong 'version': found '2', expected '1'"));
  write(weights_.tensors, {{"format", "shard"}});
  EXPECT_THAT(read_refusal(), HasSubstr("wrong 'format'"));
  write(weights_.tensors, {{"checksum", "crc32:00000000"}});
  EXPECT_THAT(read_refusal(), HasSubstr("checksum is wrong"));
}

TEST_F(WeightsFile, MissingUnknownAndMisshapenTensorsAreNamed) {
  auto tensors = weights_.tensors;
  tensors.erase(tensors.begin() + 3);
  write(tensors);
  EXPECT_THAT(read_refusal(), HasSubstr("tensor '" + weights_.tensors[3].name + "' of P-Net is missing"));
  tensors = weights_.tensors;
  tensors.push_back({"conv5.weight", {1}, {0.5F}});
  write(tensors);
  EXPECT_THAT(read_refusal(), HasSubstr("unknown tensor 'conv5.weight'"));
  tensors = weights_.tensors;
  std::swap(tensors[0].shape[0], tensors[0].shape[1]);
  write(tensors);
  EXPECT_THAT(read_refusal(), HasSubstr("found [3, 10, 3, 3], expected [10, 3, 3, 3]"));
}

TEST_F(WeightsFile, ATensorGivenTwiceIsRefused) {
  auto tensors = weights_.tensors;
  tensors.push_back(tensors[2]);
  EXPECT_THAT(refusal([&] { checked_weights(NetKind::pnet, tensors, "here", channels_for(NetKind::pnet)); }),
              HasSubstr("here: tensor 'prelu1.weight' is there twice"));
}

TEST_F(WeightsFile, AnyOrderOfTensorsGivesTheOrderOfTheSpec) {
  auto tensors = weights_.tensors;
  std::reverse(tensors.begin(), tensors.end());
  expect_same(checked_weights(NetKind::pnet, tensors, "here", channels_for(NetKind::pnet)), weights_);
}

TEST_F(WeightsFile, ValuesThatAreNotFiniteAreRefused) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    auto tensors = weights_.tensors;
    tensors[3].values[17] = bad;
    write(tensors);
    EXPECT_THAT(read_refusal(),
                ::testing::AllOf(HasSubstr("'" + tensors[3].name + "' is damaged"), HasSubstr("at position 17")));
  }
}

TEST_F(WeightsFile, EveryTruncationIsFound) {
  write_weights(file_, weights_);
  const std::string bytes = read_text(file_);
  for (size_t part = 0; part < 200; ++part) {
    write_bytes(file_, bytes.substr(0, bytes.size() * part / 200));
    EXPECT_NE(read_refusal(), "");
  }
  write_bytes(file_, bytes.substr(0, bytes.size() - 1));
  EXPECT_NE(read_refusal(), "");
}

TEST_F(WeightsFile, EveryFlippedByteIsFoundOrHarmless) {
  write_weights(file_, weights_);
  const std::string bytes = read_text(file_);
  const size_t data = bytes.size() - 6632 * sizeof(float);
  for (size_t i = 0; i < bytes.size(); i += i < data ? 1 : 37) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << i % 8));
    write_bytes(file_, damaged);
    try {
      expect_same(read_weights(file_, NetKind::pnet), weights_);
      EXPECT_LT(i, data) << "the checksum missed byte " << i;
    } catch (const Error&) {
    }
  }
}

TEST_F(WeightsFile, HeadsMayBeForAnyNumberOfPoints) {
  for (const NetKind net : kNetKinds) {
    for (const int64_t points : {0, 1, 3, 68}) {
      const NetWeights weights = random_weights(net, 6, true, points);
      write_weights(file_, weights);
      const NetWeights read = read_weights(file_, net);
      expect_same(read, weights);
      EXPECT_EQ(landmark_count(read), points);
    }
  }
}

TEST_F(WeightsFile, HalfAHeadIsRefused) {
  const auto refused = [&](auto change) {
    std::vector<NamedTensor> tensors = random_weights(NetKind::onet, 7, true, 3).tensors;
    change(tensors);
    write(std::move(tensors), {{"net", "onet"}});
    return read_refusal(NetKind::onet);
  };
  EXPECT_THAT(refused([](auto& tensors) { tensors.pop_back(); }), HasSubstr("'dense6_3.bias' of O-Net is missing"));
  EXPECT_THAT(refused([](auto& tensors) {
                tensors.back().shape = {8};
                tensors.back().values.resize(8);
              }),
              HasSubstr("'dense6_3.bias' of O-Net has the wrong shape: found [8], expected [6]"));
  EXPECT_THAT(refused([](auto& tensors) {
                for (size_t i = tensors.size() - 2; i < tensors.size(); ++i) {
                  tensors[i].values.resize(tensors[i].values.size() / 6 * 5);
                  tensors[i].shape.front() = 5;
                }
              }),
              HasSubstr("two rows a point"));
}

}  // namespace
}  // namespace mtcnn
