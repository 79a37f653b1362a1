#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/weights/import.h"
#include "mtcnn/weights/pickle.h"

#include <random>

#include "support/foreign_weights.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Nets in numpy's files. tests/data/weights/make.py wrote them: all hold the same made-up numbers.
namespace mtcnn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::write_bytes;
using namespace std::string_literals;

const std::vector<std::string> kFiles = {"ipazc_0_1.npy",
#ifdef MTCNN_WITH_LZ4
                                         "ipazc_1_0.lz4",
#endif
                                         "tropcomplique.npy"};

std::string data_file(const std::string& name) {
  return read_text(std::filesystem::path(MTCNN_TEST_DATA_DIR) / "weights" / name);
}

NetWeights made_weights() {
  NetWeights weights{.net = NetKind::pnet, .tensors = {}, .metadata = {}};
  int64_t tensor = 0;
  for (const TensorSpec& spec : tensor_specs(NetKind::pnet)) {
    if (spec.landmark_head) continue;
    NamedTensor made{spec.name, spec.shape, {}};
    for (int64_t place = 0; place < spec.count(); ++place) {
      const int64_t number = (place * 7919 + tensor * 104729) % 2001 - 1000;
      made.values.push_back(static_cast<float>(static_cast<double>(number) / 2000));
    }
    weights.tensors.push_back(std::move(made));
    ++tensor;
  }
  return weights;
}

class NumpyNets : public testing::ImportTest {
 protected:
  /// A file of numpy.save that holds this pickle.
  static std::string npy(const std::string& pickle, const std::string& type = "|O") {
    const std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (), }\n";
    return "\x93NUMPY\x01\x00"s + static_cast<char>(header.size()) + "\0"s + header + pickle;
  }
};

TEST_F(NumpyNets, EveryLayoutGivesTheSame) {
  for (const std::string& name : kFiles) {
    write_bytes(file_, data_file(name));
    const NetWeights weights = import_weights(file_);
    testing::expect_same(weights, made_weights());
    EXPECT_TRUE(weights.metadata.contains("source_layout")) << name;
    EXPECT_TRUE(weights.metadata.contains("input")) << name;
  }
}

TEST_F(NumpyNets, WhatWouldRunIsRefusedAndDoesNotRun) {
  const std::string witness = (folder_ / "witness").string();
  const std::string command = "touch " + witness;
  const std::string bomb =
      "\x80\x02"
      "cos\nsystem\nX"s +
      static_cast<char>(command.size()) + "\0\0\0"s + command + "\x85R.";
  EXPECT_THAT(import_refusal(npy(bomb)), HasSubstr("found os.system"));
  // A known global must not be called otherwise than numpy does.
  EXPECT_THAT(import_refusal(npy("\x80\x02"
                                 "cnumpy\nndarray\n)R."s)),
              HasSubstr("a call of numpy.ndarray with 0 arguments"));
  EXPECT_THAT(import_refusal(npy("\x80\x02"
                                 "cnumpy\ndtype\n)\x81."s)),
              HasSubstr("an object of another class"));
  EXPECT_FALSE(std::filesystem::exists(witness));
}

TEST_F(NumpyNets, OtherFilesAreRefused) {
  EXPECT_THAT(import_refusal(npy("", "<f4")), AllOf(HasSubstr("one array"), HasSubstr("a dict of arrays")));
  EXPECT_THAT(import_refusal(npy("\x80\x02}.")), HasSubstr("an empty dict"));
  EXPECT_THAT(import_refusal(npy("\x80\x02]."s)), HasSubstr("no dict"));
  EXPECT_THAT(import_refusal(npy("\x80\x02}X\x04\0\0\0pnet]s."s)), HasSubstr("a list of 0"));
}

/// One text decoded again and again; an array that says to be huge.
TEST_F(NumpyNets, ASmallFileDoesNotFillTheMemory) {
  std::string again =
      "\x80\x02"
      "c_codecs\nencode\nq\0X\x00\x02\0\0"s +
      std::string(512, 'x') + "q\x01X\x06\0\0\0latin1q\x02\x86Rq\x03"s;
  for (int i = 0; i < 1000; ++i) again += "h\0h\x01h\x02\x86R"s;
  EXPECT_THAT(import_refusal(npy(again + ".")), HasSubstr("more bytes than the file has"));
  const std::string huge =
      "\x80\x02"
      "cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}("
      "X\x05\0\0\0shapeJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86X\x05\0\0\0"
      "dtypecnumpy\ndtype\nX\x02\0\0\0f4\x85Rub."s;
  EXPECT_THAT(import_refusal(npy(huge)), HasSubstr("truncated or damaged"));
}

TEST_F(NumpyNets, EveryTruncationIsFound) {
  for (const std::string& name : kFiles) {
    const std::string good = data_file(name);
    for (size_t part = 0; part < 64; ++part) EXPECT_NE(import_refusal(good.substr(0, good.size() * part / 64)), "");
  }
}

TEST_F(NumpyNets, RandomDamageIsFoundOrGivesWholeWeights) {
  std::mt19937 random(23);
  for (const std::string& name : kFiles) {
    const std::string good = data_file(name);
    for (int round = 0; round < 1000; ++round) {
      std::string damaged = good;
      for (size_t changes = 1 + random() % 3; changes > 0; --changes) {
        const size_t place = random() % (round % 2 == 0 ? 1000 : damaged.size());
        damaged[place] = static_cast<char>(damaged[place] ^ (1 << random() % 8));
      }
      write_bytes(file_, damaged);
      try {
        EXPECT_EQ(import_weights(file_).tensors.size(), made_weights().tensors.size());
      } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      }
    }
  }
}

}  // namespace
}  // namespace mtcnn
