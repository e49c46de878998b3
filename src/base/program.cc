#include "rampart/base/program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rampart/base/descriptor.h"

extern char** environ;

namespace rampart::base {
namespace {

constexpr std::size_t kOutputMax = std::size_t{64} << 20;

// Reads what there is. @return false at the end
bool drain(const Descriptor& from, std::string& into) {
  std::array<char, 16 * 1024> bytes{};
  const ssize_t size = read(from.get(), bytes.data(), bytes.size());
  if (size > 0 && into.size() < kOutputMax) {
    into.append(bytes.data(), static_cast<std::size_t>(size));
  }
  return size > 0 || (size < 0 && errno == EINTR);
}

// A write to a program that has ended must not end this one. Per thread, unlike a handler.
class PipeSignalBlocked {
 public:
  PipeSignalBlocked() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~PipeSignalBlocked() {
    if (sigismember(&before_, SIGPIPE) == 0) {
      const timespec at_once{};
      while (sigtimedwait(&pipe_, nullptr, &at_once) > 0) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  PipeSignalBlocked(const PipeSignalBlocked&) = delete;
  PipeSignalBlocked& operator=(const PipeSignalBlocked&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

// Whatever this program blocks or ignores, the other one begins afresh.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    sigset_t ignored;
    sigemptyset(&ignored);
    for (const int signal : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGCHLD}) {
      sigaddset(&ignored, signal);
    }
    posix_spawnattr_setsigdefault(&attributes_, &ignored);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

struct Conversation {
  Pipe in;
  Pipe out;
  Pipe err;
};

// Feeds and reads at once: a program that talks before it has read everything would block
// otherwise. @return false if it took too long
bool converse(Conversation& pipes, std::string_view input, Micros limit, ProgramResult& result) {
  const SystemClock clock;
  const SteadyTime end = clock.steady_now() + limit;
  fcntl(pipes.in.write.get(), F_SETFL, O_NONBLOCK);
  if (input.empty()) {
    pipes.in.write.reset();
  }
  while (pipes.out.read.valid() || pipes.err.read.valid()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - clock.steady_now()).count();
    if (left <= 0) {
      return false;
    }
    std::array<pollfd, 3> watched{pollfd{pipes.in.write.get(), POLLOUT, 0},
                                  pollfd{pipes.out.read.get(), POLLIN, 0},
                                  pollfd{pipes.err.read.get(), POLLIN, 0}};
    if (poll(watched.data(), watched.size(), static_cast<int>(std::min<long long>(left, 60'000))) <
        0) {
      continue;  // EINTR
    }
    if (watched[0].revents != 0) {
      const ssize_t size = write(pipes.in.write.get(), input.data(), input.size());
      if (size > 0) {
        input.remove_prefix(static_cast<std::size_t>(size));
      }
      if (input.empty() || (size < 0 && errno != EAGAIN && errno != EINTR)) {
        pipes.in.write.reset();
      }
    }
    if (watched[1].revents != 0 && !drain(pipes.out.read, result.output)) {
      pipes.out.read.reset();
    }
    if (watched[2].revents != 0 && !drain(pipes.err.read, result.errors)) {
      pipes.err.read.reset();
    }
  }
  return true;
}

}  // namespace

Result<ProgramResult> run_program(const std::vector<std::string>& words,
                                  std::string_view input,
                                  Micros limit,
                                  int file) {
  auto in = open_pipe();
  auto out = open_pipe();
  auto err = open_pipe();
  if (!in || !out || !err) {
    return (!in ? in : !out ? out : err).error();
  }
  Conversation pipes{std::move(*in), std::move(*out), std::move(*err)};
  std::vector<char*> argv;
  for (const std::string& word : words) {
    argv.push_back(const_cast<char*>(word.c_str()));  // posix_spawn's historic signature
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, file >= 0 ? file : pipes.in.read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, pipes.out.write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, pipes.err.write.get(), STDERR_FILENO);
  const SpawnAttributes attributes;
  pid_t child = -1;
  const int error = posix_spawn(&child, argv[0], &actions, attributes.get(), argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return Error{Error::Kind::Unavailable, words.at(0) + ": " + error_text(error)};
  }
  pipes.in.read.reset();
  pipes.out.write.reset();
  pipes.err.write.reset();
  const PipeSignalBlocked blocked;
  ProgramResult result;
  const bool in_time = converse(pipes, file >= 0 ? std::string_view() : input, limit, result);
  if (!in_time) {
    kill(child, SIGKILL);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) {
    return Error{Error::Kind::Timeout,
                 words.at(0) + " did not end within " + format_duration(limit)};
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace rampart::base
