#include "data_prep/prepare.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/file_lock.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/labels/labels.h"

#include <map>

#include "data_prep/toy_data.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// Toy data, made once, and a job over them.
class Prepare : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    data_ = new testing::TempFolder;
    make_toy_data(*data_ / "toys", {.images = 30, .validation = 4, .seed = 2, .threads = 2});
  }
  static void TearDownTestSuite() { delete data_; }

  static Sources sources() {
    return read_sources(*data_ / "toys", {{.kind = "wider", .path = "wider", .split = "train"},
                                          {.kind = "celeba", .path = "celeba", .split = "train", .weight = .5}});
  }

  PrepareJob job(const std::string& out) const {
    PrepareJob job{
        .stage = "onet", .crop_size = 48, .out = folder_ / out, .seed = 9, .recipe = {{"a", 1}}, .threads = 1};
    job.samples.max_samples = 400;
    return job;
  }

  /// Name to bytes of everything but locks.
  static std::map<std::string, std::string> files(const fs::path& folder) {
    std::map<std::string, std::string> found;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(".lock")) found[name] = read_text(entry.path());
    }
    return found;
  }

  static testing::TempFolder* data_;
  testing::TempFolder folder_;
};

testing::TempFolder* Prepare::data_ = nullptr;

TEST_F(Prepare, WritesWhatTheManifestSays) {
  const Sources read = sources();
  const PrepareResult result = prepare_crops(job("a"), read);
  const Manifest manifest = read_manifest(folder_ / "a");
  EXPECT_TRUE(manifest.complete);
  EXPECT_EQ(manifest.stage, "onet");
  EXPECT_EQ(manifest.crop_size, 48);
  EXPECT_EQ(manifest.images, 60);
  EXPECT_GT(manifest.segments, 1);
  for (const int64_t count : manifest.counts()) EXPECT_GT(count, 100);
  EXPECT_NO_THROW(verify_shards(folder_ / "a", manifest));
  int64_t lines = 0;
  read_annotations(folder_ / "a" / "sources.jsonl", [&](ImageAnnotation&& line) {
    EXPECT_EQ(line.faces.size(), read.pictures[static_cast<size_t>(lines)].annotation.faces.size());
    ++lines;
  });
  EXPECT_EQ(lines, 60);
}

TEST_F(Prepare, ThreadsRanksAndResumingGiveTheSameBytes) {
  const Sources read = sources();
  prepare_crops(job("one"), read);
  const auto wanted = files(folder_ / "one");

  PrepareJob two = job("two");
  two.threads = 3;
  prepare_crops(two, read);
  EXPECT_EQ(files(folder_ / "two"), wanted);

  for (int rank = 0; rank < 2; ++rank) {
    PrepareJob part = job("parts");
    part.rank = rank;
    part.world = 2;
    prepare_crops(part, read);
  }
  merge_parts(folder_ / "parts");
  EXPECT_EQ(files(folder_ / "parts"), wanted);

  // A run that lost a shard, left another half written and never finished its manifest.
  Manifest cut = read_manifest(folder_ / "two");
  cut.complete = false;
  fs::remove(folder_ / "two" / cut.done.front().shards.front().file);
  cut.done.pop_back();
  write_manifest(folder_ / "two", cut);
  write_text(folder_ / "two" / "onet-part-00000.safetensors.4711.tmp", "half");
  const PrepareResult resumed = prepare_crops(two, read);
  EXPECT_GT(resumed.resumed_pictures, 0);
  EXPECT_LT(resumed.resumed_pictures, 60);
  EXPECT_EQ(files(folder_ / "two"), wanted);
}

/// A folder that an older version made: no `input` of the crops, and one for all nets that windows were mined with.
TEST_F(Prepare, GoesOnWithAFolderOfAnOlderVersion) {
  const Sources read = sources();
  PrepareJob mined = job("a");
  const InputOptions input{.border = 127, .crop_lead = 1, .window_first = 1};
  const auto net = [&](NetKind kind) {
    return Json{{"net", net_name(kind)}, {"checksum", "x"}, {"input", input_json(input_for(kind, input))}};
  };
  mined.model = {{"nets", {net(NetKind::pnet), net(NetKind::rnet)}}};
  prepare_crops(mined, read);
  const auto wanted = files(folder_ / "a");
  Manifest older = read_manifest(folder_ / "a");
  older.input = Json();
  for (Json& one : older.inputs["model"]["nets"]) one.erase("input");
  older.inputs["model"]["input"] = input_json(input);
  write_manifest(folder_ / "a", older);
  EXPECT_EQ(prepare_crops(mined, read).resumed_pictures, 60);
  EXPECT_EQ(files(folder_ / "a"), wanted);
  older.inputs["model"]["input"]["border"] = 3;
  write_manifest(folder_ / "a", older);
  testing::error_message(ErrorCode::usage, [&] { prepare_crops(mined, read); });
}

