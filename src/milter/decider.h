// What a session asks of the engine, as an interface: tests put one in its place that fails on
// purpose.
//
// Threads: every function from any thread; a Transaction belongs to one session.

#pragma once

#include <optional>
#include <string>
#include <utility>

#include "rampart/base/time.h"
#include "rampart/engine/engine.h"
#include "rampart/engine/transaction.h"
#include "rampart/mail/hold_mark.h"

namespace rampart::milter {

class Decider {
 public:
  virtual ~Decider() = default;
  virtual engine::Transaction begin(engine::Client client, mail::Address envelope_sender) = 0;
  virtual engine::Verdict decide(engine::Transaction& transaction,
                                 const engine::Recipient& recipient) = 0;
  virtual engine::Ending commit(engine::Transaction& transaction,
                                const mail::QueueId& queue_id) = 0;
  /// Harmless on an ended transaction.
  virtual void abort(engine::Transaction& transaction) = 0;
  /// The MTA did not hold a message that commit() wanted held: it goes out now.
  virtual void not_held(const mail::QueueId& queue_id) = 0;
  /// A recipient to be dropped is still on a message that commit() wanted held.
  virtual void hold_for_person(const mail::QueueId& queue_id) = 0;
  /// A mail with the null sender, accepted: a bounce from outside, perhaps. Returns at once.
  virtual void offer_message(std::string bytes) = 0;
  /// The mark of a message that is held now, or "".
  virtual std::string hold_mark(const mail::QueueId& queue_id) = 0;
};

/// The engine itself.
class EngineDecider final : public Decider {
 public:
  EngineDecider(engine::Engine& engine, std::optional<mail::HoldKey> hold_key)
      : engine_(engine), hold_key_(hold_key) {}
  engine::Transaction begin(engine::Client client, mail::Address envelope_sender) override {
    return engine_.begin(std::move(client), std::move(envelope_sender));
  }
  engine::Verdict decide(engine::Transaction& transaction,
                         const engine::Recipient& recipient) override {
    return engine_.decide(transaction, recipient);
  }
  engine::Ending commit(engine::Transaction& transaction, const mail::QueueId& queue_id) override {
    return engine_.commit(transaction, queue_id);
  }
  void abort(engine::Transaction& transaction) override { engine_.abort(transaction); }
  void not_held(const mail::QueueId& queue_id) override { engine_.not_held(queue_id); }
  void hold_for_person(const mail::QueueId& queue_id) override {
    engine_.hold_for_person(queue_id);
  }
  void offer_message(std::string bytes) override { engine_.offer_message(std::move(bytes)); }
  std::string hold_mark(const mail::QueueId& queue_id) override {
    return hold_key_ ? mail::make_hold_mark(*hold_key_, queue_id, base::SystemClock().wall_now())
                     : std::string();
  }

 private:
  engine::Engine& engine_;
  const std::optional<mail::HoldKey> hold_key_;
};

}  // namespace rampart::milter
