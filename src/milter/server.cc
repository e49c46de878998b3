#include "rampart/milter/server.h"

#include <atomic>

#include "adapter.h"

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
