#include "mtcnn/core/error.h"

#include "mtcnn/core/text.h"

#include <cerrno>

namespace mtcnn {
namespace {

std::string one_line(const std::string& message, const ErrorContext& context) {
  std::string line = context.where.empty() ? message : context.where + ": " + message;
  if (!context.found.empty()) line += ": found " + context.found;
  if (!context.expected.empty()) line += (context.found.empty() ? ": expected " : ", expected ") + context.expected;
  if (!context.hint.empty()) line += "; " + context.hint;
  return as_line(line);
}

}  // namespace

Error::Error(ErrorCode code, const std::string& message, const ErrorContext& context)
    : std::runtime_error(one_line(message, context)), code_(code) {}

Error system_error(ErrorCode code, const std::string& message, const std::filesystem::path& path) {
  return system_error({errno, std::generic_category()}, code, message, path);
}

Error system_error(const std::error_code& reason, ErrorCode code, const std::string& message,
                   const std::filesystem::path& path) {
  return {code, message + " (" + reason.message() + ")", {.where = path.string()}};
}

Error system_error(const std::system_error& failure) {
  if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&failure))
    return system_error(failure.code(), ErrorCode::unreadable, "cannot access this path", file->path1());
  return {ErrorCode::unsupported, "a system call failed (" + failure.code().message() + ")"};
}

}  // namespace mtcnn
