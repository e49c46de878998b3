// The milter: libmilter's callbacks turned into calls of the engine.
//
// Source: Sendmail libmilter API (mfapi.h, 8.17); Postfix MILTER_README.
// Threads: start() and stop() from one thread; libmilter runs its own threads, on which the callbacks
// of one session hop. At most one Server per process (libmilter keeps global state).
// Limits: 4,000 recipients a transaction are remembered; more are deferred (451 4.5.3).

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "rampart/base/result.h"
#include "rampart/engine/engine.h"
#include "rampart/milter/options.h"

namespace rampart::milter {

/// Checks "unix:/path" (also "local:") and "inet:port@host", "inet6:port@host"; libmilter itself takes
/// any text. @return the reason it is bad.
base::Result<> check_listen(std::string_view listen);

class Server {
 public:
  /// Opens the listening socket (an old unix socket file is replaced) and sets its mode and group.
  static base::Result<std::unique_ptr<Server>> open(const Options& options, engine::Engine& engine);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves until stop() is called. Runs libmilter's main loop on the calling thread.
  base::Result<> run();
  /// Makes run() return soon; idle connections are closed by libmilter within about five seconds.
  void stop();

 private:
  struct Data;
  explicit Server(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::milter
