#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/labels/labels.h"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

/// \file
/// What the readers of the formats share: labels as files have them, before they are checked.
namespace mtcnn::labels {

/// A landmark as a file has it.
struct NamedPoint {
  std::string name;  ///< empty where the format has an order instead of names
  double x = 0;      ///< pixels
  double y = 0;
};

/// An object as a file has it; all numbers are finite.
struct RawObject {
  std::string where;     ///< "file: object 3"
  std::string category;  ///< empty where the file does not say
  double x1 = 0;         ///< corners, pixels, in any order
  double y1 = 0;
  double x2 = 0;
  double y2 = 0;
  std::vector<NamedPoint> points = {};
  bool some_points = false;  ///< only some of its points are labelled, and `points` is empty
  bool difficult = false;
  bool crowd = false;
  bool truncated = false;
  bool occluded = false;
  bool ordered_corners = true;  ///< false: the format allows any two opposite corners
};

/// An image with its objects, before any check.
struct RawImage {
  std::string where;  ///< the file, for messages
  std::string name;   ///< relative to the folder of the images
  int width = 0;      ///< pixels; 0 where the file does not say
  int height = 0;
  bool missing = false;  ///< not in the folder of the images
  std::vector<RawObject> objects = {};
};

/// A data set, before any check.
struct RawLabels {
  std::filesystem::path images_folder;
  std::vector<std::filesystem::path> files;
  std::vector<RawImage> images;
  std::vector<std::string> point_names;  ///< of points without a name, in their order; none where nobody says
  std::vector<std::string> classes;      ///< in the file's order, where it has a list
  SkipCounts dropped;
};

/// What a format gives: its reader and its writer.
using ReadLabels = RawLabels(const std::filesystem::path& path, const LabelOptions& options);
/// See ReadLabels.
using WriteLabels = SkipCounts(const LabelSet& set, const std::filesystem::path& out);

ReadLabels read_own, read_coco, read_voc, read_yolo, read_labelme, read_cvat, read_label_studio;
WriteLabels write_own, write_coco, write_voc, write_yolo, write_labelme, write_cvat, write_label_studio;

/// The checks that are the same for all formats.
LabelSet checked(RawLabels&& raw, const LabelOptions& options);

/// Gives an object its points where all of them are labelled.
/// \param labelled  how many of `points` are.
void set_points(RawObject& object, std::vector<NamedPoint>&& points, size_t labelled);

/// Reasons that several formats count.
inline constexpr const char* kLonePoints = "points that belong to no box";
inline constexpr const char* kNoBox = "shape that has no area (a line, a mask)";

/// Numbers that tell the box round many points.
class Extent {
 public:
  void add(double x, double y);
  bool empty() const { return empty_; }
  /// Gives its corners to `object`.
  void to(RawObject& object) const;

 private:
  bool empty_ = true;
  std::array<double, 4> sides_ = {};
};

/// The upright box round a box that is turned about a point.
/// \param degrees  clockwise as seen in the image.
Extent turned_box(const std::array<double, 4>& corners, double degrees, double about_x, double about_y);

/// The number that `text` is, blanks around it aside; nothing where it is none, or not finite.
std::optional<double> parse_number(std::string_view text);
/// The same. \throws Error{bad_format} naming the place and what the number is of.
double number_in(std::string_view text, const std::string& where, const std::string& what);
/// The whole number from 0 to `most` that `text` is; nothing where it is none.
std::optional<size_t> parse_whole_number(std::string_view text, size_t most);
/// A number of pixels. \throws as number_in().
int size_in(std::string_view text, const std::string& where, const std::string& what);

/// Text that becomes part of results must be UTF-8. \throws Error{bad_format} naming the place.
std::string utf8(std::string text, const std::string& where);

/// Files below a folder that are wanted, sorted; hidden ones are not, links to folders are not followed.
std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder,
                                               const std::function<bool(const std::filesystem::path&)>& wanted);
/// Those with this ending.
std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder, std::string_view ending);

/// The folder with a data set's label files: `list` below `path` where it is given; else `usual` below `path` where it
/// is there; else the one folder in `path` that has files with this ending, or `path` itself.
std::filesystem::path label_folder(const std::filesystem::path& path, const std::string& list,
                                   const std::vector<const char*>& usual, std::string_view ending);

/// The one file with a data set's labels: `path` itself, `list` or `usual` below it, or its only file of this ending.
/// \throws Error{not_found}.
std::filesystem::path label_file(const std::filesystem::path& path, const std::string& list, const char* usual,
                                 std::string_view ending);

/// Where a data set's images are: `images` below `path` where it is given (or from where the user is), else beside the
/// labels, in JPEGImages/ or images/ of the data set or beside the folder of the labels.
std::filesystem::path images_folder(const std::filesystem::path& path, const std::filesystem::path& labels,
                                    const std::string& images);

/// Sets name and `missing` of an image that a label file names: as it is, without the folders in front, or with
/// another ending.
/// \param below  where the label file lies below the folder of label files: an image of the same place is preferred.
/// \param stem   the label file's name without its ending, where image and label file share it; else empty.
void find_image(RawImage& image, const std::filesystem::path& images, const std::string& named,
                const std::filesystem::path& below, const std::string& stem);

/// The label file of an image, below a folder: its name with another ending.
/// \throws Error where two images of the set would share it.
class LabelFileNames {
 public:
  explicit LabelFileNames(std::filesystem::path folder, std::string ending)
      : folder_(std::move(folder)), ending_(std::move(ending)) {}
  std::filesystem::path of(const ImageAnnotation& image);

 private:
  std::filesystem::path folder_;
  std::string ending_;
  std::unordered_set<std::string> names_;
};

/// Of an image, pixels.
struct Size {
  int width = 0;
  int height = 0;
};

/// The size of an image, from its labels or, where they do not say, from the file.
/// \throws Error naming the image where neither does.
Size size_of(const ImageAnnotation& image, const LabelSet& set);

/// The number of the object's class in set.classes.
size_t class_index(const LabelSet& set, const FaceAnnotation& face);

/// The text of a label file.
/// \throws Error where it is larger than `most` bytes, or cannot be read.
std::string label_text(const std::filesystem::path& file, size_t most = kLargestData);

}  // namespace mtcnn::labels
