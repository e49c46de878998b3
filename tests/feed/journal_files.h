// Real journal files for one test, made by systemd's own systemd-journal-remote(8) from the export
// format.
//
// Source: https://systemd.io/JOURNAL_EXPORT_FORMATS ("Journal Export Format").

#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.h"
#include "support/manual_clock.h"
#include "support/temporary_directory.h"

namespace rampart::feed {

struct WrittenEntry {
  std::string message;
  std::string uid = "0";  ///< "": the entry has none
  std::string program = "postfix/smtp";
  std::string facility = "2";
};

class JournalFiles {
 public:
  /// The program that makes the files, or "" where it is not installed.
  static std::string writer() {
    for (const char* path :
         {"/lib/systemd/systemd-journal-remote", "/usr/lib/systemd/systemd-journal-remote"}) {
      if (::access(path, X_OK) == 0) {
        return path;
      }
    }
    return {};
  }

  [[nodiscard]] const std::string& path() const noexcept { return directory_.path(); }
  [[nodiscard]] std::string file(const std::string& name) const { return directory_ / name; }

  /// Appends entries, a second apart, to a journal file, which it makes if need be.
  void write(const std::vector<WrittenEntry>& entries, const std::string& name = "a.journal") {
    std::string text;
    for (const WrittenEntry& entry : entries) {
      text += to_export(entry);
    }
    const std::string source = input_.write("entries", text);
    std::vector<std::string> arguments{writer(), "-o", file(name), source};
    std::vector<char*> argv;
    for (std::string& argument : arguments) {
      argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    pid_t pid = 0;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    REQUIRE(posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    REQUIRE(status == 0);
  }

  void remove(const std::string& name = "a.journal") const { std::filesystem::remove(file(name)); }
  void truncate(const std::string& name, std::uint64_t size) const {
    std::filesystem::resize_file(file(name), size);
  }

  /// When the entry written last was written.
  [[nodiscard]] base::WallTime last() const {
    return test::ManualClock::kStart - std::chrono::hours{1} + std::chrono::seconds{written_};
  }

 private:
  std::string to_export(const WrittenEntry& entry) {
    ++written_;
    const std::int64_t source = last().time_since_epoch().count();
    std::string text;
    const auto add = [&](std::string_view name, const std::string& value) {
      text.append(name).append("=").append(value).append("\n");
    };
    // journald gets an entry a little after it was written.
    add("__REALTIME_TIMESTAMP", std::to_string(source + 250'000));
    add("__MONOTONIC_TIMESTAMP", std::to_string(written_ * 1'000'000));
    add("_BOOT_ID", "4c1d3a0c2d2a4e4a8a9b7f3d2e1c0b0a");
    add("_SOURCE_REALTIME_TIMESTAMP", std::to_string(source));
    add("_TRANSPORT", "syslog");
    add("_HOSTNAME", "mx");
    if (!entry.uid.empty()) {
      add("_UID", entry.uid);
    }
    add("_PID", "7");
    if (entry.uid == "0") {
      add("SYSLOG_PID", "983");
    }
    add("SYSLOG_FACILITY", entry.facility);
    add("SYSLOG_IDENTIFIER", entry.program);
    // Length and bytes, which a message with line ends or control bytes needs.
    text += "MESSAGE\n";
    for (std::uint64_t size = entry.message.size(), byte = 0; byte < 8; ++byte) {
      text += static_cast<char>(size >> (8 * byte));
    }
    return text + entry.message + "\n\n";
  }

  test::TemporaryDirectory directory_;
  test::TemporaryDirectory input_;
  int written_ = 0;
};

}  // namespace rampart::feed
