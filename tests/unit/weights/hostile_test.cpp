#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/weights/import.h"
#include "mtcnn/weights/pickle.h"

#include <random>

#include "support/foreign_weights.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::AllOf;
using testing::CaffeGeneration;
using testing::facenet_layout;
using ::testing::HasSubstr;
using testing::legacy_header;
using testing::legacy_torch_file;
using testing::random_weights;
using testing::refusal;
using testing::write_bytes;
using testing::zip_file;
using testing::zip_torch_file;
using namespace std::string_literals;

class HostileImport : public testing::ImportTest {
 protected:
  /// One good file of every kind.
  std::vector<std::string> good_files() {
    const NetWeights weights = random_weights(NetKind::pnet, 21);
    write_weights(file_, weights);
    return {legacy_torch_file(facenet_layout(weights)), zip_torch_file(facenet_layout(weights)),
            caffemodel(weights, CaffeGeneration::layer), caffemodel(weights, CaffeGeneration::old_layers),
            read_text(file_)};
  }
};

TEST_F(HostileImport, FilesOfOtherKindsAreRefused) {
  const std::string unknown = "this is no weights file of a known kind";
  EXPECT_THAT(import_refusal(""), AllOf(HasSubstr(unknown), HasSubstr("found an empty file")));
  EXPECT_THAT(import_refusal("\xff\xd8\xff\xe0\x00\x10JFIF\x00"s), HasSubstr(unknown));
  EXPECT_THAT(import_refusal("conv1.weight 0.5 0.25\nconv1.bias 0.1\n"), HasSubstr(unknown));
  EXPECT_THAT(import_refusal("\nconv1.weight 0.5 0.25\nconv1.bias 0.1\n"), HasSubstr("truncated or damaged"));
  EXPECT_THAT(import_refusal("{\"net\": 1}"), HasSubstr(unknown));
  EXPECT_THAT(import_refusal(std::string(20 << 20, '\n')), HasSubstr("too large"));
  EXPECT_THAT(import_refusal(zip_file({{"word/document.xml", "<xml/>"}})), HasSubstr("not written by torch.save"));
  EXPECT_THAT(import_refusal("\x80\x02}q\x00."s), HasSubstr("its magic number is missing"));
  EXPECT_THAT(refusal([&] { import_weights(folder_.path()); }), HasSubstr("this is a folder"));
  EXPECT_NE(refusal([&] { import_weights(folder_ / "absent"); }), "");
}

TEST_F(HostileImport, APickleThatWouldRunACommandIsRefusedAndDoesNotRun) {
  const std::string witness = (folder_ / "witness").string();
  const std::string command = "touch " + witness;
  const std::string bomb =
      "\x80\x02"
      "cos\nsystem\nX"s +
      static_cast<char>(command.size()) + "\0\0\0"s + command + "\x85R.";
  EXPECT_THAT(import_refusal(bomb), HasSubstr("found os.system"));
  EXPECT_THAT(import_refusal(legacy_header() + bomb), HasSubstr("found os.system"));
  EXPECT_THAT(import_refusal(zip_file({{"x/data.pkl", bomb}})), HasSubstr("found os.system"));
  EXPECT_FALSE(std::filesystem::exists(witness));
}

TEST_F(HostileImport, OtherThingsThatTorchSavesAreRefused) {
  const std::string whole_net =
      "\x80\x02"
      "cfacenet_pytorch.models.mtcnn\nPNet\n)\x81}b."s;
  EXPECT_THAT(import_refusal(zip_file({{"x/data.pkl", whole_net}})),
              AllOf(HasSubstr("found facenet_pytorch.models.mtcnn.PNet"), HasSubstr("state_dict()")));
  EXPECT_THAT(import_refusal(zip_file({{"x/data.pkl", "\x80\x02K\x01."}})), HasSubstr("holds no state dict"));
  const std::string checkpoint =
      "\x80\x02}X\x05\x00\x00\x00"
      "epochK\x03s."s;
  EXPECT_THAT(import_refusal(zip_file({{"x/data.pkl", checkpoint}})),
              HasSubstr("entry 'epoch' of this file is no tensor"));
  EXPECT_THAT(import_refusal(zip_file({{"x/data.pkl", "\x80\x02}."}, {"x/byteorder", "big"}})),
              HasSubstr("big-endian"));
}