TEST_F(Prepare, RefusesAFolderOfOtherCrops) {
  const Sources read = sources();
  prepare_crops(job("a"), read);
  PrepareJob other = job("a");
  other.recipe["a"] = 2;
  EXPECT_THAT(testing::error_message(ErrorCode::usage, [&] { prepare_crops(other, read); }),
              ::testing::AllOf(HasSubstr("another configuration"), HasSubstr("config/a 1, now 2")));
  other = job("a");
  other.stage = "pnet";
  EXPECT_THAT(testing::error_message(ErrorCode::usage, [&] { prepare_crops(other, read); }),
              HasSubstr("another stage"));
  other = job("a");
  other.world = 2;
  EXPECT_THAT(testing::error_message(ErrorCode::usage, [&] { prepare_crops(other, read); }), HasSubstr("ranks"));
  const FileLock held(folder_ / "a" / ".lock-0-of-1");
  EXPECT_THAT(testing::error_message(ErrorCode::unwritable, [&] { prepare_crops(job("a"), read); }),
              HasSubstr("another run"));
}

TEST_F(Prepare, MergingNamesWhatIsMissing) {
  const Sources read = sources();
  PrepareJob part = job("parts");
  part.world = 2;
  prepare_crops(part, read);
  EXPECT_THAT(testing::error_message(ErrorCode::bad_format, [&] { merge_parts(folder_ / "parts"); }),
              HasSubstr("not complete"));
  testing::error_message(ErrorCode::not_found, [&] { merge_parts(folder_.path()); });
  testing::error_message(ErrorCode::not_found, [&] { merge_parts(folder_ / "nowhere"); });
}

TEST_F(Prepare, PassesOverBadPicturesAndCountsThem) {
  Sources read = sources();
  read.pictures[3].annotation.image = "0--Crowd/nowhere.jpg";
  read.pictures[4].annotation.width += 1;
  read.pictures[5].annotation.faces.push_back({.x = 5000, .y = 10, .w = 20, .h = 20});
  read.pictures[6].annotation.faces.push_back({.x = 10, .y = 10, .w = 5, .h = 20});
  const PrepareResult result = prepare_crops(job("a"), read);
  SkipCounts skipped;
  int64_t unreadable = 0;
  for (const ManifestSegment& segment : result.manifest.done) {
    unreadable += segment.unreadable;
    for (const Skipped& item : segment.skipped) skipped.add(item);
  }
  EXPECT_EQ(unreadable, 2);
  std::map<std::string, int64_t> counts;
  for (const Skipped& item : skipped.all()) counts[item.reason] = item.count;
  EXPECT_EQ(counts["image that cannot be used"], 2);
  EXPECT_EQ(counts["face outside its image"], 1);
  EXPECT_EQ(counts["face smaller than 12 pixels"], 1);
}

TEST_F(Prepare, SaysSoWhereNoPictureCanBeUsed) {
  Sources read = sources();
  for (SourcePicture& picture : read.pictures) picture.annotation.image += "x";
  EXPECT_THAT(testing::error_message(ErrorCode::unreadable, [&] { prepare_crops(job("a"), read); }),
              HasSubstr("not one image"));
}

TEST_F(Prepare, MinedWindowsBecomeCrops) {
  PrepareJob mining = job("mined");
  mining.samples.negatives = mining.samples.near_negatives = 0;
  mining.samples.mine.negatives = 3;
  mining.finder = [](std::span<const ImageView> images) {
    std::vector<MinedWindows> found(images.size());
    for (MinedWindows& item : found) item.windows.assign(10, {2, 2, 9, 9});
    return found;
  };
  const PrepareResult result = prepare_crops(mining, sources());
  const int64_t negatives = result.manifest.counts()[static_cast<size_t>(CropKind::negative)];
  EXPECT_GT(negatives, 60);
  EXPECT_LE(negatives, 3 * 30 + 2 * 30);
}

TEST_F(Prepare, ValidationPicturesMustNotBeLearntFrom) {
  const Sources training = sources();
  const auto toys = *data_ / "toys";
  const Sources validation = read_sources(toys, {{.kind = "wider", .path = "wider", .split = "val"}});
  EXPECT_NO_THROW(require_disjoint(training, validation));
  const Sources leaked =
      read_sources(toys, {{.kind = "own", .path = "wider", .list = "train.jsonl", .images = "WIDER_train/images"}});
  EXPECT_THAT(testing::error_message(ErrorCode::usage, [&] { require_disjoint(training, leaked); }),
              HasSubstr("among the training images"));
}

TEST(Sources, NamesWhatIsMissing) {
  const testing::TempFolder folder;
  const auto message = [&](ErrorCode code, const DatasetOptions& options) {
    return testing::error_message(code, [&] { read_sources(folder.path(), {options}); });
  };
  EXPECT_THAT(message(ErrorCode::not_found, {.kind = "wider", .path = "faces", .split = "train"}), HasSubstr("faces"));
  EXPECT_THAT(message(ErrorCode::usage, {.kind = "wider", .path = ".", .split = "test"}), HasSubstr("train or val"));
  EXPECT_THAT(message(ErrorCode::not_found, {.kind = "own", .path = "."}), HasSubstr("annotations.jsonl"));
  write_text(folder / "annotations.jsonl", "\n");
  EXPECT_THAT(message(ErrorCode::bad_format, {.kind = "own", .path = "."}), HasSubstr("no images"));
}

