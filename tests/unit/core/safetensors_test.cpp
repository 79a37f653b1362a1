#include "mtcnn/core/safetensors.h"

#include "mtcnn/core/text.h"

#include <cstring>
#include <optional>

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::AllOf;
using testing::error_message;
using ::testing::HasSubstr;
using testing::TempFolder;

/// A file with this header text and so many data bytes.
std::string file_text(const std::string& header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string text(reinterpret_cast<const char*>(&length), sizeof length);
  return text + header + std::string(data_bytes, '\0');
}

class SafetensorsTest : public ::testing::Test {
 protected:
  void write(const std::string& content) const { write_text(path(), content); }
  std::filesystem::path path() const { return folder_ / "a.safetensors"; }

  /// The message with which a file of this content is refused.
  std::string refusal(const std::string& content) const {
    write(content);
    const std::string message = error_message(ErrorCode::bad_format, [&] { Safetensors{path()}; });
    EXPECT_THAT(message, HasSubstr(path().string()));
    return message;
  }
  std::string refusal(const std::string& header, size_t data_bytes) const {
    return refusal(file_text(header, data_bytes));
  }

  TempFolder folder_;
};

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

TEST_F(SafetensorsTest, GivesBackWhatWasWritten) {
  const std::vector<float> floats = {1.5F, -2, 3, 4, 5, 6};
  const std::vector<double> doubles = {1e300};
  const std::vector<uint8_t> pixels = {1, 2, 255};
  const std::vector<int32_t> counts = {-1};
  const std::vector<int64_t> none;
  const std::map<std::string, std::string> metadata = {{"net", "pnet"}, {"euro", "\xE2\x82\xAC"}};
  write_safetensors(path(),
                    {{"floats", Dtype::f32, {2, 3}, bytes_of(floats)},
                     {"pixels", Dtype::u8, {3}, bytes_of(pixels)},
                     {"none", Dtype::i64, {4, 0}, bytes_of(none)},
                     {"doubles", Dtype::f64, {1, 1}, bytes_of(doubles)},
                     {"scalar", Dtype::i32, {}, bytes_of(counts)}},
                    metadata);
  const Safetensors file(path());
  EXPECT_EQ(file.metadata(), metadata);
  ASSERT_EQ(file.entries().size(), 5U);
  const Safetensors::Entry* entry = file.find("floats");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(file.floats(*entry), floats);
  EXPECT_EQ(std::memcmp(file.bytes(*file.find("pixels")).data(), pixels.data(), pixels.size()), 0);
  EXPECT_EQ(std::memcmp(file.bytes(*file.find("doubles")).data(), doubles.data(), sizeof(double)), 0);
  EXPECT_EQ(std::memcmp(file.bytes(*file.find("scalar")).data(), counts.data(), sizeof(int32_t)), 0);
  EXPECT_TRUE(file.bytes(*file.find("none")).empty());
  EXPECT_TRUE(file.find("scalar")->shape.empty());
  EXPECT_EQ(file.find("other"), nullptr);
  EXPECT_EQ(file.data().size(), 24U + 3 + 8 + 4);
}

TEST_F(SafetensorsTest, DataStartAtAMultipleOf64) {
  const std::vector<uint8_t> one = {7};
  for (size_t length = 1; length < 130; ++length) {
    write_safetensors(path(), {{std::string(length, 'n'), Dtype::u8, {1}, bytes_of(one)}}, {});
    const Safetensors file(path());
    EXPECT_EQ(file.entries()[0].begin % 64, 0U);
  }
}

TEST_F(SafetensorsTest, EmptyFilesAreFiles) {
  write_safetensors(path(), {}, {});
  EXPECT_TRUE(Safetensors(path()).entries().empty());
  write(file_text("{}", 0));
  EXPECT_TRUE(Safetensors(path()).entries().empty());
}

TEST_F(SafetensorsTest, EntriesMayStandInAnyOrder) {
  write(file_text(R"({"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                  R"("a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},)"
                  R"("d":{"dtype":"U8","shape":[1],"data_offsets":[3,4]},)"
                  R"("c":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
                  4));
  const Safetensors file(path());
  std::vector<std::string> names;
  for (const auto& entry : file.entries()) names.push_back(entry.name);
  EXPECT_THAT(names, ::testing::ElementsAre("a", "b", "c", "d"));
}

TEST_F(SafetensorsTest, OnlyFloatsAreFloats) {
  write(file_text(R"({"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}})", 4));
  const Safetensors file(path());
  EXPECT_THAT(error_message(ErrorCode::bad_format, [&] { file.floats(file.entries()[0]); }),
              AllOf(HasSubstr("'a'"), HasSubstr("I32"), HasSubstr("F32")));
}

