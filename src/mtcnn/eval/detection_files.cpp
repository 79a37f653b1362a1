#include "mtcnn/eval/detection_files.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

namespace mtcnn {

std::string shown_files(const DetectionFiles& files) {
  require(!files.empty(), "shown_files: no files");
  return files.size() == 1 ? files[0].string() : concat(files[0].string(), " and ", files.size() - 1, " more");
}

void ImageFiles::add(const std::string& image, const std::filesystem::path& file) {
  const auto [before, is_new] = files_.emplace(image, &file);
  if (is_new) return;
  if (before->second == &file)
    throw Error(ErrorCode::bad_format, "an image occurs twice in these detections",
                {.where = file.string(), .found = concat("'", image, "'"), .expected = "one line per image"});
  throw Error(ErrorCode::bad_format, "an image is in two files of one run's detections",
              {.where = file.string(),
               .found = concat("'", image, "', which is in ", before->second->string(), " too"),
               .expected = "each image in one file, as the ranks of one `mtcnn detect --world` leave it"});
}

}  // namespace mtcnn
