#pragma once

#include "mtcnn/core/error.h"
#include "mtcnn/core/json.h"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mtcnn {

/// Points on an object in double precision, image pixels, as files hold them.
using ExactPoints = std::vector<std::array<double, 2>>;

/// Which points an object has: their names in order, and what becomes of them in a mirror image.
struct LandmarkLayout {
  std::vector<std::string> names;
  std::vector<size_t> mirror;  ///< point i of a mirror image is point mirror[i] of the image; mirror[mirror[i]] == i

  size_t count() const { return names.size(); }
  bool operator==(const LandmarkLayout&) const = default;
};

/// The five points of a face, see kLandmarkNames; the left and the right ones change places.
const LandmarkLayout& face_landmarks();

/// The names of so many points of which nothing is known: those of a face where there are five, else "point_0" ….
std::vector<std::string> default_landmark_names(size_t count);

/// Where the five points of a face are among `names`; nothing where one is missing.
std::optional<std::array<size_t, 5>> face_points_among(std::span<const std::string> names);

/// `{"names": [...], "mirror": [[0, 1], …]}`.
Json landmark_layout_json(const LandmarkLayout& layout);

/// Reads `{"names": ["tip", …]}` or `{"count": 68}`, each with `"mirror"`: the pairs of points, by name or by number
/// from 0, that change places in a mirror image; [] = none do. It may be left out where there are fewer than two
/// points.
/// \throws Error{code} naming `where` and what is wrong: unknown keys, empty or doubled names, too many points, pairs
/// out of range, points in two pairs.
LandmarkLayout read_landmark_layout(const Json& json, const std::string& where, ErrorCode code);

/// Reads the names alone, as cascade.json has them: a list of texts, none empty, none twice; [] = no points.
/// \throws Error{code} naming `where`.
std::vector<std::string> read_landmark_names(const Json& json, const std::string& where, ErrorCode code);

/// "left_eye, right_eye, nose, … (68 points)" for messages.
std::string shown_names(std::span<const std::string> names);

}  // namespace mtcnn
