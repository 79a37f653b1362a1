#include "mtcnn/labels/labels.h"

#include "input.h"

/// Labels of other tools: the input is the file that each format's reader would be given.
MTCNN_FUZZ_TARGET(input) {
  const auto read = [](const char* kind, const std::filesystem::path& path) {
    mtcnn::fuzz::expect_result_or_error([&] { mtcnn::read_labels(kind, path); });
  };
  const std::filesystem::path json = mtcnn::fuzz::input_file("labels/image.json", input);
  for (const char* kind : {"coco", "labelstudio"}) read(kind, json);
  read("labelme", json.parent_path());
  read("cvat", mtcnn::fuzz::input_file("cvat.xml", input));
  read("voc", mtcnn::fuzz::input_file("voc/image.xml", input).parent_path());
  const auto parts = mtcnn::fuzz::parts_of(input, 2);
  mtcnn::fuzz::input_file("yolo/data.yaml", parts[0]);
  mtcnn::fuzz::input_file("yolo/labels/image.txt", parts[1]);
  read("yolo", mtcnn::fuzz::input_folder() / "yolo");
}
