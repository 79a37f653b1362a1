#pragma once

#include "mtcnn/core/file.h"
#include "mtcnn/image/image.h"
#include "mtcnn/image/write.h"
#include "mtcnn/labels/labels.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn::testing {

/// The formats that this build has.
inline std::vector<std::string> kinds() {
  std::vector<std::string> names;
  for (const LabelFormat& format : label_formats()) {
    const std::string name = format.name;
#ifndef MTCNN_TEST_XML
    if (name == "voc" || name == "cvat") continue;
#endif
#ifndef MTCNN_TEST_YAML
    if (name == "yolo") continue;
#endif
    names.push_back(name);
  }
  return names;
}

/// An image of this size, all black.
inline void make_image(const std::filesystem::path& path, int width = 100, int height = 80) {
  make_folder(path.parent_path());
  write_image(path, Image(width, height).view());
}

/// Three images in `folder`/images, with objects of two classes, some with points; one image has none.
inline LabelSet made_labels(const std::filesystem::path& folder) {
  LabelSet set{.kind = "own", .images_folder = folder / "images"};
  set.landmark_names = {"nose", "left_ear", "right_ear"};
  set.classes = {"kangaroo", "wallaby"};
  set.images = {{.image = "a b.png", .width = 640, .height = 333, .faces = {}},
                {.image = "empty.png", .width = 100, .height = 80, .faces = {}},
                {.image = "sub/\xC3\xA4.png", .width = 3999, .height = 3001, .faces = {}}};
  set.images[0].faces = {{.x = 1.25, .y = 2.125, .w = 100.0 / 3, .h = 200.0 / 7, .category = "kangaroo"},
                         {.x = 400, .y = 300, .w = 240, .h = 33, .category = "wallaby"}};
  set.images[0].faces[0].landmarks = ExactPoints{{5.5, 6.25}, {10.0 / 3, 7}, {20, 8.75}};
  set.images[2].faces = {{.x = 3000.111, .y = 0, .w = 998.765, .h = 2999.5, .category = "kangaroo"}};
  set.images[2].faces[0].landmarks = ExactPoints{{3100.1, 1}, {3200.2, 2.5}, {3300.333, 3}};
  for (const ImageAnnotation& image : set.images)
    make_image(folder / "images" / image.image, image.width, image.height);
  return set;
}

}  // namespace mtcnn::testing
