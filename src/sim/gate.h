// What stands between the submitting application and the MTA's queue: one of the controls.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/sim/simulate.h"

#include "receiver.h"
#include "traffic.h"

namespace rampart::sim {

/// Names and addresses of everybody.
struct Cast {
  std::vector<std::string> senders;    ///< domains
  std::vector<std::string> domains;    ///< of the providers' recipients
  std::vector<std::string> providers;  ///< as rampart calls them
  std::vector<std::string> relays;     ///< "mx.example[192.0.2.1]"
};

struct Queued {
  const Message& message;
  std::uint32_t number = 0;  ///< of the message; its queue ID
};

class Gate {
 public:
  virtual ~Gate() = default;

  enum class Answer : std::uint8_t { Accept, Later, Reject };
  /// At RCPT.
  virtual Answer ask(const Queued& queued, Millis now) = 0;

  // What the MTA's log tells.
  virtual void on_active(const Queued&, Millis) {}
  virtual void on_reply(const Queued&, Kind, const Words&, Millis) {}
  virtual void on_expired(const Queued&, Millis) {}

  /// Every few minutes.
  virtual void tick(Millis) {}
  /// Units a day, where the control has such a thing.
  virtual std::uint32_t allowance(std::size_t, std::size_t, Millis) { return 0; }
};

/// @param usual  of each sender, then provider: the most it sent in a day of the history
std::unique_ptr<Gate> make_baseline(Control control,
                                    std::vector<std::unique_ptr<Receiver>>& receivers,
                                    const std::vector<std::vector<double>>& usual);

base::Result<std::unique_ptr<Gate>> make_rampart(const Cast& cast,
                                                 std::shared_ptr<const policy::Policy> policy);

}  // namespace rampart::sim
