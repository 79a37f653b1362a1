#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

namespace mtcnn {

/// The files of one run's detections: one, or the pieces of `mtcnn detect --rank`. Their order does not matter.
using DetectionFiles = std::vector<std::filesystem::path>;

/// The files as one name, for messages: "a.jsonl", or "a.jsonl and 2 more".
std::string shown_files(const DetectionFiles& files);

/// Knows in which file each image of a run is.
class ImageFiles {
 public:
  /// \param file  must live as long as this.
  /// \throws Error naming the image and the files if it was added before, of this file or of another one.
  void add(const std::string& image, const std::filesystem::path& file);
  bool contains(const std::string& image) const { return files_.contains(image); }
  bool empty() const { return files_.empty(); }

 private:
  std::unordered_map<std::string, const std::filesystem::path*> files_;
};

}  // namespace mtcnn