/// Learning from labels of another tool is learning from the same own data.
TEST(Sources, AreTheSameFromEveryFormatOfLabels) {
  const testing::TempFolder folder;
  make_toy_data(folder / "toys", {.object = ToyObject::watch, .images = 6, .validation = 2, .seed = 4, .threads = 2});
  const fs::path own = folder / "toys" / "val";
  const LandmarkLayout layout{.names = {"twelve", "three", "six", "nine"}, .mirror = {0, 3, 2, 1}};
  const Sources wanted = read_sources(folder / "toys", {{.kind = "own", .path = "val"}}, layout);
  LabelSet set = read_labels("own", own);
  set.landmark_names = layout.names;
  for (const LabelFormat& format : label_formats()) {
    const std::string kind = format.name;
#ifndef MTCNN_TEST_XML
    if (kind == "voc" || kind == "cvat") continue;
#endif
#ifndef MTCNN_TEST_YAML
    if (kind == "yolo") continue;
#endif
    make_folder(folder / kind);
    write_labels(set, kind, folder / kind, "watch");
    const Sources read = read_sources(
        folder.path(), {{.kind = kind, .path = kind, .images = (own / "images").string(), .strict = true}}, layout);
    EXPECT_TRUE(read.skipped.empty()) << kind;
    ASSERT_EQ(read.pictures.size(), wanted.pictures.size()) << kind;
    for (size_t i = 0; i < read.pictures.size(); ++i) {
      const ImageAnnotation& image = read.pictures[i].annotation;
      const ImageAnnotation& same = wanted.pictures[i].annotation;
      EXPECT_EQ(image.image, same.image) << kind;
      ASSERT_EQ(image.faces.size(), same.faces.size()) << kind;
      EXPECT_TRUE(path_exists(read.path(read.pictures[i]))) << kind;
      for (size_t k = 0; k < image.faces.size(); ++k) {
        EXPECT_NEAR(image.faces[k].x, same.faces[k].x, 0.01) << kind;
        EXPECT_NEAR(image.faces[k].h, same.faces[k].h, 0.01) << kind;
        if (kind == "voc") continue;
        ASSERT_TRUE(image.faces[k].landmarks) << kind;
        EXPECT_NEAR((*image.faces[k].landmarks)[3][0], (*same.faces[k].landmarks)[3][0], 0.01) << kind;
      }
    }
  }
}

TEST(Sources, ReadsEveryKind) {
  const testing::TempFolder folder;
  make_folder(folder / "pictures");
  write_text(
      folder / "annotations.json",
      R"({"images": [{"id": 4, "file_name": "a.jpg", "width": 10, "height": 10}, {"id": 5, "file_name": "b.jpg"}],
                 "categories": [{"id": 1, "name": "face"}, {"id": 2, "name": "cat"}],
                 "annotations": [{"image_id": 4, "category_id": 1, "bbox": [1, 2, 3, 4]},
                                 {"image_id": 4, "category_id": 2, "bbox": [1, 2, 3, 4]},
                                 {"image_id": 4, "category_id": 1, "bbox": [1, 2, 0, 4]}]})");
  const Sources coco =
      read_sources(folder.path(), {{.kind = "coco", .path = ".", .images = "pictures", .categories = "face"}});
  ASSERT_EQ(coco.pictures.size(), 2U);
  EXPECT_EQ(coco.pictures[0].annotation.faces.size(), 1U);
  ASSERT_EQ(coco.skipped.size(), 2U);
  EXPECT_THAT(coco.skipped[0].reason, HasSubstr("another class ('cat')"));
  EXPECT_THAT(coco.skipped[1].reason, HasSubstr("without width or height"));

  make_folder(folder / "fddb" / "originalPics");
  write_text(folder / "fddb" / "FDDB-folds" / "FDDB-fold-01.txt", "2002/a\n");
  // Half axes 30 (first, upright: angle pi / 2) and 20.
  write_text(folder / "fddb" / "FDDB-folds" / "FDDB-fold-01-ellipseList.txt", "2002/a\n1\n30 20 1.5707963 50 60  1\n");
  const Sources fddb = read_sources(folder.path(), {{.kind = "fddb", .path = "fddb"}});
  ASSERT_EQ(fddb.pictures.size(), 1U);
  EXPECT_EQ(fddb.pictures[0].annotation.image, "2002/a.jpg");
  const FaceAnnotation& face = fddb.pictures[0].annotation.faces.at(0);
  EXPECT_NEAR(face.x, 30, 1e-5);
  EXPECT_NEAR(face.y, 30, 1e-5);
  EXPECT_NEAR(face.w, 40, 1e-5);
  EXPECT_NEAR(face.h, 60, 1e-5);
}

}  // namespace
}  // namespace mtcnn
