// The correlator: events of old logs -> what became of which sender's mail at which provider.
//
//   qmgr: A1: from=<news@a.example>            a.example x gmail: delivered, admitted at 10:00:00,
//   smtp: A1: to=<u@gmail.com>, status=sent -> first attempt, at 10:00:02
//
// It ties lines together as learning from a live log does: a line counts only for a message that
// the MTA took up in this log; queue IDs are followed through content filters, aliases, postsuper
// -r and Sendmail's splits; the relay host teaches which provider a domain belongs to, and only the
// provider that owns the relay is concerned by what it said. Our own refusals, deliveries that stay
// on this host, and lines for which nobody was asked are no outcomes.
// One thing differs: no sender is lumped with others for being new.
//
// Pure: time comes from the lines; distinct objects may be used from distinct threads.
// Errors: none. Lines about unknown messages are counted and have no effect.
// Limits: kMessagesMax messages at once; more are counted and passed over. A message is forgotten
// when it is removed, an hour after the report of its last recipient (Sendmail does not tell of
// removals), or after five days.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "rampart/base/time.h"
#include "rampart/history/names.h"
#include "rampart/policy/active.h"
#include "rampart/ramp/flow.h"
#include "rampart/reply/table.h"
#include "rampart/report/event.h"

namespace rampart::history {

/// What became of one recipient at one attempt, or of the whole message's attempt at one host.
/// Views and pointers are valid during the call that brings it.
struct Outcome {
  enum class Kind : std::uint8_t {
    Reply,          ///< a server answered, or none could be reached
    RefusedToTalk,  ///< a host said so before the MTA went on to the next one: no recipient
    Expired,        ///< too old: returned to its sender
  };
  Kind kind = Kind::Reply;
  base::WallTime time;
  std::uint32_t sender = 0;       ///< Correlator::senders()
  std::uint32_t provider = 0;     ///< Correlator::providers()
  std::string_view queue_id;      ///< the present one
  std::uint64_t message = 0;      ///< unique to each queue ID's message, in the order of arrival
  std::uint64_t recipient = 0;    ///< a hash of the address as it was asked for; 0: none
  reply::Classification found;    ///< what the reply is
  reply::ReplyClass counts_as{};  ///< for the flow: Policy if another's than the provider's words
  bool final = true;              ///< the recipient has left the queue
  bool volume_counts = true;      ///< false: a smarthost's word, it teaches no level
  /// The attempt, with the address and the words; nullptr unless Kind::Reply.
  const report::Delivery* delivery = nullptr;
  /// The reply's own words; "" if Expired.
  std::string_view text;
  base::WallTime arrived;        ///< when the MTA first took the message up
  base::WallTime first_attempt;  ///< of this recipient; `time` at the first
  std::uint32_t attempts = 1;    ///< of this recipient, this one included
  std::uint32_t recipients = 0;  ///< of the message when it arrived, or more; 0: not known
  /// Where the recipient stood before; the sink sets where it stands after.
  ramp::Standing standing = ramp::Standing::Unadmitted;
};

class Correlator {
 public:
  static constexpr std::size_t kMessagesMax = 1'000'000;
  using Sink = std::function<void(Outcome&)>;

  explicit Correlator(std::shared_ptr<const policy::Active> active);
  ~Correlator();
  Correlator(Correlator&&) noexcept;
  Correlator& operator=(Correlator&&) noexcept;

  /// Brings the outcomes of one line to the sink, none as a rule.
  void add(const report::LogLine& line, const Sink& sink);

  [[nodiscard]] const Names& senders() const noexcept;
  [[nodiscard]] const Names& providers() const noexcept;
  /// Recipient domain -> named provider, as far as relay hosts have taught it.
  [[nodiscard]] const std::unordered_map<std::string, std::string>& domains() const noexcept;

  struct Counts {
    std::uint64_t outcomes = 0;
    std::uint64_t unknown_message = 0;  ///< deliveries of messages that were never taken up
    std::uint64_t passed_over = 0;      ///< messages beyond kMessagesMax
    std::size_t messages = 0;           ///< known at present
  };
  [[nodiscard]] Counts counts() const noexcept;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::history
