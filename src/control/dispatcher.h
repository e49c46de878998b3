// Requests: one line -> one answer line. Names are those of the command line, with a dot; the
// table of them is in dispatcher.cc.
//
// Threads: answer() from any thread.
// Errors: answers {"error":{"code":...,"text":...}}; nothing is thrown for a request, whatever its
// bytes.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "rampart/control/server.h"
#include "rampart/engine/engine.h"

#include "peer.h"

namespace rampart::control {

using Json = nlohmann::ordered_json;

class Dispatcher {
 public:
  Dispatcher(engine::Engine& engine, Hooks hooks, std::string version);

  std::string answer(std::string_view request, const Peer& peer);

  /// A request that was understood, with who gave it. Defined in call.h.
  struct Call;

 private:
  engine::Engine& engine_;
  Hooks hooks_;
  std::string version_;
};

/// Who of those that may connect may ask.
enum class Privilege : std::uint8_t {
  Client,  ///< any of them
  Root,    ///< root, or our own user
};

struct Request {
  std::string_view name;
  const char* example;  ///< its fields, without the command's name
  Json (*run)(const Dispatcher::Call& call);
  Privilege privilege = Privilege::Client;
};
/// All that are answered.
std::span<const Request> requests();

}  // namespace rampart::control
