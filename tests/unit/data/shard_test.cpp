#include "mtcnn/data/shard.h"

#include "mtcnn/core/file.h"
#include "mtcnn/data/manifest.h"

#include <fstream>

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Crops make_crops(CropKind kind, int size, int count) {
  Crops crops{.kind = kind, .size = size};
  crops.pixels.resize(static_cast<size_t>(count * 3 * size * size));
  for (size_t i = 0; i < crops.pixels.size(); ++i) crops.pixels[i] = static_cast<uint8_t>(i * 7);
  for (int i = 0; i < count; ++i) {
    const auto f = static_cast<float>(i);
    CropLabel label{.offsets = {f, f + .25F, -f, .5F}, .overlap = f / 10, .source = i, .window = {f, 1, 2 + f, 3}};
    if (kind == CropKind::landmark) {
      label.landmarks.assign(10, 0);
      label.landmarks[9] = f;
      label.turn = -f;
      label.mirrored = i % 2 == 1;
    }
    crops.labels.push_back(label);
  }
  return crops;
}

TEST(Shard, GivesBackWhatWasWritten) {
  const testing::TempFolder folder;
  for (const CropKind kind : kCropKinds) {
    const Crops crops = make_crops(kind, 12, 5);
    const auto path = folder / shard_name("pnet", kind, 3);
    write_shard(path, "pnet", crops);
    const Shard shard(path);
    EXPECT_EQ(shard.stage(), "pnet");
    EXPECT_EQ(shard.kind(), kind);
    EXPECT_EQ(shard.size(), 12);
    ASSERT_EQ(shard.count(), 5);
    for (int i = 0; i < 5; ++i) {
      const auto begin = crops.pixels.begin() + i * 3 * 12 * 12;
      EXPECT_TRUE(std::equal(begin, begin + 3 * 12 * 12, shard.pixels(i).begin(), shard.pixels(i).end()));
      const CropLabel found = shard.label(i);
      const CropLabel& wanted = crops.labels[static_cast<size_t>(i)];
      EXPECT_EQ(found.offsets, wanted.offsets);
      EXPECT_EQ(found.landmarks, wanted.landmarks);
      EXPECT_EQ(found.overlap, wanted.overlap);
      EXPECT_EQ(found.source, wanted.source);
      EXPECT_EQ(found.window, wanted.window);
      EXPECT_EQ(found.turn, wanted.turn);
      EXPECT_EQ(found.mirrored, wanted.mirrored);
      const CropLabel targets = shard.targets(i);
      const bool negative = kind == CropKind::negative;
      EXPECT_EQ(targets.offsets, negative ? Offsets{} : wanted.offsets);
      EXPECT_EQ(targets.landmarks, wanted.landmarks);
      EXPECT_EQ(targets.window, negative ? Box{} : wanted.window);
      EXPECT_EQ(targets.mirrored, wanted.mirrored);
    }
    EXPECT_THROW(shard.pixels(5), ContractError);
    EXPECT_THROW(shard.label(-1), ContractError);
  }
}

TEST(Shard, NamesCarryStageKindAndIndex) {
  EXPECT_EQ(shard_name("rnet", CropKind::landmark, 7), "rnet-landmark-00007.safetensors");
  EXPECT_EQ(shard_name("rnet", CropKind::part, 1234567), "rnet-part-1234567.safetensors");
}

TEST(Shard, RefusesOtherFiles) {
  const testing::TempFolder folder;
  const std::vector<uint8_t> pixels(12);
  const TensorView tensor{"pixels", Dtype::u8, {1, 3, 2, 2}, std::as_bytes(std::span(pixels))};
  write_safetensors(folder / "weights", {tensor}, {{"format", "mtcnn-weights"}});
  EXPECT_THAT(testing::error_message(ErrorCode::bad_format, [&] { Shard(folder / "weights"); }),
              HasSubstr("not a shard of crops"));
  write_safetensors(folder / "newer", {tensor}, {{"format", "mtcnn-crops"}, {"version", "2"}});
  EXPECT_THAT(testing::error_message(ErrorCode::unsupported, [&] { Shard(folder / "newer"); }),
              HasSubstr("another version"));
  write_safetensors(folder / "poor", {tensor},
                    {{"format", "mtcnn-crops"}, {"version", "1"}, {"stage", "pnet"}, {"kind", "part"}});
  EXPECT_THAT(testing::error_message(ErrorCode::bad_format, [&] { Shard(folder / "poor"); }),
              HasSubstr("bad tensor 'offsets'"));
}

struct Folder {
  testing::TempFolder folder;
  Manifest manifest;

