#include "mtcnn/detect/result_names.h"

#include "mtcnn/core/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

/// Names of one image's result, the shortest first.
using PossibleNames = std::array<fs::path, 4>;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

fs::path shared_folder(const std::vector<fs::path>& files) {
  fs::path shared = files.front().parent_path();
  for (const fs::path& file : files) {
    const fs::path folder = file.parent_path();
    const auto end = std::mismatch(shared.begin(), shared.end(), folder.begin(), folder.end()).first;
    if (end == shared.end()) continue;
    fs::path shorter;
    for (auto part = shared.begin(); part != end; ++part) shorter /= *part;
    shared = shorter;
  }
  return shared;
}

/// The path without what would lead out of a folder.
fs::path inside(const fs::path& name) {
  fs::path kept;
  for (const fs::path& part : name.lexically_normal().relative_path()) {
    if (part != ".." && part != ".") kept /= part;
  }
  return kept;
}

/// Images in formats that we cannot write, or only with a loss of meaning, are drawn as PNG.
bool is_drawn_as_it_is(const fs::path& name) {
  const std::string ending = name.extension().string();
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png" || ending == ".JPG" || ending == ".JPEG";
}

PossibleNames drawing_candidates(const PictureFile& picture) {
  PossibleNames names;
  size_t i = 0;
  for (const fs::path& name : {inside(picture.result), inside(picture.place)}) {
    const bool same = is_drawn_as_it_is(name);
    names[i++] = same ? name : fs::path(name).replace_extension(".png");
    names[i++] = same ? name : fs::path(name.string() + ".png");
  }
  return names;
}

PossibleNames crop_candidates(const PictureFile& picture) {
  PossibleNames names;
  size_t i = 0;
  for (const fs::path& name : {inside(picture.result), inside(picture.place)}) {
    names[i++] = name.parent_path() / name.stem();
    names[i++] = name;
  }
  return names;
}

/// Every group that shares a name goes on to its next candidates until nobody does, or there are no more.
std::vector<fs::path> first_without_others(const std::vector<PossibleNames>& candidates, bool fold_case) {
  std::vector<size_t> level(candidates.size(), 0);
  for (bool changed = true; changed;) {
    changed = false;
    std::map<std::string, std::vector<size_t>> owners;
    for (size_t i = 0; i < candidates.size(); ++i) {
      const std::string name = candidates[i][level[i]].string();
      owners[fold_case ? lower(name) : name].push_back(i);
    }
    for (const auto& [name, sharing] : owners) {
      if (sharing.size() < 2) continue;
      for (const size_t i : sharing) {
        if (level[i] + 1 >= candidates[i].size()) continue;
        ++level[i];
        changed = true;
      }
    }
  }
  std::vector<fs::path> names;
  for (size_t i = 0; i < candidates.size(); ++i) names.push_back(candidates[i][level[i]]);
  return names;
}

/// \param with_ending  the names are those of files.
std::vector<fs::path> distinct_names(std::span<const PictureFile> pictures, bool fold_case, bool with_ending) {
  std::vector<PossibleNames> candidates;
  std::vector<size_t> first(pictures.size());  // in `candidates`; an image that is listed again has none of its own
  std::map<fs::path, size_t> known;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto [entry, is_new] = known.emplace(pictures[i].place, candidates.size());
    first[i] = entry->second;
    if (is_new) candidates.push_back(with_ending ? drawing_candidates(pictures[i]) : crop_candidates(pictures[i]));
  }
  const std::vector<fs::path> names = first_without_others(candidates, fold_case);
  const auto key = [&](const fs::path& name) { return fold_case ? lower(name.string()) : name.string(); };
  std::set<std::string> taken;
  std::vector<bool> used(names.size());
  for (const fs::path& name : names) taken.insert(key(name));
  std::set<std::string> given;
  std::vector<fs::path> result;
  for (const size_t number : first) {
    const fs::path& name = names[number];
    fs::path chosen = name;
    // The name is one's own the first time; a copy of it must be nobody's.
    bool free = !used[number] && given.insert(key(name)).second;
    for (int copy = 2; !free; ++copy) {
      const std::string stem = with_ending ? name.stem().string() : name.filename().string();
      chosen = name.parent_path() / concat(stem, "-", copy, with_ending ? name.extension().string() : "");
      free = taken.insert(key(chosen)).second;
    }
    used[number] = true;
    result.push_back(chosen);
  }
  return result;
}

}  // namespace

void tell_apart(std::vector<PictureFile>& pictures) {
  if (pictures.empty()) return;
  std::vector<fs::path> files;
  std::error_code ignored;
  const fs::path here = fs::current_path(ignored);
  for (const PictureFile& picture : pictures) files.push_back((here / picture.path).lexically_normal());
  const fs::path shared = shared_folder(files);
  for (size_t i = 0; i < files.size(); ++i) pictures[i].place = files[i].lexically_relative(shared);
  for (bool changed = true; changed;) {
    changed = false;
    std::map<std::string, std::set<fs::path>> places;
    for (const PictureFile& picture : pictures) places[picture.name].insert(picture.place);
    for (PictureFile& picture : pictures) {
      const std::string place = picture.place.generic_string();
      if (places[picture.name].size() < 2 || picture.name == place) continue;
      picture.name = picture.result = place;
      changed = true;
    }
  }
}

ResultNames result_names(std::span<const PictureFile> pictures, bool fold_case) {
  return {distinct_names(pictures, fold_case, true), distinct_names(pictures, fold_case, false)};
}

fs::path crop_file(const fs::path& name, size_t index) {
  return name.parent_path() / concat(name.filename().string(), "_", index, ".jpg");
}

std::optional<fs::path> crops_of(const fs::path& file) {
  const std::string stem = file.stem().string();
  const size_t line = stem.rfind('_');
  if (file.extension() != ".jpg" || line == std::string::npos || line + 1 == stem.size()) return std::nullopt;
  if (stem.find_first_not_of("0123456789", line + 1) != std::string::npos) return std::nullopt;
  return file.parent_path() / stem.substr(0, line);
}

}  // namespace mtcnn
