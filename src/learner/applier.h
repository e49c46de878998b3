// Applies the lines of one batch: held mail, and what the correlator makes of them. Lives on the
// feed's thread, under the writer's gate.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/correlate/correlator.h"
#include "rampart/ledger/ledger.h"
#include "rampart/policy/active.h"
#include "rampart/report/event.h"
#include "rampart/store/records.h"

namespace rampart::learner {

class Applier final : private correlate::Keeper {
 public:
  /// @param source  that told the lines
  Applier(ledger::Ledger& ledger,
          std::shared_ptr<const policy::Active> active,
          std::string_view source);

  void apply(const report::LogLine& line);

  std::vector<store::Operation>& operations() { return operations_; }

 private:
  // The book's keeper; all of these are called with its lock held.
  void take(correlate::Outcome& outcome) override;
  std::string sender_of(const std::string& envelope_sender, base::WallTime now) override;
  std::string provider_of(const mail::Domain& domain) override;
  void teach(const mail::Domain& domain, std::string_view provider, base::WallTime now) override;
  reply::Classification classify(const reply::Question& question) override;
  bool is_news(const report::LogLine& line) override;
  void on_unknown() override;
  void on_full() override;
  void store(const correlate::Message& message) override;
  void store(const correlate::Message& message, const correlate::Recipient& recipient) override;
  void erase(const correlate::Message& message) override;
  void erase(const correlate::Message& message, const correlate::Recipient& recipient) override;

  void settle(correlate::Outcome& outcome);
  void log_effects(const correlate::Outcome& outcome,
                   const ramp::Effects& effects,
                   base::WallTime paused_until) const;
  void note(const correlate::Outcome& outcome, const ramp::FlowKey& flow);
  void suppress(const correlate::Outcome& outcome, const ramp::FlowKey& flow);

  // Mail that is held, or was admitted in vain.
  void follow_held(const report::LogLine& line, const correlate::Correlator& correlator)
      RAMPART_REQUIRES(ledger_.book_mutex);
  /// Is the line about a message that we think is held, and not about an earlier one of its name?
  [[nodiscard]] bool is_held(const report::LogLine& line, const mail::QueueId& queue_id) const
      RAMPART_REQUIRES(ledger_.book_mutex);
  void let_go(const report::LogLine& line, const mail::QueueId& queue_id)
      RAMPART_REQUIRES(ledger_.book_mutex);
  void forget_held(const report::LogLine& line) RAMPART_REQUIRES(ledger_.book_mutex);
  void on_recipient_removed(const report::LogLine& line,
                            const mail::Address& recipient,
                            correlate::Correlator& correlator) RAMPART_REQUIRES(ledger_.book_mutex);
  void on_milter_reject(const report::LogLine& line,
                        const report::MilterReject& reject,
                        correlate::Correlator& correlator) RAMPART_REQUIRES(ledger_.book_mutex);
  void refund(const correlate::Recipient& recipient);

  ledger::Ledger& ledger_;
  std::shared_ptr<const policy::Active> active_;
  std::string source_;
  std::vector<std::string> other_sources_;
  bool may_repeat_;  ///< a program brings the lines, and again those that were not confirmed
  std::vector<store::Operation> operations_;
  /// What a recipient's reply says of the recipient itself is learned without the book's lock, as
  /// it may ask the store.
  struct Told {
    correlate::Outcome outcome;
    ramp::FlowKey flow;
  };
  std::optional<Told> told_;
};

}  // namespace rampart::learner
