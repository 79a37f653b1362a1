#include "mtcnn/core/error.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/labels/labels.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr size_t kHead = size_t{64} << 10;  ///< bytes of a file that are looked at

std::string head_of(const fs::path& file) {
  std::string head(kHead, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  if (head.starts_with("\xEF\xBB\xBF")) head.erase(0, 3);
  return head;
}

/// Where `key` is first followed by a list; npos where it is not.
size_t list_of(const std::string& head, std::string_view key) {
  for (size_t place = head.find(key); place != std::string::npos; place = head.find(key, place + 1)) {
    const size_t colon = head.find_first_not_of(" \t\r\n", place + key.size());
    if (colon == std::string::npos || head[colon] != ':') continue;
    const size_t value = head.find_first_not_of(" \t\r\n", colon + 1);
    if (value != std::string::npos && head[value] == '[') return place;
  }
  return std::string::npos;
}

/// LabelMe's files have a list of shapes, COCO's one of images, annotations or categories, whichever comes first.
std::string kind_of_object(const std::string& head) {
  size_t first = list_of(head, "\"shapes\"");
  std::string kind = first == std::string::npos && head.find("\"imagePath\"") == std::string::npos ? "" : "labelme";
  for (const char* key : {"\"images\"", "\"annotations\"", "\"categories\""}) {
    const size_t place = list_of(head, key);
    if (place < first) first = place, kind = "coco";
  }
  return kind;
}

/// The root of CVAT's files has the name of VOC's with an "s".
std::string kind_of_xml(std::string_view head) {
  const size_t root = head.find("<annotation");
  if (root == std::string_view::npos) return "";
  return head.substr(root).starts_with("<annotations") ? "cvat" : "voc";
}

std::string kind_of_file(const fs::path& file) {
  const std::string ending = file.extension().string();
  if (ending == ".jsonl") return "own";
  if (ending == ".yaml" || ending == ".yml") return "yolo";
  const std::string head = head_of(file);
  if (ending == ".xml") return kind_of_xml(head);
  if (ending != ".json") return "";
  return trim(head).starts_with('[') ? "labelstudio" : kind_of_object(head);
}

/// The kind of the first label file in the folder, by name.
std::string kind_of_folder(const fs::path& folder) {
  for (const fs::path& entry : folder_entries(folder)) {
    const std::string ending = entry.extension().string();
    if ((ending != ".xml" && ending != ".json") || entry.filename().string().starts_with('.') || !is_file(entry))
      continue;
    if (std::string kind = kind_of_file(entry); !kind.empty()) return kind;
  }
  return "";
}

}  // namespace

std::string guess_label_kind(const fs::path& path) {
  try {
    if (!is_folder(path)) return is_file(path) ? kind_of_file(path) : "";
    if (path_exists(path / "annotations.jsonl")) return "own";
    for (const char* name : {"data.yaml", "data.yml", "classes.txt"}) {
      if (path_exists(path / name)) return "yolo";
    }
    if (std::string kind = kind_of_folder(path); !kind.empty()) return kind;
    for (const fs::path& entry : folder_entries(path)) {
      if (!is_folder(entry)) continue;
      if (std::string kind = kind_of_folder(entry); !kind.empty()) return kind;
    }
  } catch (const Error&) {
    // What cannot be read is told by the reader of the kind that the user names.
  }
  return "";
}

}  // namespace mtcnn
