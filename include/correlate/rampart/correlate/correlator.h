// The correlator: events of a log, and a book of the MTA's queue -> what became of which flow's
// mail.
//
//   qmgr: A1: from=<news@a.example>            a.example x gmail: delivered, admitted at 10:00:00,
//   smtp: A1: to=<u@gmail.com>, status=sent -> first attempt, at 10:00:02
//
// A line counts only for a message that this host's milter admitted or that the MTA took up in the
// words of the same source: anybody may write into a log. Queue IDs are followed through content
// filters, aliases, postsuper -r and Sendmail's splits; the relay host teaches which provider a
// domain belongs to, and only the provider that owns the relay is concerned by what it said. Our
// own refusals, deliveries that stay on this host, and lines for which nobody was asked are no
// outcomes.
//
// The same for a log that is being written and for old ones: they differ in their keepers.
//
// Pure: time comes from the lines. Threads: whoever owns the book locks it.
// Errors: none. Lines about unknown messages have no effect.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/correlate/book.h"
#include "rampart/mail/domain.h"
#include "rampart/policy/active.h"
#include "rampart/ramp/flow.h"
#include "rampart/reply/table.h"
#include "rampart/report/event.h"

namespace rampart::correlate {

/// What became of one recipient at one attempt, or of the whole message's attempt at one host.
/// `flow`, `recipient`, and without a reply `queue_id` are valid during the call that brings it,
/// the other views and pointers as long as the line.
struct Outcome {
  enum class Kind : std::uint8_t {
    Reply,          ///< a server answered, or none could be reached
    RefusedToTalk,  ///< a host said so before the MTA went on to the next one: no recipient
    Expired,        ///< too old: returned to its sender
    Forgotten,      ///< left the queue without a report: teaches nothing
  };
  Kind kind = Kind::Reply;
  base::WallTime time;
  const ramp::FlowKey* flow = nullptr;
  std::string_view queue_id;    ///< the present one
  std::string_view recipient;   ///< as the book spells it; "": none
  reply::Classification found;  ///< what the reply is
  /// The same for the flow: Undefined if its reason is not known, Policy if it teaches nothing;
  /// with where the recipient stood before.
  ramp::Reported reported;
  /// Where it stands after, set by whoever takes the outcome; as before if nobody does.
  ramp::Standing standing = ramp::Standing::Neither;
  bool trusted = true;  ///< false: a recipient that nobody asked for
  /// The attempt, with the address and the words; nullptr unless Kind::Reply.
  const report::Delivery* delivery = nullptr;
  std::string_view text;                     ///< the reply's own words, or ""
  std::uint64_t message = 0;                 ///< Message::serial
  base::WallTime arrived;                    ///< when the MTA first took the message up
  std::uint32_t attempts = 1;                ///< of this recipient, this one included
  std::uint32_t transaction_recipients = 0;  ///< of the message; 0: not known

  /// A reply is charged if it is about mail that left without our admission: alias targets, bcc,
  /// mail that passed while rampart was down.
  [[nodiscard]] bool charges() const noexcept {
    return kind == Kind::Reply && reported.standing == ramp::Standing::Unadmitted;
  }
};

/// Whoever keeps the book: knows names and replies, takes the outcomes, and may store what changes.
class Keeper {
 public:
  Keeper() = default;
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  virtual ~Keeper() = default;

  virtual void take(Outcome& outcome) = 0;

  /// The name under which mail of this envelope sender counts.
  virtual std::string sender_of(const std::string& envelope_sender, base::WallTime now) = 0;
  /// The provider of a recipient domain.
  virtual std::string provider_of(const mail::Domain& domain) = 0;
  /// A relay of this provider takes mail for the domain.
  virtual void teach(const mail::Domain& domain, std::string_view provider, base::WallTime now) = 0;
  virtual reply::Classification classify(const reply::Question& question) = 0;

  /// @return false if another source told of this event
  virtual bool is_news(const report::LogLine& /*line*/) { return true; }
  /// A delivery of a message that was never taken up.
  virtual void on_unknown() {}
  /// The book is full.
  virtual void on_full() {}

  virtual void store(const Message& /*message*/) {}
  virtual void store(const Message& /*message*/, const Recipient& /*recipient*/) {}
  /// With all its recipients.
  virtual void erase(const Message& /*message*/) {}
  virtual void erase(const Message& /*message*/, const Recipient& /*recipient*/) {}
};

/// The default syslog_name is what the milter's notes belong to: the milter is not told the name.
std::string_view book_instance(std::string_view instance) noexcept;

/// A reply as a flow learns it, but for where its recipient stands.
ramp::Reported reported_of(const reply::Classification& found);

/// By the policy alone, if every sender counts under a name of its own.
std::string sender_of(const policy::Active& active, const std::string& envelope_sender);

class Correlator {
 public:
  /// All must outlive the correlator.
  /// @param source  that tells the lines
  Correlator(const policy::Active& active,
             Book& book,
             Keeper& keeper,
             const std::string& source) noexcept
      : active_(active), book_(book), keeper_(keeper), source_(source) {}

  void add(const report::LogLine& line);
  /// Forgets the messages that are due, at most `limit`. @return how many
  std::size_t forget_due(base::WallTime now, std::size_t limit);

  Message* find(const report::LogLine& line);
  /// The recipient has left the queue, whatever of it was settled.
  void erase(Message& message, const Recipient& recipient);
  /// Was this an attempt to hand the mail to another host?
  [[nodiscard]] bool leaves_host(const report::LogLine& line,
                                 const report::Delivery& delivery) const;

 private:
  void on_delivery(const report::LogLine& line, const report::Delivery& delivery);
  void on_refused_to_talk(const report::LogLine& line, const report::RefusedToTalk& refused);
  void on_active(const report::LogLine& line, const report::QueueActive& event);
  void on_expired(const report::LogLine& line);
  void on_removed(const report::LogLine& line);
  void on_requeued(const report::LogLine& line, const mail::QueueId& old_id);
  void on_cloned(const report::LogLine& line, const mail::QueueId& old_id);

  void reply(Message& message, const report::LogLine& line, const report::Delivery& delivery);
  void stay(Message& message, const report::LogLine& line, const report::Delivery& delivery);
  void take_from_parent(Message& message, const report::Delivery& delivery);
  void forget(Message& message, base::WallTime now);
  void forget(const Message& message, const Recipient& recipient, base::WallTime now);
  [[nodiscard]] bool counts(const Message& message, const report::Delivery& delivery);
  Recipient* look_up(Message& message, const report::Delivery& delivery);
  Recipient& find_recipient(Message& message,
                            const report::LogLine& line,
                            const report::Delivery& delivery);
  const std::string& asked_for(const report::Delivery& delivery);
  std::string_view relay_owner(const report::Delivery& delivery, base::WallTime now);
  [[nodiscard]] bool concerns(const ramp::FlowKey& flow,
                              bool named,
                              std::string_view owner,
                              bool host_reached) const;
  static Outcome outcome_of(const Message& message,
                            const Recipient* recipient,
                            Outcome::Kind kind,
                            base::WallTime time);

  const policy::Active& active_;
  Book& book_;
  Keeper& keeper_;
  const std::string& source_;
  std::string spelling_;  // of the last address that was looked for
};

}  // namespace rampart::correlate
