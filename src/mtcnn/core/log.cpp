#include "mtcnn/core/log.h"

#include "mtcnn/core/text.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace mtcnn::log {
namespace {

std::atomic<Level> lowest = Level::warning;

struct Target {
  std::mutex mutex;
  Sink sink;
};

Target& target() {
  static auto* instance = new Target;  // never destroyed: threads may speak until the process ends
  return *instance;
}

void speak(Level level, const std::string& message) {
  if (level < lowest) return;
  Target& to = target();
  const std::scoped_lock lock(to.mutex);
  if (to.sink) to.sink(level, as_line(message));
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      break;
  }
  return spdlog::level::off;
}

}  // namespace

void set_sink(Sink sink) {
  Target& to = target();
  const std::scoped_lock lock(to.mutex);
  to.sink = std::move(sink);
}

Sink stderr_sink() {
  auto logger = std::make_shared<spdlog::logger>("mtcnn", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern("%^%l:%$ %v");
  logger->set_level(spdlog::level::trace);
  return [logger](Level level, const std::string& message) { logger->log(to_spdlog(level), "{}", message); };
}

void set_level(Level level) { lowest = level; }
void debug(const std::string& message) { speak(Level::debug, message); }
void info(const std::string& message) { speak(Level::info, message); }
void warning(const std::string& message) { speak(Level::warning, message); }
void error(const std::string& message) { speak(Level::error, message); }

}  // namespace mtcnn::log
