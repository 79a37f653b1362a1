#include "mtcnn/weights/pickle.h"

#include "mtcnn/core/error.h"

#include "support/foreign_weights.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::refusal;
using namespace std::string_literals;
using Kind = PickleObject::Kind;

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string pickle_refusal(const std::string& pickle) {
  return refusal([&] { read_pickle(bytes_of(pickle), "file"); });
}

/// The only object of a pickle.
PickleObject only(const std::string& pickle) {
  const Pickle read = read_pickle(bytes_of(pickle), "file");
  EXPECT_EQ(read.size, pickle.size());
  return read.objects.at(read.root);
}

std::string repeated(const std::string& text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(PickleReader, ReadsNumbers) {
  EXPECT_EQ(only("K\xff.").integer, 255);
  EXPECT_EQ(only("M\xe9\x03.").integer, 1001);
  EXPECT_EQ(only("J\xfe\xff\xff\xff.").integer, -2);
  EXPECT_EQ(only("\x8a\x00."s).integer, 0);
  EXPECT_EQ(only("\x8a\x01\xff.").integer, -1);
  EXPECT_EQ(only("\x8a\x05\x00\x00\x00\x00\x01."s).integer, int64_t{1} << 32);
  EXPECT_EQ(only("\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80."s).integer, std::numeric_limits<int64_t>::min());
  EXPECT_EQ(only("\x8a\x09\x01\x02\x03\x04\x05\x06\x07\x08\x09.").kind, Kind::big_integer);
  EXPECT_EQ(only("\x88.").integer, 1);
  EXPECT_EQ(only("\x89.").integer, 0);
}

TEST(PickleReader, ReadsContainers) {
  EXPECT_EQ(only("N.").kind, Kind::none);
  const std::string pickle = "\x80\x02](K\x01}X\x01\x00\x00\x00kK\x02s)K\x03\x85"s + "e.";
  const Pickle read = read_pickle(bytes_of(pickle), "file");
  const auto& list = read.objects[read.root];
  EXPECT_EQ(list.kind, Kind::list);
  ASSERT_EQ(list.items.size(), 4U);
  const auto& dict = read.objects[list.items[1]];
  EXPECT_EQ(dict.kind, Kind::dict);
  EXPECT_EQ(read.objects[dict.items.at(0)].text, "k");
  EXPECT_EQ(read.objects[dict.items.at(1)].integer, 2);
  EXPECT_TRUE(read.objects[list.items[2]].items.empty());
  EXPECT_EQ(read.objects[read.objects[list.items[3]].items.at(0)].integer, 3);
}

TEST(PickleReader, StopsAtTheEndOfThePickle) {
  EXPECT_EQ(read_pickle(bytes_of("K\x01.rest that is no pickle"), "file").size, 3U);
}

TEST(PickleReader, RefusesEveryOtherGlobalByItsName) {
  const std::pair<std::string, std::string> cases[] = {
      {"\x80\x02"
       "cos\nsystem\n(X\x04\x00\x00\x00true"
       "tR."s,
       "os.system"},
      {"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."s, "posix.system"},
      {"\x80\x02"
       "cbuiltins\neval\n."s,
       "builtins.eval"},
      {"\x80\x02"
       "c__builtin__\ngetattr\n."s,
       "__builtin__.getattr"},
      {"\x80\x02"
       "ctorch._utils\n_rebuild_sparse_tensor\n."s,
       "torch._utils._rebuild_sparse_tensor"},
      {"\x80\x02"
       "ctorch\nHalfStorage\n."s,
       "torch.HalfStorage"},
      {"\x80\x02"
       "ccollections.OrderedDict\n__class__\n."s,
       "collections.OrderedDict.__class__"},
      // The name is put together through the memo.
      {"\x80\x04\x8c\x06system\x94\x8c\x02os\x94h\x01h\x00\x93."s, "os.system"}};
  for (const auto& [pickle, name] : cases) EXPECT_THAT(pickle_refusal(pickle), HasSubstr("found " + name + ","));
}

TEST(PickleReader, RefusesEveryOpcodeThatAStateDictDoesNotNeed) {
  const std::string known = "\x80\x95.(N\x88\x89JKM\x8aX\x8c)t\x85\x86\x87]ae}suqr\x94hjc\x93RbQ";
  for (int code = 0; code < 256; ++code) {
    const char opcode = static_cast<char>(code);
    if (known.find(opcode) != std::string::npos) continue;
    const std::string text = pickle_refusal(std::string(1, opcode) + "os\nsystem\n.");
    EXPECT_THAT(text, HasSubstr("a pickle opcode that no state dict needs, at its byte 0"));
  }
  EXPECT_THAT(pickle_refusal("N\x81."), HasSubstr("at its byte 1: found 0x81"));
  EXPECT_THAT(pickle_refusal("(ios\nsystem\n."), HasSubstr("found 0x69 'i'"));
  EXPECT_THAT(pickle_refusal("\x80\x05N."), HasSubstr("another protocol: found 5"));
}

TEST(PickleReader, CallsOnlyWhatItKnowsWithArgumentsItKnows) {
  const std::string ordered = "ccollections\nOrderedDict\n";
  EXPECT_EQ(only(ordered + ")R.").kind, Kind::dict);
  EXPECT_THAT(pickle_refusal(ordered + "K\x01\x85R."), HasSubstr("OrderedDict with 1 arguments"));
  EXPECT_THAT(pickle_refusal("ctorch._utils\n_rebuild_tensor_v2\n)R."), HasSubstr("with 0 arguments"));
  EXPECT_THAT(pickle_refusal("ctorch\nFloatStorage\n)R."), HasSubstr("a call of torch.FloatStorage"));
  EXPECT_THAT(pickle_refusal("K\x01)R."), HasSubstr("expected a global to call"));
  EXPECT_THAT(pickle_refusal(ordered + "}R."), HasSubstr("expected a tuple of arguments"));
  EXPECT_THAT(pickle_refusal("K\x01}b."), HasSubstr("expected a dict that takes them"));
  EXPECT_THAT(pickle_refusal(")Q."), HasSubstr("a persistent id of another length"));
  EXPECT_THAT(pickle_refusal("K\x01Q."), HasSubstr("a tuple as persistent id"));
}

TEST(PickleReader, FindsInconsistentPickles) {
  EXPECT_THAT(pickle_refusal("."), HasSubstr("too few values"));
  EXPECT_THAT(pickle_refusal("K\x01(\x85."), HasSubstr("too few values"));
  EXPECT_THAT(pickle_refusal("K\x01t."), HasSubstr("no mark"));
  EXPECT_THAT(pickle_refusal("h\x07."), HasSubstr("memo entry 7"));
  EXPECT_THAT(pickle_refusal("q\x07."), HasSubstr("too few values"));
  EXPECT_THAT(pickle_refusal("}(K\x01u."), HasSubstr("a key without a value"));
  EXPECT_THAT(pickle_refusal("](K\x01K\x02u."), HasSubstr("expected a dict"));
  EXPECT_THAT(pickle_refusal("}K\x01"
                             "a."),
              HasSubstr("expected a list"));
  EXPECT_THAT(pickle_refusal("K\x01\x93."), HasSubstr("a global's name"));
}

TEST(PickleReader, LengthsBeyondTheEndAreFoundBeforeAnythingIsAllocated) {
  EXPECT_THAT(pickle_refusal("X\xff\xff\xff\xffhi."), HasSubstr("found 3 bytes after byte 5, expected 4294967295"));
  EXPECT_THAT(pickle_refusal("\x95\xff\xff\xff\xff\xff\xff\xff\xffN."), HasSubstr("frame"));
  EXPECT_NE(pickle_refusal("\x8c\xff"
                           "hi."),
            "");
  EXPECT_NE(pickle_refusal("\x8a\xff"
                           "hi."),
            "");
  EXPECT_NE(pickle_refusal("cno line end"), "");
  EXPECT_NE(pickle_refusal(""), "");
}

TEST(PickleReader, NestingCyclesAndRepetitionDoNoHarm) {
  // 400,000 tuples, each in the next; a list in itself; a mark for every byte.
  EXPECT_EQ(only(")" + repeated("\x85", 400'000) + ".").kind, Kind::tuple);
  const Pickle cycle = read_pickle(bytes_of("]q\x00h\x00"
                                            "a."s),
                                   "file");
  EXPECT_THAT(cycle.objects[cycle.root].items, ElementsAre(cycle.root));
  EXPECT_NE(pickle_refusal(repeated("(", 900'000) + "."), "");
  EXPECT_THAT(pickle_refusal(repeated("N", 1'000'001)), HasSubstr("over 1000000 steps"));
  // A large tuple from the memo, given as persistent id and as arguments again and again, is never copied.
  const std::string large = "(" + repeated("N", 300'000) + "tq\x00"s;
  EXPECT_THAT(pickle_refusal(large + repeated("Qh\x00"s, 100'000)), HasSubstr("persistent id of another length"));
  EXPECT_THAT(pickle_refusal("ctorch._utils\n_rebuild_tensor_v2\n" + large + "R."), HasSubstr("with 300000 arguments"));
}

}  // namespace
}  // namespace mtcnn
