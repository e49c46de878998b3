// `rampart run` as a child process in a directory of its own, to be killed.

#pragma once

#include <string>

#include <nlohmann/json.hpp>
#include <sys/types.h>

namespace rampart::test {

class Service {
 public:
  /// Makes the directory and writes the configuration.
  /// @param allowance  units a day of every flow, a hard line
  explicit Service(unsigned allowance);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Starts the program and waits until it answers. @return false if it does not within 60 s
  bool start();
  /// kill -9, and waits for the end.
  void kill();
  /// SIGTERM, and waits for the end. @return the exit status
  int stop();

  /// One request on the command socket; null if there was no answer.
  nlohmann::json ask(const nlohmann::json& request) const;

  [[nodiscard]] std::string milter() const { return "unix:" + directory_ + "/milter.sock"; }
  [[nodiscard]] std::string log_path() const { return directory_ + "/mail.log"; }
  /// What the program wrote to stderr, for messages.
  [[nodiscard]] std::string errors() const;

 private:
  std::string directory_;
  pid_t pid_ = -1;
};

}  // namespace rampart::test
