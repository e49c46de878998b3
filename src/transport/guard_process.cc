#include "guard_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace rampart::transport {
namespace {

constexpr int kLookEvery = 20;  // ms

}  // namespace

GuardProcess::~GuardProcess() {
  if (child_ > 0) {
    close(input_);
  }
}

bool GuardProcess::finish(base::Micros limit) {
  if (child_ <= 0) {
    return false;
  }
  close(input_);
  const pid_t child = std::exchange(child_, -1);
  const base::SystemClock clock;
  const base::SteadyTime end = clock.steady_now() + limit;
  int status = 0;
  for (;;) {
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) {
      return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    if (ended < 0 || clock.steady_now() >= end) {
      return false;
    }
    poll(nullptr, 0, kLookEvery);
  }
}

base::Result<bool> GuardProcess::keep_running() {
  if (child_ > 0) {
    if (waitpid(child_, nullptr, WNOHANG) == 0) {
      return true;
    }
    close(input_);
    child_ = -1;
  }
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return base::Error{base::Error::Kind::Unavailable,
                       "pipe: " + std::generic_category().message(errno)};
  }
  std::vector<char*> argv;
  for (const std::string& word : words_) {
    argv.push_back(const_cast<char*>(word.c_str()));  // posix_spawn's historic signature
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  const int error = posix_spawn(&child_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[0]);
  if (error != 0) {
    close(ends[1]);
    child_ = -1;
    return base::Error{base::Error::Kind::Unavailable,
                       words_.at(0) + ": " + std::generic_category().message(error)};
  }
  input_ = ends[1];
  return false;
}

}  // namespace rampart::transport