TEST_F(SafetensorsTest, RefusesHeadersThatAreNone) {
  EXPECT_THAT(refusal(""), HasSubstr("0 bytes"));
  EXPECT_THAT(refusal("1234567"), HasSubstr("7 bytes"));
  EXPECT_THAT(refusal("PK\x03\x04 some other file"), HasSubstr("not a safetensors file"));
  EXPECT_THAT(refusal(file_text("{}", 0).substr(0, 9)), HasSubstr("truncated"));
  for (const char* header : {"", "{", "[]", "3", "null", "{\"a\":[[[", "{\"\xFF\":1}", "{\"a\":1e999}"})
    refusal(header, 0);
  refusal("{\"a\":" + std::string(500'000, '[') + std::string(500'000, ']') + "}", 0);
}

TEST_F(SafetensorsTest, RefusesALongHeader) {
  const std::string header = "{" + std::string((size_t{2} << 20) - 2, ' ') + "}";
  EXPECT_THAT(refusal(header, 0), AllOf(HasSubstr("2097152"), HasSubstr("1 MiB")));
  std::string absurd = file_text("{}", 0);
  absurd.replace(0, 8, std::string(8, '\xFF'));
  EXPECT_THAT(refusal(absurd), HasSubstr("18446744073709551615"));
}

TEST_F(SafetensorsTest, RefusesBrokenEntries) {
  for (const char* entry :
       {"3", "[]", "{}", R"({"dtype":"U8","shape":[1]})", R"({"dtype":"U8","data_offsets":[0,1]})",
        R"({"shape":[1],"data_offsets":[0,1]})", R"({"dtype":8,"shape":[1],"data_offsets":[0,1]})",
        R"({"dtype":"U8","shape":1,"data_offsets":[0,1]})", R"({"dtype":"U8","shape":["1"],"data_offsets":[0,1]})",
        R"({"dtype":"U8","shape":[1.0],"data_offsets":[0,1]})", R"({"dtype":"U8","shape":[-1],"data_offsets":[0,1]})",
        R"({"dtype":"U8","shape":[1],"data_offsets":[0]})", R"({"dtype":"U8","shape":[1],"data_offsets":[0,1,2]})",
        R"({"dtype":"U8","shape":[1],"data_offsets":[-1,0]})", R"({"dtype":"U8","shape":[1],"data_offsets":"01"})"}) {
    EXPECT_THAT(refusal(concat(R"({"tensor":)", entry, "}"), 1), HasSubstr("'tensor'")) << entry;
  }
  for (const char* metadata : {"3", "[]", R"({"a":1})", R"({"a":{}})"}) {
    EXPECT_THAT(refusal(concat(R"({"__metadata__":)", metadata, "}"), 0), HasSubstr("__metadata__")) << metadata;
  }
}

TEST_F(SafetensorsTest, RefusesOtherTypes) {
  for (const char* dtype : {"BF16", "f32", "", "BOOL"}) {
    EXPECT_THAT(refusal(concat(R"({"t":{"dtype":")", dtype, R"(","shape":[1],"data_offsets":[0,2]}})"), 2),
                AllOf(HasSubstr("'t'"), HasSubstr(dtype), HasSubstr("F32")));
  }
}

TEST_F(SafetensorsTest, RefusesRangesOutsideTheFile) {
  const auto tensor = [](const char* offsets) {
    return concat(R"({"t":{"dtype":"U8","shape":[4],"data_offsets":)", offsets, "}}");
  };
  EXPECT_THAT(refusal(tensor("[0,4]"), 3), AllOf(HasSubstr("'t'"), HasSubstr("0 to 4"), HasSubstr("3 data bytes")));
  EXPECT_THAT(refusal(tensor("[4,0]"), 4), HasSubstr("4 to 0"));
  EXPECT_THAT(refusal(tensor("[18446744073709551612,18446744073709551615]"), 4), HasSubstr("'t'"));
  EXPECT_THAT(refusal(tensor("[18446744073709551615,3]"), 4), HasSubstr("'t'"));
}

TEST_F(SafetensorsTest, RefusesShapesThatDoNotFit) {
  const auto tensor = [](const char* shape) {
    return concat(R"({"t":{"dtype":"F32","shape":)", shape, R"(,"data_offsets":[0,8]}})");
  };
  EXPECT_THAT(refusal(tensor("[3]"), 8), AllOf(HasSubstr("8 bytes"), HasSubstr("12 for shape [3]")));
  EXPECT_THAT(refusal(tensor("[]"), 8), HasSubstr("4 for shape []"));
  EXPECT_THAT(refusal(tensor("[0]"), 8), HasSubstr("'t'"));
  // Products that come round to 8 bytes in 64 bits.
  EXPECT_THAT(refusal(tensor("[4611686018427387906]"), 8), HasSubstr("'t'"));
  EXPECT_THAT(refusal(tensor("[4294967296,4294967296,2]"), 8), HasSubstr("'t'"));
  EXPECT_THAT(refusal(tensor("[9223372036854775809,2]"), 8), HasSubstr("'t'"));
  EXPECT_THAT(refusal(tensor("[18446744073709551615]"), 8), HasSubstr("'t'"));
}

TEST_F(SafetensorsTest, RefusesGapsOverlapsAndRests) {
  const auto two = [](int a, int b, int c, int d) {
    return concat(R"({"a":{"dtype":"U8","shape":[)", b - a, R"(],"data_offsets":[)", a, ",", b,
                  R"(]},"b":{"dtype":"U8","shape":[)", d - c, R"(],"data_offsets":[)", c, ",", d, "]}}");
  };
  write(file_text(two(0, 2, 2, 4), 4));
  EXPECT_NO_THROW(Safetensors{path()});
  EXPECT_THAT(refusal(two(0, 2, 1, 3), 3), HasSubstr("'b' overlaps"));
  EXPECT_THAT(refusal(two(0, 4, 0, 4), 4), HasSubstr("overlaps"));
  EXPECT_THAT(refusal(two(0, 1, 2, 4), 4), HasSubstr("'b' overlaps another or leaves a gap"));
  EXPECT_THAT(refusal(two(1, 2, 2, 4), 4), HasSubstr("'a' overlaps another or leaves a gap"));
  EXPECT_THAT(refusal(two(0, 2, 2, 4), 5), HasSubstr("after the last tensor"));
}

/// A small file of ours.
std::string small_file(const std::filesystem::path& path) {
  const std::vector<float> floats = {1, 2, 3};
  const std::vector<uint8_t> pixels = {1, 2};
  write_safetensors(path, {{"f", Dtype::f32, {3, 1}, bytes_of(floats)}, {"p", Dtype::u8, {2}, bytes_of(pixels)}},
                    {{"format", "x"}});
  return read_text(path);
}

TEST_F(SafetensorsTest, EveryTruncationIsRefused) {
  const std::string whole = small_file(path());
  for (size_t size = 0; size < whole.size(); ++size) refusal(whole.substr(0, size));
  refusal(whole + '\0');
}

TEST_F(SafetensorsTest, FlippedHeaderBytesAreRefusedOrHarmless) {
  const std::string whole = small_file(path());
  const size_t header_end = whole.rfind('}') + 1;
  size_t refused = 0;
  for (size_t i = 0; i < header_end; ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ (1U << bit));
      write(flipped);
      try {
        const Safetensors file(path());
        for (const Safetensors::Entry& entry : file.entries()) {
          EXPECT_EQ(file.bytes(entry).size(), entry.size);
          if (entry.dtype != Dtype::f32) continue;
          EXPECT_EQ(file.floats(entry).size(), entry.size / sizeof(float));
        }
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_format);
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, header_end) << "most flips break the header";
}

