// The milter: libmilter's callbacks turned into calls of the engine.
//
// Source: Sendmail libmilter API (mfapi.h, 8.17); Postfix MILTER_README.
// Threads: start() and stop() from one thread; libmilter runs its own threads, on which the
// callbacks of one session hop. At most one Server per process: libmilter keeps global state, and
// once stopped it cannot be started again in the same process.
// Signals: libmilter ignores SIGPIPE, blocks SIGHUP, SIGINT and SIGTERM in the thread that calls
// run(), and starts a thread that waits for them. Block these before any thread starts, call run()
// on a second thread and wait for signals in the first: a signal to the process then reaches the
// first (3,000 SIGHUPs in a row: none reached libmilter). run() says so if libmilter took one.
// Limits: 4,000 recipients a transaction are remembered; more are deferred (451 4.5.3). Of a mail
// that is read (Options::read_notices) the first 256 KiB.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "rampart/base/result.h"
#include "rampart/engine/engine.h"
#include "rampart/milter/options.h"

namespace rampart::milter {

/// Checks "unix:/path" (also "local:") and "inet:port@host", "inet6:port@host"; libmilter itself
/// takes any text. @return the reason it is bad.
base::Result<> check_listen(std::string_view listen);

class Server {
 public:
  /// Opens the listening socket (an old unix socket file is replaced) and sets its mode and group.
  static base::Result<std::unique_ptr<Server>> open(const Options& options, engine::Engine& engine);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves until stop() is called. Runs libmilter's main loop on the calling thread. When it
  /// returns no callback uses the engine any more; sessions that are still open are accepted
  /// unseen.
  /// @return Unavailable if libmilter failed, or ended without stop()
  base::Result<> run();
  /// Makes run() return within about five seconds, in order. From any thread, also before run().
  void stop();

 private:
  struct Data;
  explicit Server(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::milter
