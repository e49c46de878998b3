#include "rampart/milter/server.h"

#include <atomic>
#include <csignal>

#include <unistd.h>

#include "adapter.h"

// libmilter has a thread that waits for SIGHUP, SIGTERM and SIGINT and ends the service at each
// (signal.c, mi_signal_thread). Whoever serves handles them himself, but of two that come close
// together the kernel gives one to any thread that waits for it. libmilter alone waits by this
// function, and the program's own stands before the C library's: its thread gets none.
extern "C" int sigwait(const sigset_t* /*set*/, int* /*signal*/) {
  for (;;) {
    pause();
  }
}

namespace rampart::milter {

struct Server::Data {
  Data(engine::Engine& engine, const Options& options) : decider(engine, options.hold_key) {}
  EngineDecider decider;
  std::atomic<bool> stopping{false};
};

Server::Server(std::unique_ptr<Data> data) : data_(std::move(data)) {}

Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::open(const Options& options, engine::Engine& engine) {
  auto data = std::make_unique<Data>(engine, options);
  if (auto started = start_service(options, data->decider); !started) {
    return started.error();
  }
  return std::unique_ptr<Server>(new Server(std::move(data)));
}

base::Result<> Server::run() {
  const bool served = serve();
  // A stop that comes before libmilter has begun makes its main loop fail: that is no failure
  // either.
  if (data_->stopping) {
    return base::Ok{};
  }
  return base::Error{base::Error::Kind::Unavailable,
                     served ? "the milter stopped without being told to (a signal)"
                            : "the milter cannot serve (see the system log)"};
}

void Server::stop() {
  data_->stopping = true;
  stop_service();
}

}  // namespace rampart::milter