TEST_F(SafetensorsTest, WriterRefusesWhatNobodyCouldRead) {
  const std::vector<uint8_t> one = {7};
  const auto write = [&](const std::vector<TensorView>& tensors, const std::map<std::string, std::string>& metadata) {
    write_safetensors(path(), tensors, metadata);
  };
  const TensorView good{"a", Dtype::u8, {1}, bytes_of(one)};
  const auto named = [&](const std::string& name) { return TensorView{name, Dtype::u8, {1}, bytes_of(one)}; };
  EXPECT_THROW(write({{"a", Dtype::u8, {2}, bytes_of(one)}}, {}), ContractError);
  EXPECT_THROW(write({{"a", Dtype::u8, {-1}, bytes_of(one)}}, {}), ContractError);
  EXPECT_THROW(write({good, good}, {}), ContractError);
  EXPECT_THROW(write({named("\xFF")}, {}), ContractError);
  EXPECT_THROW(write({named("__metadata__")}, {}), ContractError);
  EXPECT_THROW(write({good}, {{"a", "\xFF"}}), ContractError);
  EXPECT_THROW(write({good}, {{"a", std::string(size_t{1} << 20, 'x')}}), ContractError);
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(SafetensorsTest, WriterReportsAFullDisk) {
  const std::vector<uint8_t> one = {7};
  EXPECT_THAT(error_message(ErrorCode::unwritable,
                            [&] {
                              write_safetensors("/dev/full", {{"a", Dtype::u8, {1}, bytes_of(one)}}, {});
                            }),
              HasSubstr("/dev/full"));
}

TEST(Dtype, NamesAndSizes) {
  EXPECT_STREQ(dtype_name(Dtype::u8), "U8");
  EXPECT_STREQ(dtype_name(Dtype::f64), "F64");
  EXPECT_EQ(dtype_size(Dtype::u8), sizeof(uint8_t));
  EXPECT_EQ(dtype_size(Dtype::i32), sizeof(int32_t));
  EXPECT_EQ(dtype_size(Dtype::i64), sizeof(int64_t));
  EXPECT_EQ(dtype_size(Dtype::f32), sizeof(float));
  EXPECT_EQ(dtype_size(Dtype::f64), sizeof(double));
  EXPECT_EQ(shape_text({32, 10, 3, 3}), "[32, 10, 3, 3]");
  EXPECT_EQ(shape_text({}), "[]");
}

}  // namespace
}  // namespace mtcnn
