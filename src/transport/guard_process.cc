#include "guard_process.h"

#include <csignal>
#include <utility>

#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace rampart::transport {
namespace {

constexpr int kPollEvery = 20;  // ms

}  // namespace

bool GuardProcess::finish(base::Micros limit) {
  if (child_ <= 0) {
    return false;
  }
  input_.reset();
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
    poll(nullptr, 0, kPollEvery);
  }
}

base::Result<bool> GuardProcess::keep_running() {
  if (child_ > 0) {
    if (waitpid(child_, nullptr, WNOHANG) == 0) {
      return true;
    }
    input_.reset();
    child_ = -1;
  }
  auto pipe = base::open_pipe();
  if (!pipe) {
    return pipe.error();
  }
  std::vector<char*> argv;
  for (const std::string& word : words_) {
    argv.push_back(const_cast<char*>(word.c_str()));  // posix_spawn's historic signature
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe->read.get(), STDIN_FILENO);
  const int error = posix_spawn(&child_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    child_ = -1;
    return base::Error{base::Error::Kind::Unavailable,
                       words_.at(0) + ": " + base::error_text(error)};
  }
  input_ = std::move(pipe->write);
  return false;
}

}  // namespace rampart::transport
