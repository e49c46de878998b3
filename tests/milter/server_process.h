// A milter in a process of its own, over a real engine and the memory store.
//
// libmilter keeps global state and cannot be started twice in one process, so each test that needs
// a server forks one before it starts any thread.
//
// Threads: one ServerProcess belongs to one thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "rampart/milter/options.h"
#include "rampart/policy/options.h"
#include "support/policy.h"

namespace rampart::test {

struct ServerSetup {
  policy::Options engine = small_options();
  milter::OnError on_error = milter::OnError::Accept;
  bool read_notices = false;
  bool inet = false;  ///< listen on 127.0.0.1 instead of a unix socket
  /// Makes "fail" and "offered" possible, which the real Server has no place for. Messages offered
  /// are kept from the engine, and each transaction is given `token`.
  bool can_fail = false;
  std::string token{};
};

/// Size and std::hash of bytes, as "offered NUMBER" tells them.
std::string fingerprint(std::string_view bytes);

class ServerProcess {
 public:
  explicit ServerProcess(const ServerSetup& setup = {});
  /// Ends the process, whatever it does.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  [[nodiscard]] const std::string& listen() const noexcept { return listen_; }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// Has the process do something:
  ///   pause PROVIDER       of the sender a.example, until resumed
  ///   suppress ADDRESS
  ///   used SENDER PROVIDER    units used of the flow's day, "0" for a flow never seen
  ///   flight SENDER PROVIDER  units in flight
  ///   held                 queue IDs, separated by blanks
  ///   counter NAME
  ///   fail STAGE           begin, decide, commit or offer throw from now on; "fail none" mends
  ///                        it
  ///   offered              how many messages were
  ///   offered NUMBER       size and std::hash of that one, from 0
  ///   stop                 ends the milter in order; the answer is "stopped"
  /// @return the answer, or "dead" if the process is gone
  std::string ask(std::string_view question);
  /// "used" or "flight" as a number, of the sender a.example.
  std::uint64_t count(std::string_view what, std::string_view provider);
  /// Asks again until the answer is `expected` or five seconds have passed. @return the last answer
  std::string await(std::string_view question, std::string_view expected);

 private:
  std::string directory_;
  std::string listen_;
  pid_t pid_ = -1;
  int control_ = -1;
};

}  // namespace rampart::test
