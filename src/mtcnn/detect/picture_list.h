#pragma once

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mtcnn {

/// An image to be searched.
struct PictureFile {
  std::filesystem::path path;
  std::string name;  ///< what results call it: relative to the folder it was found in
  /// What find_pictures() says for result_names(): where results go below a folder, unless another image has the same
  std::string result = {};           ///< the name; of a file named on its own the bare file name
  std::filesystem::path place = {};  ///< below the folder that all images share; of no other image
};

/// The images that a list names, a line each, read bit by bit: millions take neither memory nor time at the start.
/// Blank lines and lines that begin with # are passed over; relative lines start at the list's own folder, lines may
/// be quoted; UTF-8, or UTF-16 with a byte order mark.
class ListedPictures {
 public:
  /// \param root  where not empty, names and relative lines are relative to it.
  /// \throws Error if the list cannot be read.
  ListedPictures(const std::filesystem::path& list, std::filesystem::path root);
  ~ListedPictures() = default;
  ListedPictures(const ListedPictures&) = delete;  // what is left is a view of its own text
  ListedPictures& operator=(const ListedPictures&) = delete;

  /// How many images are left. Goes through the rest of the list, and calls `use` with each path.
  int64_t count(const std::function<void(const std::filesystem::path&)>& use = {}) const;
  /// The next images, at most so many; without what find_pictures() adds. None at the end.
  std::vector<PictureFile> next(int64_t most);
  /// Passes over so many images.
  void skip(int64_t count);

 private:
  /// The next image's line; nothing at the end.
  std::optional<std::filesystem::path> next_entry(std::string_view& rest) const;

  std::filesystem::path root_;
  std::filesystem::path base_;      ///< of relative lines
  std::optional<MappedFile> file_;  ///< of a plain file
  std::string text_;                ///< of a pipe, or of another encoding
  std::string_view rest_;
};

/// What find_pictures() throws where it finds nothing at all.
Error no_pictures(const std::vector<std::string>& inputs);

/// Turns what a user names into images: a file is itself, a folder every image below it (sorted by name),
/// "@list.txt" every line of that file, as ListedPictures reads it.
/// \param root  where not empty, names are relative to it, and so are the inputs and the lines of a list.
/// \param pass_over  images found in folders that it is true of are left out.
/// \return in the order of the inputs, names told apart by tell_apart(). Files are not opened; a file that is missing,
/// a link that leads nowhere or a folder below another that cannot be listed is in the result and fails when it is
/// read. \throws Error if a list or a folder that was named cannot be read, or if nothing at all is found.
std::vector<PictureFile> find_pictures(const std::vector<std::string>& inputs, const std::filesystem::path& root,
                                       const std::function<bool(const std::filesystem::path&)>& pass_over = {});

}  // namespace mtcnn
