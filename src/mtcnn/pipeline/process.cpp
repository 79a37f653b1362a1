#include "mtcnn/pipeline/process.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/interrupt.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mtcnn {

int run_process(const std::filesystem::path& program, const std::vector<std::string>& arguments) {
  std::vector<std::string> texts = {program.string()};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  pid_t child = 0;
  errno = ::posix_spawn(&child, program.c_str(), nullptr, nullptr, pointers.data(), environ);
  if (errno != 0) throw system_error(ErrorCode::unreadable, "the program could not be started", program);
  int status = 0;
  bool told = false;
  for (;;) {
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) break;
    if (ended < 0 && errno != EINTR)
      throw system_error(ErrorCode::unreadable, "waiting for the program failed", program);
    if (interrupted() && !told) {
      // From a terminal the child has had the Ctrl-C already, and takes a second one for "at once"; give it time.
      std::this_thread::sleep_for(std::chrono::seconds(1));
      if (::waitpid(child, &status, WNOHANG) == child) break;
      if (::getpgid(0) != ::tcgetpgrp(0)) ::kill(child, SIGTERM);
      told = true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace mtcnn
