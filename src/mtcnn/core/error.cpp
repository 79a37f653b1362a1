#include "mtcnn/core/error.h"

#include <cerrno>
#include <system_error>

namespace mtcnn {
namespace {

std::string one_line(const std::string& message, const ErrorContext& context) {
  std::string line = context.where.empty() ? message : context.where + ": " + message;
  if (!context.found.empty()) line += ": found " + context.found;
  if (!context.expected.empty()) line += (context.found.empty() ? ": expected " : ", expected ") + context.expected;
  if (!context.hint.empty()) line += "; " + context.hint;
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return line;
}

}  // namespace

Error::Error(ErrorCode code, const std::string& message, const ErrorContext& context)
    : std::runtime_error(one_line(message, context)), code_(code) {}

Error system_error(ErrorCode code, const std::string& message, const std::filesystem::path& path) {
  const std::string reason = std::generic_category().message(errno);
  return {code, message + " (" + reason + ")", {.where = path.string()}};
}

}  // namespace mtcnn
