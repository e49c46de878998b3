// What each event of a log does. Lives on the feed's thread, under the writer's gate.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/ledger/ledger.h"
#include "rampart/policy/active.h"
#include "rampart/ramp/flow.h"
#include "rampart/reply/table.h"
#include "rampart/report/event.h"
#include "rampart/store/records.h"

namespace rampart::learner {

using ledger::BookMessage;
using ledger::BookRecipient;
using ledger::FlowTable;
using ledger::LiveFlow;

/// Applies the lines of one batch. Lives on the feed's thread, under the writer's gate.
class Applier {
 public:
  /// @param source  that told the lines
  Applier(ledger::Ledger& ledger,
          std::shared_ptr<const policy::Active> active,
          std::string_view source);

  void apply(const report::LogLine& line);

  std::vector<store::Operation>& operations() { return operations_; }

 private:
  /// One recipient's report on its way from the log line to flow and suppression.
  struct Subject {
    ramp::FlowKey flow;
    ramp::Standing standing = ramp::Standing::Unadmitted;
    std::uint32_t transaction_recipients = 0;
    bool trusted = true;  ///< false: a recipient that nobody asked for
  };

  void on_delivery(const report::LogLine& line, const report::Delivery& delivery);
  void on_refused_to_talk(const report::LogLine& line, const report::RefusedToTalk& refused);
  void on_active(const report::LogLine& line, const mail::Address& sender);
  void on_expired(const report::LogLine& line);
  void on_removed(const report::LogLine& line);
  void on_released(const report::LogLine& line);
  void on_requeued(const report::LogLine& line, const mail::QueueId& old_id);
  void on_cloned(const report::LogLine& line, const mail::QueueId& old_id);
  void on_recipient_removed(const report::LogLine& line, const mail::Address& recipient);
  void on_milter_reject(const report::LogLine& line, const report::MilterReject& reject);

  BookMessage* find(const report::LogLine& line) RAMPART_REQUIRES(ledger_.book_mutex);
  /// Is the line about a message that we think is held, and not about an earlier one of its name?
  [[nodiscard]] bool is_held(const report::LogLine& line, const mail::QueueId& queue_id) const
      RAMPART_REQUIRES(ledger_.book_mutex);
  void let_go(const report::LogLine& line, const mail::QueueId& queue_id)
      RAMPART_REQUIRES(ledger_.book_mutex);
  void forget_held(const report::LogLine& line) RAMPART_REQUIRES(ledger_.book_mutex);
  [[nodiscard]] bool counts(const BookMessage& message, const report::Delivery& delivery) const;
  static std::string asked_for(const report::Delivery& delivery);
  bool is_news(const report::LogLine& line, const report::Delivery& delivery);
  reply::Classification classify(const report::Delivery& delivery,
                                 const ramp::FlowKey& flow,
                                 std::string_view owner);
  void refund(const BookRecipient& recipient);
  void note(const report::LogLine& line,
            const report::Delivery& delivery,
            const reply::Classification& found,
            const ramp::FlowKey& flow);
  [[nodiscard]] bool leaves_host(const report::LogLine& line,
                                 const report::Delivery& delivery) const;
  std::string relay_owner(const report::Delivery& delivery, base::WallTime now);
  static BookRecipient* look_up(BookMessage& message, const report::Delivery& delivery);
  void take_from_parent(BookMessage& message,
                        const report::LogLine& line,
                        const report::Delivery& delivery) RAMPART_REQUIRES(ledger_.book_mutex);
  const std::string& sender_of(BookMessage& message, base::WallTime now);
  void stay(BookMessage& message, const report::LogLine& line, const report::Delivery& delivery);
  BookRecipient& find_recipient(BookMessage& message,
                                const report::LogLine& line,
                                const report::Delivery& delivery);
  [[nodiscard]] bool concerns(const ramp::FlowKey& flow,
                              std::string_view owner,
                              bool host_reached) const;
  void settle(const ramp::FlowKey& flow,
              const ramp::Reported& reported,
              const reply::Classification& found,
              const report::LogLine& line,
              std::string_view text,
              BookRecipient* recipient);
  void log_effects(const ramp::FlowKey& key,
                   const ramp::Effects& effects,
                   const LiveFlow& flow,
                   const reply::Classification& found,
                   const report::LogLine& line,
                   std::string_view text) const;
  void suppress(const report::Delivery& delivery,
                const report::LogLine& line,
                const reply::Classification& found,
                const Subject& subject);

  ledger::Ledger& ledger_;
  std::shared_ptr<const policy::Active> active_;
  std::string source_;
  std::vector<std::string> other_sources_;
  bool may_repeat_;  ///< a program brings the lines, and again those that were not confirmed
  std::vector<store::Operation> operations_;
};

/// The default syslog_name is what the milter's notes belong to: the milter is not told the name.
std::string_view book_instance(std::string_view instance) noexcept;

}  // namespace rampart::learner
