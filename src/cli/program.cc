#include "program.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace rampart::cli {
namespace {

using base::Error;

constexpr std::size_t kOutputMax = std::size_t{64} << 20;

struct Pipe {
  int read = -1;
  int write = -1;
  ~Pipe() {
    close_end(read);
    close_end(write);
  }
  bool open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
      return false;
    }
    read = ends[0];
    write = ends[1];
    return true;
  }
  static void close_end(int& end) {
    if (end >= 0) {
      close(end);
      end = -1;
    }
  }
};

// Reads what there is. @return false at the end
bool drain(int fd, std::string& into) {
  std::array<char, 16 * 1024> bytes{};
  const ssize_t size = read(fd, bytes.data(), bytes.size());
  if (size > 0 && into.size() < kOutputMax) {
    into.append(bytes.data(), static_cast<std::size_t>(size));
  }
  return size > 0 || (size < 0 && errno == EINTR);
}

// Feeds and reads at once: a program that talks before it has read everything would block
// otherwise.
void converse(Pipe& in, Pipe& out, Pipe& err, std::string_view input, ProgramResult& result) {
  fcntl(in.write, F_SETFL, O_NONBLOCK);
  if (input.empty()) {
    Pipe::close_end(in.write);
  }
  while (out.read >= 0 || err.read >= 0) {
    std::array<pollfd, 3> watched{pollfd{in.write, POLLOUT, 0}, pollfd{out.read, POLLIN, 0},
                                  pollfd{err.read, POLLIN, 0}};
    if (poll(watched.data(), watched.size(), -1) < 0) {
      continue;  // EINTR
    }
    if (watched[0].revents != 0) {
      const ssize_t size = write(in.write, input.data(), input.size());
      if (size > 0) {
        input.remove_prefix(static_cast<std::size_t>(size));
      }
      if (input.empty() || (size < 0 && errno != EAGAIN && errno != EINTR)) {
        Pipe::close_end(in.write);
      }
    }
    if (watched[1].revents != 0 && !drain(out.read, result.output)) {
      Pipe::close_end(out.read);
    }
    if (watched[2].revents != 0 && !drain(err.read, result.errors)) {
      Pipe::close_end(err.read);
    }
  }
}

}  // namespace

base::Result<ProgramResult> run_program(const std::vector<std::string>& words,
                                        std::string_view input) {
  Pipe in;
  Pipe out;
  Pipe err;
  if (!in.open() || !out.open() || !err.open()) {
    return Error{Error::Kind::Unavailable, "pipe: " + std::generic_category().message(errno)};
  }
  std::vector<char*> argv;
  for (const std::string& word : words) {
    argv.push_back(const_cast<char*>(word.c_str()));  // posix_spawn's historic signature
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.write, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write, STDERR_FILENO);
  pid_t child = -1;
  const int error = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return Error{Error::Kind::Unavailable,
                 words.at(0) + ": " + std::generic_category().message(error)};
  }
  Pipe::close_end(in.read);
  Pipe::close_end(out.write);
  Pipe::close_end(err.write);
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  ProgramResult result;
  converse(in, out, err, input, result);
  std::signal(SIGPIPE, before);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace rampart::cli
