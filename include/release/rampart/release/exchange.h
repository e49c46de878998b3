// The service's end of the root helper's protocol.
//
// Threads: any function from any thread; each call opens its own connection.
// Errors: Unavailable if nobody listens or the helper could not do it, Denied if the socket may not
// be opened, Timeout, Corrupt for an answer that is none. What was done of a failed request is not
// known.

#pragma once

#include <set>
#include <string>
#include <vector>

#include "rampart/base/descriptor.h"
#include "rampart/base/result.h"
#include "rampart/release/protocol.h"

namespace rampart::release {

/// An interface, so that tests can put a helper in its place that fails on purpose.
class Exchange {
 public:
  Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange() = default;
  /// Queue IDs that are held or being received, whoever holds them.
  virtual base::Result<std::set<std::string>> list() = 0;
  /// @param request  to release or to delete at least one message
  virtual base::Result<std::vector<Answer>> ask(const Request& request) = 0;
  /// Makes every call return, now and from now on. From any thread.
  virtual void cancel() {}
};

class SocketExchange final : public Exchange {
 public:
  explicit SocketExchange(std::string socket);
  base::Result<std::set<std::string>> list() override;
  base::Result<std::vector<Answer>> ask(const Request& request) override;
  void cancel() override;

 private:
  base::Result<std::string> converse(const Request& request) const;

  const std::string socket_;
  base::Wake cancelled_;
};

}  // namespace rampart::release
