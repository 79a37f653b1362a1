#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/model/model_folder.h"
#include "mtcnn/weights/import.h"
#include "mtcnn/weights/onnx_file.h"

#include <random>

#include "support/foreign_weights.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using testing::expect_same;
using ::testing::HasSubstr;
using testing::message_field;
using testing::random_weights;
using testing::refusal;
using testing::write_bytes;
using namespace std::string_literals;

class OnnxFile : public testing::ImportTest {
 protected:
  std::string good_file(NetKind net) {
    write_onnx(file_, random_weights(net, 3));
    return read_text(file_);
  }
};

TEST_F(OnnxFile, WhatIsWrittenIsReadToTheBit) {
  for (const NetKind net : kNetKinds) {
    for (const int64_t points : {0, 5, 68}) {
      for (const double width : {1.0, 0.5}) {
        NetWeights weights = random_weights(net, 41, points > 0, points, width);
        weights.metadata["licence"] = "MIT";
        write_onnx(file_, weights);
        const NetWeights back = read_onnx(file_, net);
        expect_same(back, weights);
        expect_same(import_weights(file_), weights);
        EXPECT_EQ(back.metadata.at("licence"), "MIT");
        EXPECT_EQ(back.metadata.at("checksum"), weights_checksum(weights));
      }
    }
  }
}

TEST_F(OnnxFile, TheSameWeightsGiveTheSameBytes) { EXPECT_EQ(good_file(NetKind::onet), good_file(NetKind::onet)); }

TEST_F(OnnxFile, AModelFolderOfThemIsRead) {
  Model model;
  for (const NetKind net : kNetKinds) model.nets[static_cast<size_t>(net)] = random_weights(net, 9, false, 3);
  model.landmark_names = {"tip", "left", "right"};
  write_model(folder_ / "model", model, kOnnx);
  const Model back = read_model(folder_ / "model");
  EXPECT_EQ(back.landmark_names, model.landmark_names);
  for (const NetKind net : kNetKinds)
    expect_same(back.nets[static_cast<size_t>(net)], model.nets[static_cast<size_t>(net)]);
}

TEST_F(OnnxFile, AnotherNetIsRefused) {
  good_file(NetKind::rnet);
  EXPECT_THAT(refusal([&] { read_onnx(file_, NetKind::pnet); }), HasSubstr("found R-Net, expected P-Net"));
}

TEST_F(OnnxFile, ChangedValuesAreFound) {
  std::string bytes = good_file(NetKind::pnet);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  EXPECT_THAT(import_refusal(bytes), HasSubstr("checksum is wrong"));
}

TEST_F(OnnxFile, EveryTruncationIsFound) {
  for (const NetKind net : {NetKind::pnet, NetKind::onet}) {
    const std::string good = good_file(net);
    for (size_t part = 0; part < 64; ++part) EXPECT_NE(import_refusal(good.substr(0, good.size() * part / 64)), "");
  }
}

TEST_F(OnnxFile, RandomDamageIsFoundOrGivesWholeWeights) {
  const std::string good = good_file(NetKind::pnet);
  std::mt19937 random(23);
  for (int round = 0; round < 1000; ++round) {
    std::string damaged = good;
    for (size_t changes = 1 + random() % 3; changes > 0; --changes) {
      // The structure is at the two ends, between them there are numbers.
      const size_t place = random() % 2000;
      const size_t where = random() % 4 == 0 ? damaged.size() - 1 - place : place;
      damaged[where] = static_cast<char>(damaged[where] ^ (1 << random() % 8));
    }
    write_bytes(file_, damaged);
    try {
      EXPECT_EQ(import_weights(file_).tensors.size(), random_weights(NetKind::pnet, 0).tensors.size());
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }
}

TEST_F(OnnxFile, HostileFilesAreRefused) {
  const std::string version = "\x08\x07"s;
  EXPECT_THAT(import_refusal(version), HasSubstr("no graph"));
  EXPECT_THAT(import_refusal(version + "\x3a\xff\xff\xff\xff\x0f"s), HasSubstr("not a readable ONNX file"));
  // A node nobody knows; nodes and tensors without end; a tensor that says to be huge.
  const std::string node = message_field(1, message_field(4, "Loop"));
  EXPECT_THAT(import_refusal(version + message_field(7, node)), HasSubstr("none of the three nets"));
  std::string many;
  for (int i = 0; i < 1001; ++i) many += node;
  EXPECT_THAT(import_refusal(version + message_field(7, many)), HasSubstr("over 1000 nodes"));
  const std::string huge = "\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x10\x01"s;
  EXPECT_THAT(import_refusal(version + message_field(7, message_field(5, huge))), HasSubstr("a dimension of"));
  const std::string empty = "\x08\x80\x80\x80\x10\x08\x80\x80\x80\x10\x10\x01"s;
  EXPECT_THAT(import_refusal(version + message_field(7, message_field(5, empty))), HasSubstr("0 values in tensor"));
}

}  // namespace
}  // namespace mtcnn
