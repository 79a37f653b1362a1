#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/weights/script_archive.h"
#include "mtcnn/weights/torchscript_weights.h"

#include <random>

#include "support/foreign_weights.h"
#include "support/script_files.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::pickled_integer;
using testing::pickled_module;
using testing::pickled_tensor;
using testing::pickled_text;
using testing::random_weights;
using testing::refusal;
using testing::script_extra;
using testing::script_file;
using testing::script_net_file;
using testing::write_bytes;
using testing::zip_file;

class Torchscript : public ::testing::Test {
 protected:
  std::string refused(const std::string& bytes, NetKind net = NetKind::pnet) {
    write_bytes(file_, bytes);
    const std::string text = refusal([&] { read_torchscript(file_, net); });
    EXPECT_THAT(text, ::testing::StartsWith(file_.string()));
    return text;
  }

  const ScriptValues values(const std::string& bytes) {
    write_bytes(file_, bytes);
    return ScriptArchive(file_).values();
  }

  testing::TempFolder folder_;
  fs::path file_ = folder_ / "pnet.pt";
};

TEST_F(Torchscript, WeightsComeOutUnchanged) {
  for (const NetKind net : kNetKinds) {
    for (const int64_t points : {3, 5}) {
      const NetWeights weights = random_weights(net, 31, true, points);
      write_bytes(file_, script_net_file(weights));
      const NetWeights back = read_torchscript(file_, net);
      testing::expect_same(back, weights);
      EXPECT_EQ(back.metadata.at("epoch"), "7");
    }
  }
}

TEST_F(Torchscript, AttributesArePlainDataByTheirPaths) {
  const std::string inner = pickled_module("Inner", {{"step", pickled_integer(12)}, {"rate", "G12345678"}});
  const ScriptValues found = values(script_file(
      pickled_module("Outer", {{"version", pickled_text("1.5.0")}, {"state", pickled_module("M", {{"7", inner}})}}),
      {}));
  EXPECT_EQ(found.integers.at("state.7.step"), 12);
  EXPECT_EQ(found.texts.at("version"), "1.5.0");
  EXPECT_EQ(found.integers.size() + found.texts.size() + found.tensors.size(), 2U);
}

TEST_F(Torchscript, ACodeOfItsOwnForTheStateIsNeverRun) {
  // What LibTorch would give to the class's __setstate__: any value but a dict.
  const std::string tuple = "c__torch__\nTrap\n)\x81" + pickled_integer(1) + "\x85" + "b";
  EXPECT_THAT(refused(script_file(tuple, {}, script_extra(NetKind::pnet))),
              AllOf(HasSubstr("__torch__.Trap"), HasSubstr("__setstate__"), HasSubstr("was not run")));
  EXPECT_THAT(refused(script_file(pickled_module("Net", {{"conv1", tuple}}), {})), HasSubstr("__torch__.Trap"));
  EXPECT_THAT(refused(script_file("c__torch__\nBare\n)\x81", {})), HasSubstr("__torch__.Bare"));
  EXPECT_THAT(refused(script_file("c__torch__\nM\n)\x81}b}b", {})), HasSubstr("an object with two states"));
  EXPECT_THAT(refused(script_file("c__torch__\nM\nK\x01\x85\x81}b", {})), HasSubstr("a class with arguments"));
}

TEST_F(Torchscript, NoPythonObjectIsMade) {
  EXPECT_THAT(refused(script_file("cos\nsystem\n" + pickled_text("true") + "\x85R", {})), HasSubstr("found os.system"));
  EXPECT_THAT(refused(script_file("c__torch__evil\nx\n)\x81}b", {})), HasSubstr("found __torch__evil.x"));
  EXPECT_THAT(refused(script_file("c__torch__\nM\n)R", {})), HasSubstr("a global to call"));
  EXPECT_THAT(refused(script_file("ccollections\nOrderedDict\n)\x81}b", {})), HasSubstr("a class of the archive"));
  EXPECT_THAT(refused(script_file("ctorch\nHalfStorage\n", {})), HasSubstr("found torch.HalfStorage"));
  EXPECT_THAT(refused(script_file("cbuiltins\neval\n"s, {})), HasSubstr("found builtins.eval"));
}

TEST_F(Torchscript, DepthAndRepetitionAreBounded) {
  std::string nested = ")";
  nested.append(3'000'000, '\x85');
  EXPECT_THAT(refused(script_file(nested, {})), HasSubstr("over 1000000 steps"));
  std::string deep = pickled_integer(1);
  for (int level = 0; level < 20; ++level) deep = pickled_module("M", {{"m", deep}});
  EXPECT_THAT(refused(script_file(deep, {})), HasSubstr("lies too deep"));
  EXPECT_THAT(refused(script_file("c__torch__\nM\n)\x81q\x00}"s + pickled_text("m") + "h\x00sb"s, {})),
              HasSubstr("lies too deep"));
  // Each module twice in the next: a small file, and 10^8 paths.
  std::string doubled = "c__torch__\nM\n)\x81}b";
  for (char level = 0; level < 7; ++level) {
    std::string attributes;
    for (char i = 0; i < 14; ++i) attributes += pickled_text("m"s + i) + "h"s + level;
    doubled += "q"s + level + "0c__torch__\nM\n)\x81}(" + attributes + "ub";
  }
  EXPECT_NE(refused(script_file(doubled, {})), "");
}