  Folder() {
    const Crops crops = make_crops(CropKind::part, 24, 4);
    const auto path = folder / shard_name("rnet", CropKind::part, 0);
    write_shard(path, "rnet", crops);
    manifest = {.stage = "rnet",
                .crop_size = 24,
                .seed = 5,
                .config = {{"a", 1}},
                .inputs = Json::array(),
                .images = 9,
                .segments = 2,
                .complete = false,
                .skipped = {{"tiny", 3, {"a.jpg"}}}};
    manifest.done.push_back(
        {.index = 1,
         .first_image = 4,
         .images = 5,
         .unreadable = 1,
         .shards = {{path.filename(), CropKind::part, 4, static_cast<int64_t>(std::filesystem::file_size(path)),
                     Shard(path).checksum()}},
         .skipped = {}});
  }

  const ShardEntry& entry() const { return manifest.done[0].shards[0]; }
};

TEST(Manifest, GivesBackWhatWasWritten) {
  const Folder made;
  write_manifest(made.folder.path(), made.manifest);
  const Manifest read = read_manifest(made.folder.path());
  EXPECT_EQ(read.stage, "rnet");
  EXPECT_EQ(read.crop_size, 24);
  EXPECT_EQ(read.seed, 5U);
  EXPECT_EQ(read.config, made.manifest.config);
  EXPECT_EQ(read.segments, 2);
  EXPECT_FALSE(read.complete);
  EXPECT_EQ(read.skipped.at(0).examples, made.manifest.skipped[0].examples);
  EXPECT_THAT(read.counts(), ElementsAre(0, 4, 0, 0));
  write_manifest(made.folder.path(), read, "again.json");
  EXPECT_EQ(read_text(made.folder / "again.json"), read_text(made.folder / "manifest.json"));
  EXPECT_EQ(open_shard(made.folder.path(), read, read.done.at(0).shards.at(0)).count(), 4);
  EXPECT_NO_THROW(verify_shards(made.folder.path(), read));
}

TEST(Manifest, FindsFlippedBytesAndTruncation) {
  const Folder made;
  const auto path = made.folder / made.entry().file;
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-3, std::ios::end);
    file.put('\x55');
  }
  EXPECT_THAT(testing::error_message(ErrorCode::bad_format, [&] { verify_shards(made.folder.path(), made.manifest); }),
              ::testing::AllOf(HasSubstr("damaged shard"), HasSubstr(made.entry().file)));
  std::filesystem::resize_file(path, 100);
  EXPECT_THAT(testing::error_message(ErrorCode::bad_format,
                                     [&] { open_shard(made.folder.path(), made.manifest, made.entry()); }),
              HasSubstr("found 100 bytes"));
}

TEST(Manifest, RefusesShardsThatHoldOtherThanItSays) {
  Folder made;
  made.manifest.crop_size = 48;
  EXPECT_THAT(testing::error_message(ErrorCode::bad_format,
                                     [&] { open_shard(made.folder.path(), made.manifest, made.entry()); }),
              HasSubstr("does not hold what the manifest says"));
}

TEST(Manifest, RefusesWhatIsNoManifest) {
  const testing::TempFolder folder;
  const auto message = [&](ErrorCode code, const char* text) {
    write_text(folder / "manifest.json", text);
    return testing::error_message(code, [&] { read_manifest(folder.path()); });
  };
  EXPECT_THAT(message(ErrorCode::bad_format, "[]"), HasSubstr("not a manifest"));
  EXPECT_THAT(message(ErrorCode::bad_format, R"({"format": "mtcnn-cascade"})"), HasSubstr("not a manifest"));
  EXPECT_THAT(message(ErrorCode::unsupported, R"({"format": "mtcnn-manifest", "version": 9})"),
              HasSubstr("another version"));
  EXPECT_THAT(message(ErrorCode::bad_format, R"({"format": "mtcnn-manifest", "version": 1})"), HasSubstr("'stage'"));
  testing::error_message(ErrorCode::not_found, [&] { read_manifest(folder / "nowhere"); });
}

TEST(Shard, HoldsAnyNumberOfPoints) {
  const testing::TempFolder folder;
  Crops crops = make_crops(CropKind::landmark, 12, 3);
  for (CropLabel& label : crops.labels) label.landmarks = {0, .5F, 1, -.5F, static_cast<float>(label.source), 2};
  write_shard(folder / "three", "onet", crops);
  const Shard shard(folder / "three");
  EXPECT_EQ(shard.points(), 3);
  EXPECT_EQ(shard.label(2).landmarks, crops.labels[2].landmarks);
  crops.labels[1].landmarks.resize(4);
  EXPECT_THROW(write_shard(folder / "mixed", "onet", crops), ContractError);
}

}  // namespace
}  // namespace mtcnn
