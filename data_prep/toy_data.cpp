#include "data_prep/toy_data.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/thread_pool.h"
#include "mtcnn/image/write.h"

#include <array>
#include <cmath>
#include <mutex>
#include <string>
#include <vector>

#include "data_prep/toy_faces.h"
#include "data_prep/toy_watches.h"

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr std::array<const char*, 2> kEvents = {"0--Crowd", "1--Empty"};
constexpr double kEmptyShare = 0.2;
constexpr int kMostFaces = 8;
constexpr int kCelebaWidth = 178;
constexpr int kCelebaHeight = 218;

std::string padded(int64_t number, size_t digits) {
  std::string text = concat(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

/// One split of one layout.
struct Split {
  const char* name;  ///< "train" or "val"
  int64_t count;
  std::vector<ImageAnnotation> labels = {};

  Split(const char* split_name, int64_t pictures)
      : name(split_name), count(pictures), labels(static_cast<size_t>(pictures)) {}
};

ToyScene crowd_scene(RandomStream& random, bool empty) {
  return {.width = 240 + static_cast<int>(random.below(240)),
          .height = 200 + static_cast<int>(random.below(200)),
          .faces = empty ? 0 : 1 + static_cast<int>(random.below(kMostFaces)),
          .tiny = !empty && random.chance(0.15) ? 2 : 0};
}

/// The split that image `index` falls into, and its place there.
ImageAnnotation& label_at(std::array<Split, 2>& splits, int64_t index, size_t& split) {
  split = index < splits[0].count ? 0 : 1;
  return splits[split].labels[static_cast<size_t>(split == 0 ? index : index - splits[0].count)];
}

/// Paints `count` images with `paint(index)`.
void paint_all(const ToyOptions& options, int64_t count, const std::function<void(int64_t)>& paint) {
  std::mutex mutex;
  int64_t done = 0;
  ThreadPool(options.threads).run(count, [&](int64_t index) {
    if (interrupted()) throw Error(ErrorCode::interrupted, "stopped before all images were painted");
    paint(index);
    const std::scoped_lock lock(mutex);
    ++done;
    if (options.progress) options.progress(done);
  });
}

void count_labels(const std::array<Split, 2>& splits, ToyCounts& counts) {
  for (const Split& split : splits) {
    counts.pictures += split.count;
    for (const ImageAnnotation& label : split.labels) {
      for (const FaceAnnotation& face : label.faces) counts.faces += face.ignore ? 0 : 1;
    }
  }
}

ToyCounts make_watches(const fs::path& folder, const ToyOptions& options) {
  constexpr int kMostWatches = 5;
  std::array<Split, 2> splits{Split{"train", options.images}, Split{"val", options.validation}};
  paint_all(options, options.images + options.validation, [&](int64_t index) {
    RandomStream random(options.seed, "toy watches", static_cast<uint64_t>(index));
    const bool empty = random.chance(kEmptyShare);
    ToyScene scene = crowd_scene(random, empty);
    scene.faces = empty ? 0 : 1 + static_cast<int>(random.below(kMostWatches));
    scene.smallest = 26;
    scene.largest = 160;
    ToyPicture picture = paint_toy_watches(scene, random);
    size_t split = 0;
    ImageAnnotation& label = label_at(splits, index, split);
    label = std::move(picture.annotation);
    label.image = concat("watches_", padded(index, 6), ".jpg");
    write_image(folder / splits[split].name / "images" / label.image, picture.image.view());
  });
  for (const Split& split : splits) {
    std::string lines;
    for (const ImageAnnotation& label : split.labels) lines += annotation_line(label) + "\n";
    if (split.count > 0) write_text(folder / split.name / "annotations.jsonl", lines);
  }
  ToyCounts counts;
  count_labels(splits, counts);
  return counts;
}

/// Labels as the text lists hold them: whole pixels for boxes, as in the public sets.
std::string wider_entry(const ImageAnnotation& label) {
  std::string text = concat(label.image, "\n", label.faces.size(), "\n");
  for (const FaceAnnotation& face : label.faces) {
    text += concat(std::lround(face.x), " ", std::lround(face.y), " ", std::lround(face.w), " ", std::lround(face.h),
                   " 0 0 0 ", face.ignore ? 1 : 0, " 0 0 \n");
  }
  return label.faces.empty() ? text + "0 0 0 0 0 0 0 0 0 0 \n" : text;
}

/// Paints all images of both layouts and writes their lists.
class ToyMaker {
 public:
  ToyMaker(const fs::path& folder, const ToyOptions& options)
      : options_(options),
        wider_(folder / "wider"),
        celeba_(folder / "celeba"),
        crowds_{Split{"train", options.images}, Split{"val", options.validation}},
        portraits_{Split{"train", options.images}, Split{"val", options.validation}} {}

  ToyCounts make() {
    const int64_t half = options_.images + options_.validation;
    paint_all(options_, 2 * half,
              [&](int64_t index) { index < half ? paint_crowd(index) : paint_portrait(index - half); });
    write_wider_lists();
    write_celeba_lists();
    return count();
  }

 private:
  void paint_crowd(int64_t index) {
    RandomStream random(options_.seed, "toy crowd", static_cast<uint64_t>(index));
    const bool empty = random.chance(kEmptyShare);
    ToyPicture picture = paint_toy_picture(crowd_scene(random, empty), random);
    size_t split = 0;
    ImageAnnotation& label = label_at(crowds_, index, split);
    label = std::move(picture.annotation);
    const char* event = kEvents[empty ? 1 : 0];
    label.image = concat(event, "/", empty ? "empty_" : "crowd_", padded(index, 6), ".jpg");
    write_image(wider_ / concat("WIDER_", crowds_[split].name) / "images" / label.image, picture.image.view());
  }

  void paint_portrait(int64_t index) {
    RandomStream random(options_.seed, "toy portrait", static_cast<uint64_t>(index));
    ToyPicture picture = paint_toy_picture({.width = kCelebaWidth, .height = kCelebaHeight, .centred = true}, random);
    size_t split = 0;
    ImageAnnotation& label = label_at(portraits_, index, split);
    label = std::move(picture.annotation);
    label.image = padded(index + 1, 6) + ".jpg";
    write_image(celeba_ / "Img" / "img_celeba" / label.image, picture.image.view());
  }

  void write_wider_lists() const {
    for (const Split& split : crowds_) {
      std::string list;
      std::string lines;
      for (const ImageAnnotation& label : split.labels) {
        list += wider_entry(label);
        lines += annotation_line(label) + "\n";
      }
      write_text(wider_ / "wider_face_split" / concat("wider_face_", split.name, "_bbx_gt.txt"), list);
      write_text(wider_ / concat(split.name, ".jsonl"), lines);
    }
  }

  void write_celeba_lists() const {
    std::string boxes = concat(options_.images + options_.validation, "\nimage_id x_1 y_1 width height\n");
    std::string points = concat(options_.images + options_.validation,
                                "\nlefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y "
                                "rightmouth_x rightmouth_y\n");
    std::string partition;
    for (size_t split = 0; split < portraits_.size(); ++split) {
      for (const ImageAnnotation& label : portraits_[split].labels) {
        const FaceAnnotation& face = label.faces.front();
        boxes += concat(label.image, " ", fixed(face.x, 2), " ", fixed(face.y, 2), " ", fixed(face.w, 2), " ",
                        fixed(face.h, 2), "\n");
        points += label.image;
        for (const auto& [x, y] : *face.landmarks) points += concat(" ", fixed(x, 2), " ", fixed(y, 2));
        points += "\n";
        partition += concat(label.image, " ", split, "\n");
      }
    }
    write_text(celeba_ / "Anno" / "list_bbox_celeba.txt", boxes);
    write_text(celeba_ / "Anno" / "list_landmarks_celeba.txt", points);
    write_text(celeba_ / "Eval" / "list_eval_partition.txt", partition);
  }

  ToyCounts count() const {
    ToyCounts counts;
    count_labels(crowds_, counts);
    count_labels(portraits_, counts);
    return counts;
  }

  const ToyOptions& options_;
  fs::path wider_;
  fs::path celeba_;
  std::array<Split, 2> crowds_;
  std::array<Split, 2> portraits_;
};

}  // namespace

ToyCounts make_toy_data(const fs::path& folder, const ToyOptions& options) {
  require(options.images > 0 && options.validation >= 0, "make_toy_data: at least one training image is needed");
  make_folder(folder);
  if (!folder_entries(folder).empty()) {
    throw Error(ErrorCode::usage, "toy data need a folder of their own",
                {.where = folder.string(), .found = "a folder that holds something", .expected = "a new or empty one"});
  }
  return options.object == ToyObject::watch ? make_watches(folder, options) : ToyMaker(folder, options).make();
}

}  // namespace mtcnn
