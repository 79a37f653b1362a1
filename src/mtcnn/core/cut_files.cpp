#include "mtcnn/core/cut_files.h"

#include "mtcnn/core/text.h"

#include <csignal>
#include <cstdint>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace mtcnn {
namespace {

// What follows runs inside a signal handler: system calls and plain memory only.

void say(std::string_view text) {
  // Nothing could be done about a failure.
  [[maybe_unused]] const ssize_t count = ::write(STDERR_FILENO, text.data(), text.size());
}

/// A hexadecimal number at the start of `text`, which is taken away.
uintptr_t take_number(std::string_view& text) {
  uintptr_t number = 0;
  while (!text.empty()) {
    const int digit = hex_digit(text.front());
    if (digit < 0) break;
    number = number * 16 + static_cast<uintptr_t>(digit);
    text.remove_prefix(1);
  }
  return number;
}

/// Says the name of the mapped file in a line of /proc/self/maps ("start-end rights offset device inode  name") where
/// it holds `address`.
/// \return whether it does.
bool say_name(std::string_view line, uintptr_t address) {
  const uintptr_t start = take_number(line);
  line.remove_prefix(line.empty() ? 0 : 1);
  const uintptr_t end = take_number(line);
  if (address < start || address >= end) return false;
  const size_t name = line.find('/');
  if (name == std::string_view::npos) return false;
  for (const char c : line.substr(name)) {
    const bool plain = c >= 0x20 && c < 0x7F;
    say(plain ? std::string_view(&c, 1) : "?");
  }
  return true;
}

bool say_name_of(uintptr_t address) {
  const int maps = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (maps < 0) return false;
  char line[8192];
  size_t used = 0;
  bool found = false;
  char c = 0;
  while (!found && ::read(maps, &c, 1) == 1) {
    if (c != '\n') {
      if (used < sizeof line) line[used++] = c;
      continue;
    }
    found = say_name({line, used}, address);
    used = 0;
  }
  ::close(maps);
  return found;
}

void end_with_a_line(int, siginfo_t* info, void*) {
  say("error: ");
  if (!say_name_of(reinterpret_cast<uintptr_t>(info->si_addr))) say("a mapped file");
  say(": the file was cut off or its disk failed while it was read; run the command again once the file is whole\n");
  ::_exit(1);
}

}  // namespace

void report_cut_files() {
  struct sigaction action {};
  action.sa_sigaction = end_with_a_line;
  action.sa_flags = SA_SIGINFO | static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace mtcnn