TEST_F(HostileImport, StoragesMustBeWhatThePickleSays) {
  const auto tensors = random_weights(NetKind::pnet, 22).tensors;
  const std::string legacy = legacy_torch_file(tensors);
  const size_t last_count = legacy.size() - 4 * sizeof(float) - sizeof(int64_t);  // conv4_2.bias has four values
  std::string changed = legacy;
  changed.replace(last_count, sizeof(int64_t), "\xff\xff\xff\xff\xff\xff\xff\x0f");
  EXPECT_THAT(import_refusal(changed), HasSubstr("storage '12' has another size than the pickle says"));
  EXPECT_THAT(import_refusal(legacy + "x"), HasSubstr("bytes after the last storage"));
  // A tensor that asks for a storage of 2,147,483,647 values.
  const std::string tensor =
      "X\x01\x00\x00\x00tctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
      "X\x01\x00\x00\x00"
      "0X\x03\x00\x00\x00"
      "cpuJ\xff\xff\xff\x7ftQK\x00(J\xff\xff\xff\x7fJ\xff\xff\xff\x7ft"
      "(K\x00K\x00t\x89}tR"s;
  const std::string huge = "\x80\x02}" + tensor + "s.";
  EXPECT_THAT(import_refusal(zip_file({{"x/data.pkl", huge}})), HasSubstr("zip entry 'x/data/0' is missing"));
  EXPECT_THAT(import_refusal(zip_file({{"x/data.pkl", huge}, {"x/data/0", "1234"}})),
              HasSubstr("storage '0' is truncated or damaged: found 4 bytes, expected 2147483647 values of 4 bytes"));
}

TEST_F(HostileImport, ANameUsedAgainAndAgainDoesNotFillTheMemory) {
  const std::string tensor =
      "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00"
      "0X\x03\x00\x00\x00"
      "cpuK\x01tQK\x00))\x89}tRq\x01"s;
  const auto file = [&](char length, const std::string& name, size_t entries) {
    std::string pickle = "\x80\x02}(X\x00"s + length + "\x00\x00"s + name + "q\x00"s + tensor;
    for (size_t i = 1; i < entries; ++i) pickle += "h\x00h\x01"s;
    return zip_file({{"x/data.pkl", pickle + "u."}, {"x/data/0", "1234"}});
  };
  EXPECT_THAT(import_refusal(file(1, std::string(256, 'n'), 1000)),
              HasSubstr("name of unreasonable length: found 256"));
  EXPECT_THAT(import_refusal(file(0, "", 1001)), HasSubstr("found 1001 tensors, expected at most 1000"));
}

TEST_F(HostileImport, EveryTruncationIsFound) {
  for (const std::string& good : good_files()) {
    for (size_t part = 0; part < 64; ++part) EXPECT_NE(import_refusal(good.substr(0, good.size() * part / 64)), "");
  }
}

TEST_F(HostileImport, RandomDamageIsFoundOrGivesWholeWeights) {
  std::mt19937 random(23);
  for (const std::string& good : good_files()) {
    // The structure is at the two ends, between them there are numbers.
    const size_t ends = std::min<size_t>(good.size() / 2, 2000);
    for (int round = 0; round < 400; ++round) {
      std::string damaged = good;
      const size_t changes = 1 + random() % 3;
      for (size_t i = 0; i < changes; ++i) {
        const size_t place = random() % ends;
        const size_t where = random() % 4 == 0 ? damaged.size() - 1 - place : place;
        damaged[where] = static_cast<char>(damaged[where] ^ (1 << random() % 8));
      }
      write_bytes(file_, damaged);
      try {
        const NetWeights weights = import_weights(file_);
        EXPECT_EQ(weights.tensors.size(), random_weights(weights.net, 0).tensors.size());
      } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      }
    }
  }
}

TEST(HostilePickle, RandomChangesNeverCrash) {
  const std::string file = legacy_torch_file(random_weights(NetKind::rnet, 24).tensors);
  const std::string good = file.substr(legacy_header().size(), 2000);
  std::mt19937 random(25);
  const std::string opcodes = "\x80\x95.(N\x88\x89JKM\x8aX\x8c)t\x85\x86\x87]ae}suqr\x94hjc\x93RbQ";
  int refused = 0;
  constexpr int kRounds = 20'000;
  for (int round = 0; round < kRounds; ++round) {
    std::string changed = good;
    for (size_t i = random() % 6; i-- > 0;) {
      const size_t place = random() % changed.size();
      const char value = random() % 2 == 0 ? opcodes[random() % opcodes.size()] : static_cast<char>(random() % 256);
      switch (random() % 3) {
        case 0:
          changed[place] = value;
          break;
        case 1:
          changed.insert(place, 1, value);
          break;
        default:
          changed.erase(place, 1 + random() % 8);
          break;
      }
    }
    try {
      read_pickle(std::as_bytes(std::span(changed)), "file");
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, kRounds / 4);
  EXPECT_LT(refused, kRounds);
}

}  // namespace
}  // namespace mtcnn
