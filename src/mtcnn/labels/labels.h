#pragma once

#include "mtcnn/data/annotations.h"
#include "mtcnn/data/skip_counts.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace mtcnn {

/// What of a data set counts, and where its files are.
struct LabelOptions {
  std::vector<std::string> classes;  ///< names of the classes that count; none: all
  std::string list;    ///< the file or folder with the labels, below the data set's folder; empty: as the kind has it
  std::string images;  ///< the folder of the images, likewise
  std::string split;   ///< "train", "val" or "test" where the kind knows splits; empty: all
  std::vector<std::string> landmarks;  ///< the points that count, in order; none: those that the labels name
  bool landmarks_required = false;     ///< other points than `landmarks` are an error; false: they are left out
  std::function<void()> progress;      ///< called for every label file that is one image's, as it is read; may be empty
  bool strict = false;                 ///< labels that would be reported are an error

  /// Whether objects of this class count.
  bool counts(const std::string& name) const {
    return classes.empty() || std::find(classes.begin(), classes.end(), name) != classes.end();
  }
};

/// Annotated images as one data set holds them, checked.
struct LabelSet {
  std::string kind;
  std::filesystem::path images_folder;       ///< what the names of images are relative to
  std::vector<std::filesystem::path> files;  ///< the label files that were read
  std::vector<ImageAnnotation> images;       ///< in the order of the files; no name twice
  std::vector<std::string> landmark_names;   ///< of all objects with landmarks; none where there are no such
  std::vector<std::string> classes;          ///< all that objects have, in the order in which they occur
  SkipCounts dropped;                        ///< labels that are not in `images`, by reason
  SkipCounts kept;                           ///< labels that are, but that somebody should look at
};

/// One format of label files.
struct LabelFormat {
  const char* name;           ///< as --from, --to and the key `kind` name it
  const char* title;          ///< "Pascal VOC"
  const char* layout;         ///< what lies where, for --help
  bool has_points;            ///< whether it has a place for landmarks
  const char* images_folder;  ///< where the images lie in a data set that write_labels() makes; "" = beside the labels
};

/// All formats that are read and written: own, coco, voc, yolo, labelme, cvat and labelstudio.
const std::vector<LabelFormat>& label_formats();
/// The names of all formats, "own, coco, …".
std::string label_format_names();
/// \throws Error{usage} naming all formats where there is none of this name.
const LabelFormat& label_format(const std::string& name);

/// The format of a data set's labels, told by the names of its files and the first keys in them.
/// \param path  as read_labels() takes it.
/// \return a name in label_formats(); empty where it is not clear, also where the files cannot be read.
std::string guess_label_kind(const std::filesystem::path& path);

/// Reads a data set. Boxes come as [x, y, w, h] in pixels of the upright image, whatever the file has; difficult
/// objects and crowds are ignored. What is not as it should be is counted in `dropped` and `kept`: boxes outside the
/// image, of no area or there twice, corners in the wrong order, images that are missing, other classes, flags. \param
/// path  the data set's folder, or the file with its labels. \param kind  a name in label_formats(). \throws Error
/// naming the file and the place in it where a file is damaged, a folder is missing, an image is labelled twice, or
/// there is no image at all; Error{bad_format} with counts where `strict` and anything was counted.
LabelSet read_labels(const std::string& kind, const std::filesystem::path& path, const LabelOptions& options = {});

/// Writes a data set into a folder, in the layout that read_labels() reads. Objects of no class get the name `object`.
/// What the format has no place for is counted in the result.
/// \param out  must be there and empty; images are not copied. Files are not synced one by one: whoever gives the
/// folder its name does it for all. \throws Error if a file cannot be written, two images would share a label file, or
/// an image's size is needed and not known.
SkipCounts write_labels(const LabelSet& set, const std::string& kind, const std::filesystem::path& out,
                        const std::string& object);

}  // namespace mtcnn
