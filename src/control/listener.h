// A unix socket that answers lines: accepts, checks who asks, frames requests; knows nothing of
// commands.
//
// Threads: open and destroy from one thread; the handler is called on the clients' threads.
// Limits: those of Limits.

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/control/client.h"
#include "rampart/control/options.h"

#include "peer.h"

namespace rampart::control {

struct Limits {
  std::size_t clients = 64;
  std::size_t request_bytes = kRequestBytesMax;
  base::Micros timeout = std::chrono::seconds{30};
};

/// {"error":{"code":...,"text":...}}
std::string error_answer(std::string_view code, std::string_view text);

class Listener {
 public:
  /// @return one line without its end
  using Handler = std::function<std::string(std::string_view request, const Peer& peer)>;

  static base::Result<std::unique_ptr<Listener>> open(const Options& options,
                                                      const Limits& limits,
                                                      Handler handler);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  struct Data;
  explicit Listener(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::control
