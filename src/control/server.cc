#include "rampart/control/server.h"

#include <utility>

#include "dispatcher.h"
#include "listener.h"

namespace rampart::control {

struct Server::Data {
  Data(engine::Engine& engine, Hooks hooks, std::string version)
      : dispatcher(engine, std::move(hooks), std::move(version)) {}
  Dispatcher dispatcher;
  std::unique_ptr<Listener> listener;  // last: its threads use the dispatcher
};

Server::Server(std::unique_ptr<Data> data) : data_(std::move(data)) {}

Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::open(const Options& options,
                                                   engine::Engine& engine,
                                                   Hooks hooks,
                                                   std::string version) {
  auto data = std::make_unique<Data>(engine, std::move(hooks), std::move(version));
  auto listener = Listener::open(
      options, Limits{}, [&dispatcher = data->dispatcher](std::string_view line, const Peer& peer) {
        return dispatcher.answer(line, peer);
      });
  if (!listener) {
    return listener.error();
  }
  data->listener = std::move(*listener);
  return std::unique_ptr<Server>(new Server(std::move(data)));
}

}  // namespace rampart::control
