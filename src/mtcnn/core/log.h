#pragma once

#include <string>

/// The one door to the logging library: LibTorch's headers and spdlog cannot meet in one file, so nobody else includes
/// it.
namespace mtcnn::log {

/// How much a message matters.
enum class Level { debug, info, warning, error, off };

/// Messages below `level` are dropped. The default is `warning`, so that the library is silent when all is well.
void set_level(Level level);

/// One line to stderr (thread-safe).
void debug(const std::string& message);
void info(const std::string& message);
void warning(const std::string& message);
void error(const std::string& message);

}  // namespace mtcnn::log
