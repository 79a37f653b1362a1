#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace mtcnn {

/// The caller broke a documented condition: a bug in the calling code, never the user's fault.
class ContractError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// What kind of trouble; the program's exit code follows from it (`usage`: 2, all others: 1).
enum class ErrorCode {
  usage,        ///< wrong arguments or configuration
  not_found,    ///< a file or folder that is not there
  unreadable,   ///< exists, but the system would not let us read it
  unwritable,   ///< no permission, full disk, …
  bad_format,   ///< a file whose content is not what it should be
  unsupported,  ///< well formed, but of a kind or version that is not handled
  interrupted   ///< stopped by the user
};

/// What a message needs so that a user can act on it; every part may be empty.
struct ErrorContext {
  std::string where = {};     ///< file, with line or key where there is one
  std::string found = {};     ///< the value found
  std::string expected = {};  ///< the value expected
  std::string hint = {};      ///< what to do about it
};

/// The world is not as it should be: a file, a value, a device. what() is one line: "where: message: found …, expected
/// …; hint".
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, const ErrorContext& context = {});

  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

/// Throws ContractError with `message` unless `condition` holds.
inline void require(bool condition, const char* message) {
  if (!condition) throw ContractError(message);
}

/// An Error about `path` with the text of the current `errno`.
Error system_error(ErrorCode code, const std::string& message, const std::filesystem::path& path);
/// The same with the text of `reason`.
Error system_error(const std::error_code& reason, ErrorCode code, const std::string& message,
                   const std::filesystem::path& path);

/// What the standard library throws where the system refuses something (a thread, a lock, a file), as Error.
Error system_error(const std::system_error& failure);

}  // namespace mtcnn
