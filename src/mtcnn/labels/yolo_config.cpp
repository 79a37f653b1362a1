#include "mtcnn/labels/yolo_config.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/labels/raw_labels.h"

#include <algorithm>
#include <exception>
#include <map>

#include <yaml-cpp/yaml.h>

namespace mtcnn::labels {
namespace {

constexpr size_t kMostYamlBytes = size_t{4} << 20;
constexpr size_t kMostClasses = 1U << 20;
constexpr int kMostDepth = 50;

[[noreturn]] void refuse(const std::string& where, const std::string& key, const std::string& expected) {
  throw Error(ErrorCode::bad_format, concat("bad '", key, "'"), {.where = where, .expected = expected});
}

std::string scalar(const YAML::Node& node, const std::string& where, const std::string& key) {
  if (!node.IsScalar() || node.Scalar().empty()) refuse(where, key, "a text, not empty");
  return utf8(node.Scalar(), where);
}

size_t number(const YAML::Node& node, const std::string& where, const std::string& key, size_t most) {
  const std::optional<size_t> value = parse_whole_number(scalar(node, where, key), most);
  if (!value) refuse(where, key, concat("a whole number from 0 to ", most));
  return *value;
}

/// A list of names, or a map from numbers to names.
std::vector<std::string> names(const YAML::Node& node, const std::string& where, const std::string& key) {
  std::vector<std::string> result;
  if (node.IsSequence()) {
    for (const YAML::Node& item : node) result.push_back(scalar(item, where, key));
    return result;
  }
  if (!node.IsMap()) refuse(where, key, "a list of names");
  std::map<size_t, std::string> numbered;
  for (const auto& item : node)
    numbered[number(item.first, where, key, kMostClasses)] = scalar(item.second, where, key);
  for (const auto& [index, name] : numbered) {
    while (result.size() < index) result.push_back(concat("class_", result.size()));
    result.push_back(name);
  }
  return result;
}

/// yaml-cpp walks nested lists by calling itself.
void check_depth(const std::string& text, const std::string& where) {
  int depth = 0;
  int deepest = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  size_t indent = 0;
  size_t blocks = 0;
  for (const std::string& line : split(text, '\n')) {
    indent = std::max(indent, std::min(line.find_first_not_of(" -?:"), line.size()));
    blocks = std::max(blocks, indent);
  }
  if (deepest <= kMostDepth && blocks <= size_t{8} * kMostDepth) return;
  throw Error(ErrorCode::bad_format, "lists within lists, too deep", {.where = where});
}

YoloConfig read(const YAML::Node& top, const std::string& where) {
  if (!top.IsMap()) {
    throw Error(ErrorCode::bad_format, "no description of a YOLO data set",
                {.where = where, .expected = "names, train and val"});
  }
  YoloConfig config;
  if (!top["names"]) refuse(where, "names", "the names of the classes");
  config.classes = names(top["names"], where, "names");
  if (config.classes.empty()) refuse(where, "names", "the names of the classes");
  if (top["path"] && !top["path"].IsNull()) config.path = scalar(top["path"], where, "path");
  for (const char* split : {"train", "val", "test"}) {
    const YAML::Node entry = top[split];
    if (!entry || entry.IsNull() || (entry.IsScalar() && entry.Scalar().empty())) continue;
    if (entry.IsSequence()) {
      for (const YAML::Node& item : entry) config.images.emplace_back(split, scalar(item, where, split));
    } else {
      config.images.emplace_back(split, scalar(entry, where, split));
    }
  }
  if (const YAML::Node shape = top["kpt_shape"]; shape && !shape.IsNull()) {
    if (!shape.IsSequence() || shape.size() != 2) refuse(where, "kpt_shape", "[points, 2 or 3]");
    config.points = number(shape[0], where, "kpt_shape", 1000);
    config.point_values = number(shape[1], where, "kpt_shape", 3);
    if (config.point_values < 2) refuse(where, "kpt_shape", "[points, 2 or 3]");
  }
  if (YAML::Node points = top["kpt_names"]; points && !points.IsNull()) {
    // One list for each class; all have the same shape.
    if (points.IsMap() && points.size() > 0) points = YAML::Node(points.begin()->second);
    config.point_names = names(points, where, "kpt_names");
    if (config.point_names.size() != config.points) config.point_names.clear();
  }
  return config;
}

}  // namespace

YoloConfig read_yolo_config(const std::filesystem::path& file) {
  const std::string where = file.string();
  const std::string text = label_text(file, kMostYamlBytes);
  check_depth(text, where);
  try {
    return read(YAML::Load(text), where);
  } catch (const YAML::Exception& failure) {
    throw Error(
        ErrorCode::bad_format, "no YAML, or damaged",
        {.where = failure.mark.is_null() ? where : concat(where, ":", failure.mark.line + 1), .found = failure.msg});
  }
}

}  // namespace mtcnn::labels
