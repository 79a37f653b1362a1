#pragma once

#include "mtcnn/eval/detection_files.h"
#include "mtcnn/eval/fddb.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn {

/// One fold of FDDB.
struct FddbFold {
  std::string number;  ///< as in the file names: "01"
  std::vector<FddbImage> images;
};

/// Reads FDDB-fold-NN.txt (image names) and FDDB-fold-NN-ellipseList.txt (faces) for every fold in `folder`, in order
/// of their numbers. Sizes stay 0 and detections empty. A face is "major minor angle x y", further columns are passed
/// over. Here and below: blank lines and blanks, tabs and CR around a line do not matter.
/// \throws Error naming file and line: no fold, a number missing between two folds, a missing or truncated list,
/// images in another order than the fold list, an image twice, counts that do not match, numbers that are not finite
/// or beyond +-2^20, a half axis of -1 or less (at which the reference evaluator aborts).
std::vector<FddbFold> read_fddb_annotations(const std::filesystem::path& folder);

/// Reads the size of each image, upright as EXIF says: `folder`/name + `extension`. No pixel is decoded.
/// \throws Error naming the file if it is missing, or as inspect_picture does, or if it has no pixels.
void read_fddb_sizes(std::vector<FddbFold>& folds, const std::filesystem::path& folder, const std::string& extension);

/// Reads fold-NN-out.txt for every fold: name, number of detections, then "x y w h score" or "major minor angle x y
/// score" a detection, told apart by their 5 or 6 columns; all files must hold the same kind.
/// \throws Error as read_fddb_annotations does, and on a file for a fold that is not there.
void read_fddb_results(std::vector<FddbFold>& folds, const std::filesystem::path& folder);

/// What did not fit between a detections file and the folds.
struct FddbMismatch {
  std::vector<std::string> unknown;   ///< images of the file that are in no fold; their detections are not used
  std::vector<std::string> missing;   ///< images of the folds without a line: scored as without detections
  std::vector<std::string> unusable;  ///< images with an "error" line: scored as without detections
};

/// Reads the JSON-lines files of one run; "image" is an image's name, with or without `extension`, lines in any order.
/// \throws Error as read_detections does; if an image has two lines, in one file or in two, a box cannot be drawn, or
/// no line is an image of the folds.
FddbMismatch read_fddb_json(std::vector<FddbFold>& folds, const DetectionFiles& files, const std::string& extension);

/// Writes fold-NN-out.txt for every fold, as read_fddb_results reads it; numbers read back as the same doubles.
/// \throws Error if a file cannot be written.
void write_fddb_results(const std::vector<FddbFold>& folds, const std::filesystem::path& folder);

/// Replaces the detections that are rectangles by their upright ellipses; returns how many.
int64_t make_fddb_ellipses(std::vector<FddbFold>& folds);

}  // namespace mtcnn
