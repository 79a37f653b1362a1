#include "mtcnn/data/manifest.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"

#include "support/damaged_json.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using testing::TempFolder;

Manifest small_manifest() {
  Manifest manifest{.stage = "pnet", .crop_size = 12, .seed = 7, .config = {{"a", 1}}, .images = 3, .segments = 2};
  manifest.inputs = {{"datasets", {{{"name", "own"}, {"lists", Json::array()}, {"images", 3}}}},
                     {"model", {{"nets", {{{"net", "pnet"}, {"checksum", "crc32:00000000"}}}}}}};
  manifest.complete = true;
  manifest.skipped = {{.reason = "small", .count = 2, .examples = {"a.jpg", "b.jpg"}}};
  manifest.done = {{.index = 0, .images = 3}};
  manifest.done[0].shards = {
      {.file = "pnet-negative-00000.safetensors", .count = 1, .bytes = 2, .checksum = "crc32:1"}};
  manifest.landmarks = {.names = {"tip", "tail"}, .mirror = {1, 0}};
  return manifest;
}

TEST(Manifest, ComesBackAsItWas) {
  const TempFolder folder;
  write_manifest(folder.path(), small_manifest());
  const std::string bytes = read_text(folder / "manifest.json");
  write_manifest(folder.path(), read_manifest(folder.path()));
  EXPECT_EQ(read_text(folder / "manifest.json"), bytes);
}

TEST(Manifest, SaysWhatTheCropsWereMadeOf) {
  EXPECT_EQ(inputs_text(small_manifest(), "here"),
            "  from own: 3 images\n  mined with [{\"net\":\"pnet\",\"checksum\":\"crc32:00000000\"}]\n");
  Manifest plain = small_manifest();
  plain.inputs = {{"model", nullptr}};
  EXPECT_EQ(inputs_text(plain, "here"), "");
  plain.inputs = {{"datasets", 3}};
  EXPECT_THAT(testing::error_message(ErrorCode::bad_format, [&] { inputs_text(plain, "here"); }),
              ::testing::AllOf(::testing::HasSubstr("here: inputs"), ::testing::HasSubstr("'datasets'"),
                               ::testing::HasSubstr("found 3"), ::testing::HasSubstr("a list")));
}

TEST(Manifest, AnyDamageIsAnErrorThatNamesTheFile) {
  const TempFolder folder;
  write_manifest(folder.path(), small_manifest());
  const std::string file = (folder / "manifest.json").string();
  testing::for_each_damage(read_json(file), [&](const Json& damaged, const std::string& what) {
    testing::overwrite(file, damaged.dump());
    testing::expect_only_errors(file, what, [&] {
      const Manifest manifest = read_manifest(folder.path());
      manifest.counts();
      inputs_text(manifest, file);
    });
  });
}

}  // namespace
}  // namespace mtcnn
