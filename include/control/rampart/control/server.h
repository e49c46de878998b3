// The service's end of the command socket: status, flows, suppressions, held mail, replies, reload,
// and log lines and mails that others hand in.
//
// Threads: open and destroy from one thread; one thread accepts, one more serves each client. Hooks
// are called on clients' threads, of several at once.
// Errors: a bad request gets an answer
// {"error":{"code":"usage|not_found|refused|unavailable|denied", "text":...}}; only what cannot be
// framed (too long, too slow) ends the connection.
// Limits: 64 clients, of which 32 may hand in lines or mails; a request has at most
// kRequestBytesMax bytes and 30 s, an answer 30 s to be taken.
//
// Who may connect: root, our own user, and members of Options::group. Every command that changes
// something is logged with the user who gave it.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/control/answers.h"
#include "rampart/control/options.h"
#include "rampart/engine/engine.h"
#include "rampart/mail/queue_id.h"

namespace rampart::control {

/// What became of a reload.
struct ReloadAnswer {
  bool done = false;
  std::vector<std::string> messages;  ///< problems, or what needs a restart
};
using ReloadHook = std::function<ReloadAnswer()>;

/// Learns log lines that another program brings. @return how many were taken, all of them, when
/// they are durable; any error: none may be. Called on the clients' threads.
using TakeLines = std::function<base::Result<std::uint64_t>(std::string_view source,
                                                            const std::vector<std::string>& lines)>;

/// Releases or deletes held messages. @return Unavailable if nobody can. Called on the clients'
/// threads; takes as long as the MTA's tools do.
using HoldHook = std::function<base::Result<std::vector<HoldOutcome>>(
    const std::vector<mail::QueueId>& ids, std::string_view who)>;

/// What others do for commands; one that is empty is refused.
struct Hooks {
  ReloadHook reload;
  TakeLines take_lines;  ///< behind `rampart feed -`
  HoldHook release;
  HoldHook drop;
};

class Server {
 public:
  /// Listens at once. A socket file that nobody listens on any more is replaced.
  /// @param version  shown by `status`
  /// @return Unavailable if another process listens there or the file cannot be made
  static base::Result<std::unique_ptr<Server>> open(const Options& options,
                                                    engine::Engine& engine,
                                                    Hooks hooks,
                                                    std::string version);
  /// Ends all connections, waits for commands that are being carried out, and removes the socket
  /// file.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  struct Data;
  explicit Server(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::control
