#include "mtcnn/weights/caffemodel.h"

#include "mtcnn/core/error.h"

#include "support/foreign_weights.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_field;
using testing::refusal;
using namespace std::string_literals;

std::vector<CaffeLayer> read(const std::string& bytes) {
  return read_caffemodel(std::as_bytes(std::span(bytes)), "file");
}

std::string layer_with(const std::string& blob) {
  return message_field(100, message_field(1, "conv") + message_field(7, blob));
}

const std::string kTwoFloats = message_field(5, "\x00\x00\x80\x3f\x00\x00\x00\x40"s);  // 1, 2
const std::string kShapeTwo = message_field(7, message_field(1, "\x02"));

TEST(Caffemodel, KeepsLayersThatHaveBlobs) {
  const auto layers =
      read(message_field(1, "net") + message_field(100, message_field(1, "pool")) + layer_with(kTwoFloats + kShapeTwo));
  ASSERT_EQ(layers.size(), 1U);
  EXPECT_EQ(layers[0].name, "conv");
  ASSERT_EQ(layers[0].blobs.size(), 1U);
  EXPECT_THAT(layers[0].blobs[0].shape, ElementsAre(2));
  EXPECT_THAT(layers[0].blobs[0].values, ElementsAre(1, 2));
}

TEST(Caffemodel, ReadsDoublesUnpackedShapesAndUnknownFields) {
  const std::string doubles = message_field(8, "\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x00\x40"s);
  const std::string unknown = "\x48\x05"s +
                              "\x51"
                              "12345678"s +
                              "\x5d"
                              "1234"s;  // fields 9, 10, 11
  const auto layers = read(layer_with(unknown + message_field(7, "\x08\x01\x08\x02") + doubles));
  ASSERT_EQ(layers.size(), 1U);
  EXPECT_THAT(layers[0].blobs[0].shape, ElementsAre(1, 2));
  EXPECT_THAT(layers[0].blobs[0].values, ElementsAre(1, 2));
}

TEST(Caffemodel, AnythingElseIsRefused) {
  const std::string long_varint = std::string(11, '\xff');
  const std::pair<std::string, std::string> cases[] = {
      {layer_with(kTwoFloats + message_field(7, message_field(1, "\x03"))), "2 values in a blob of shape [3]"},
      {layer_with(kTwoFloats), "2 values in a blob of shape []"},
      {layer_with(kTwoFloats + message_field(7, message_field(1, "\xff\xff\xff\xff\x0f"))),
       "a dimension of 4294967295"},
      {layer_with(message_field(7, message_field(1, "123456789"))), "over 8 dimensions"},
      {layer_with(message_field(5, "123")), "blob data"},
      {layer_with("\x28\x01"), "blob data"},
      {message_field(100, "\x08\x01"), "a name that is no text"},
      {message_field(1, "net") + "\x0b", "wire type 3"},
      {message_field(1, "net") + "\x00"s, "a field number 0"},
      {"\x0a" + long_varint, "a number of more than 10 bytes"},
      {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "truncated"},
      {"\x0a\x05net", "found 3 bytes after byte 2, expected 5"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_THAT(refusal([&, &file = bytes] { read(file); }), HasSubstr(text));
  }
  std::string many;
  for (int i = 0; i < 1001; ++i) many += layer_with(kTwoFloats + kShapeTwo);
  EXPECT_THAT(refusal([&] { read(many); }), HasSubstr("over 1000 layers"));
  std::string blobs;
  for (int i = 0; i < 9; ++i) blobs += message_field(7, kTwoFloats + kShapeTwo);
  EXPECT_THAT(refusal([&] { read(message_field(100, blobs)); }), HasSubstr("over 8 blobs"));
}

}  // namespace
}  // namespace mtcnn