TEST_F(Torchscript, StoragesMustHoldTheirTensors) {
  const NetWeights weights = random_weights(NetKind::pnet, 32);
  const auto with = [&](const std::string& tensor, const std::vector<std::vector<float>>& storages) {
    return script_file(pickled_module("Net", {{"conv1", pickled_module("conv1", {{"bias", tensor}})}}), storages,
                       script_extra(NetKind::pnet));
  };
  EXPECT_THAT(refused(with(pickled_tensor("0", {10}), {std::vector<float>(9)})),
              HasSubstr("storage '0' is truncated or damaged: found 36 bytes, expected 10 values of 4 bytes"));
  EXPECT_THAT(refused(with(pickled_tensor("0", {10}), {std::vector<float>(11)})),
              HasSubstr("another size than the pickle says"));
  EXPECT_THAT(refused(with(pickled_tensor("1", {10}), {std::vector<float>(10)})), HasSubstr("'net/data/1' is missing"));
  EXPECT_THAT(refused(with(pickled_tensor("0", {9}), {std::vector<float>(9)})),
              AllOf(HasSubstr("conv1.bias"), HasSubstr("found [9], expected [10]")));
  EXPECT_THAT(refused(with(pickled_tensor("0", {10}, "LongStorage"), {std::vector<float>(20)})),
              HasSubstr("found I64, expected F32"));
  EXPECT_THAT(refused(with(pickled_tensor("0", {10}), {std::vector<float>(10)})), HasSubstr("is missing"));
  std::vector<float> damaged(10);
  damaged[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(refused(with(pickled_tensor("0", {10}), {damaged})), HasSubstr("'conv1.bias' is damaged"));
}

TEST_F(Torchscript, TheExtraFileIsChecked) {
  const std::string net = pickled_module("Net", {});
  EXPECT_THAT(refused(script_file(net, {})), HasSubstr("no mtcnn.json inside"));
  for (const char* text : {"[]", "7", "null", "\"text\"", "{}", R"({"format": 3})",
                           R"({"format": "mtcnn-torchscript", "version": "1", "net": "pnet"})",
                           R"({"format": "mtcnn-torchscript", "version": 2, "net": "pnet"})",
                           R"({"format": "mtcnn-torchscript", "version": 1, "net": "onet"})",
                           R"({"format": "mtcnn-torchscript", "version": 1, "net": "pnet", "metadata": []})"})
    EXPECT_THAT(refused(script_file(net, {}, text)), HasSubstr("not a TorchScript file of ours")) << text;
  EXPECT_THAT(refused(script_file(net, {}, "{")), HasSubstr("mtcnn.json"));
  EXPECT_THAT(refused(script_net_file(random_weights(NetKind::onet, 33))), HasSubstr("not a TorchScript file of ours"));
  EXPECT_THAT(refused(script_file(pickled_integer(1), {})), HasSubstr("holds no module"));
}

TEST_F(Torchscript, OtherFilesAreRefused) {
  EXPECT_THAT(refused("no script"), HasSubstr("not a TorchScript file"));
  EXPECT_THAT(refused(""), HasSubstr("not a TorchScript file"));
  EXPECT_THAT(refused(zip_file({{"word/document.xml", "<xml/>"}})), HasSubstr("not written by TorchScript"));
  EXPECT_THAT(refused(testing::zip_torch_file(random_weights(NetKind::pnet, 34).tensors)),
              HasSubstr("holds no module"));
  EXPECT_NE(refusal([&] { read_torchscript(folder_ / "absent", NetKind::pnet); }), "");
}

TEST_F(Torchscript, DamageIsFoundOrHarmless) {
  const NetWeights weights = random_weights(NetKind::pnet, 35);
  const std::string good = script_net_file(weights);
  for (size_t part = 0; part < 64; ++part) EXPECT_NE(refused(good.substr(0, good.size() * part / 64)), "");
  std::mt19937 random(36);
  const std::string opcodes = "\x80(N\x88\x89JGX)t\x85}]uqhcRbQ\x81";
  const std::string pickle_start =
      "\x80\x02"
      "c__torch__";
  const size_t start = good.find(pickle_start);
  ASSERT_NE(start, std::string::npos);
  const std::string pickle = good.substr(start, 1500);
  int refusals = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string changed = pickle;
    for (size_t i = 1 + random() % 4; i-- > 0;)
      changed[random() % changed.size()] =
          random() % 2 == 0 ? opcodes[random() % opcodes.size()] : static_cast<char>(random());
    try {
      read_pickle(std::as_bytes(std::span(changed)), "file", PickleDialect::script_module);
    } catch (const Error&) {
      ++refusals;
    }
  }
  EXPECT_GT(refusals, 1000);
}

}  // namespace
}  // namespace mtcnn
