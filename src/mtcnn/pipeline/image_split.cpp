#include "mtcnn/pipeline/image_split.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <unordered_map>

namespace mtcnn {
namespace {

/// The name without its last number: "walk/cam1_0017.jpg" gives "walk/cam1_.jpg".
std::string without_last_number(const std::string& name) {
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  const std::string ending = std::filesystem::path(name).extension().string();  // .jp2 has a number too
  const size_t begin = name.find_last_of('/') == std::string::npos ? 0 : name.find_last_of('/') + 1;
  const auto first = name.rbegin() + static_cast<ptrdiff_t>(ending.size());
  const auto last = std::find_if(first, name.rend() - static_cast<ptrdiff_t>(begin), is_digit);
  const auto before = std::find_if_not(last, name.rend() - static_cast<ptrdiff_t>(begin), is_digit);
  return std::string(name.begin(), before.base()) + std::string(last.base(), name.end());
}

std::string group_of(const std::string& image, const std::string& kind) {
  if (kind == "image") return image;
  if (kind == "folder") return std::filesystem::path(image).parent_path().string();
  return without_last_number(image);
}

/// The set without its images.
LabelSet emptied(const LabelSet& set) {
  LabelSet other = set;
  other.images.clear();
  return other;
}

}  // namespace

ImageSplit split_images(const LabelSet& set, double share, const std::string& group) {
  if (group != "image" && group != "folder" && group != "name")
    throw Error(ErrorCode::usage, "no such way to split",
                {.where = "--group", .found = concat("'", group, "'"), .expected = "image, folder or name"});
  std::unordered_map<std::string, size_t> numbers;
  ImageSplit split{.training = emptied(set), .held_out = emptied(set)};
  const auto every = static_cast<size_t>(std::max(2L, std::lround(1 / share)));
  for (const ImageAnnotation& image : set.images) {
    const size_t number = numbers.try_emplace(group_of(image.image, group), numbers.size()).first->second;
    (number % every == 0 ? split.held_out : split.training).images.push_back(image);
  }
  split.groups = numbers.size();
  if (split.training.images.empty() || split.held_out.images.empty())
    throw Error(ErrorCode::usage, "these images cannot be split",
                {.where = concat("--group ", group),
                 .found = counted(static_cast<int64_t>(split.groups), "group"),
                 .expected = "two or more",
                 .hint = "another --group, as image"});
  return split;
}

LabelSet part_of(const LabelSet& set, double share) {
  LabelSet part = emptied(set);
  double due = 1;  // the first image is in every part
  for (const ImageAnnotation& image : set.images) {
    if (due >= 1) {
      part.images.push_back(image);
      due -= 1;
    }
    due += share;
  }
  return part;
}

}  // namespace mtcnn
