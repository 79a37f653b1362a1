#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn {

/// A picture to be searched.
struct PictureFile {
  std::filesystem::path path;
  std::string name;  ///< what results call it: relative to the folder it was found in
};

/// Turns what a user names into pictures: a file is itself, a folder every picture below it (sorted by name),
/// "@list.txt" every line of that file (blank lines and lines that begin with # are passed over; relative lines start
/// at the list's own folder).
/// \param root  where not empty, names are relative to it, and so are the inputs and the lines of a list.
/// \return in the order of the inputs. Files are not opened; a file that is missing is in the result and fails when it
/// is read.
/// \throws Error if a list or a folder cannot be read, or if nothing at all is found.
std::vector<PictureFile> find_pictures(const std::vector<std::string>& inputs, const std::filesystem::path& root);

}  // namespace mtcnn
