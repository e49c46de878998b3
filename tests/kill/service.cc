#include "service.h"

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rampart/control/client.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX wants it declared

namespace rampart::test {
namespace {

constexpr auto kStartMax = std::chrono::seconds{60};

constexpr const char* kConfig = R"(mode = "enforce"
tables = "{source}/conf"
[milter]
listen = "unix:{dir}/milter.sock"
[log]
level = "warning"
[control]
socket = "{dir}/control.sock"
group = ""
[hold]
releaser = ""
[store]
url = "sqlite:{dir}/rampart.db"
on_loss = "defer"
deadline = "5s"
[ramp]
plan = "kill"
over = "defer"
new_senders_per_day = 1000000
hourly_share = 1.0
burst_min = 1000000
flight_min = 1000000
flight_new = 1000000
new_ceiling = 1.0
[plan.kill]
start = {allowance}
[[report.log]]
path = "{dir}/mail.log"
[[rule]]
sender = "logged.example"
plan = "none"
)";

std::string replace_all(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

}  // namespace

Service::Service(unsigned allowance) {
  std::string pattern = (std::filesystem::temp_directory_path() / "rampart-kill-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("cannot make a directory in " +
                             std::filesystem::temp_directory_path().string());
  }
  directory_ = pattern;
  std::string text = replace_all(kConfig, "{source}", RAMPART_SOURCE_DIR);
  text = replace_all(text, "{dir}", directory_);
  text = replace_all(text, "{allowance}", std::to_string(allowance));
  std::ofstream(directory_ + "/rampart.toml") << text;
  std::ofstream(log_path()).flush();
}

Service::~Service() {
  if (pid_ > 0) {
    kill();
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

bool Service::start() {
  const std::string config = directory_ + "/rampart.toml";
  std::array<std::string, 4> words{RAMPART_BINARY, "run", "-c", config};
  std::array<char*, 5> arguments{words[0].data(), words[1].data(), words[2].data(), words[3].data(),
                                 nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (directory_ + "/stderr").c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int failed =
      ::posix_spawn(&pid_, RAMPART_BINARY, &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    pid_ = -1;
    return false;
  }
  const auto deadline = std::chrono::steady_clock::now() + kStartMax;
  while (std::chrono::steady_clock::now() < deadline) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return false;
    }
    if (!ask({{"command", "sync"}}).is_null()) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return false;
}

void Service::kill() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

int Service::stop() {
  int status = 0;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

nlohmann::json Service::ask(const nlohmann::json& request) const {
  const auto answer =
      control::request(directory_ + "/control.sock", request.dump(), std::chrono::seconds{20});
  if (!answer) {
    return nullptr;
  }
  return nlohmann::json::parse(*answer, nullptr, false);
}

std::string Service::errors() const {
  std::ostringstream text;
  text << std::ifstream(directory_ + "/stderr").rdbuf();
  const std::string all = text.str();
  return all.size() > 4000 ? all.substr(all.size() - 4000) : all;
}

}  // namespace rampart::test
