#pragma once

#include <functional>
#include <string>

/// Messages that no call returns. The library prints nothing: a program says where they go.
namespace mtcnn::log {

/// How much a message matters.
enum class Level { debug, info, warning, error, off };

/// Takes a message, from any thread; calls never overlap.
using Sink = std::function<void(Level level, const std::string& message)>;

/// Where messages of at least `warning` (see set_level()) go from here on; an empty one, as in the beginning, drops
/// them.
void set_sink(Sink sink);

/// A line each to stderr, with its level in colour where that is a terminal.
Sink stderr_sink();

/// Messages below `level` are dropped.
void set_level(Level level);

/// A message to the sink.
void debug(const std::string& message);
void info(const std::string& message);
void warning(const std::string& message);
void error(const std::string& message);

}  // namespace mtcnn::log
