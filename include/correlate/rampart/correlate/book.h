// The book: what is known about each message in the MTA's queue, by queue ID. It ties a report to
// the flow whose unit it settles, and tells which log lines are about messages of this host at all.
//
// Threads: not safe. Pure: time is an argument.
// Limits: kMessagesMax messages. One is due to be forgotten kDone after the report of its last
// recipient, as not every MTA says when a message is done with, and after the queue lifetime; that
// is told by buckets of time, so that it costs what is due, however many wait.
//
// The milter does not know the instance (syslog name) of its MTA, so its notes stand under "" and
// serve every instance that has no note of its own for the same queue ID.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/mail/address.h"
#include "rampart/ramp/flow.h"

namespace rampart::correlate {

/// How the book spells a recipient: the local part's case is folded, as the MTA may fold it as
/// well.
std::string book_key(const mail::Address& address);

struct Recipient {
  std::string address;  ///< book_key of what the milter saw, or else of what the log tells
  ramp::FlowKey flow;
  ramp::Standing standing = ramp::Standing::InFlight;
  base::WallTime admitted_at{};
  std::uint32_t attempts = 0;  ///< that were reported
};

struct Message {
  std::string instance;
  std::string queue_id;
  std::string sender;  ///< sender's name; "" until known
  std::string envelope_sender;
  bool admitted_here = false;
  bool activated = false;  ///< the queue manager or the milter told its sender
  /// Of reports that told of its activation; "" if only the milter did.
  std::string source;
  std::uint32_t transaction_recipients = 0;  ///< when it arrived; 0: not known
  std::string parent;  ///< the queue ID that this message was split off; its recipients may be ours
  base::WallTime arrived{};  ///< under its first queue ID
  base::WallTime seen_at{};
  base::WallTime reported_at{};  ///< last report; zero: none yet
  std::uint64_t serial = 0;      ///< unique, in the order of arrival
  std::vector<Recipient> recipients;
  /// Hashes of all recipients that the milter admitted, also of those that are settled; after a
  /// restart only of those that are not.
  std::vector<std::size_t> admitted;

 private:
  friend class Book;
  std::list<Message>::iterator place_{};
  std::pair<const std::int64_t, std::list<Message>>* bucket_ = nullptr;
};

/// Notes that the milter admitted a recipient, and whether it did. @param name  a book_key
void admit(Message& message, const std::string& name);
[[nodiscard]] bool is_admitted(const Message& message, const std::string& name);

/// Messages stay where they are until they are erased.
class Book {
 public:
  static constexpr std::size_t kMessagesMax = 1'000'000;
  static constexpr base::Micros kDone = std::chrono::hours{1};

  /// @param messages_max  for tests
  explicit Book(std::size_t messages_max = kMessagesMax) : messages_max_(messages_max) {}

  /// The message of this queue ID, or nullptr.
  Message* find(std::string_view instance, std::string_view queue_id);
  /// The message, made if need be under `instance`. @return nullptr if it is new and the book full
  Message* enter(std::string_view instance, std::string_view queue_id, base::WallTime now);
  /// The same, but never another instance's, for what was stored.
  Message& restore(std::string_view instance, std::string_view queue_id, base::WallTime seen_at);
  /// It goes on under another queue ID. What stood there must have been erased.
  void rename(Message& message, std::string_view queue_id);
  void erase(const Message& message);

  /// All its recipients have been reported; without effect if that is not so.
  void note_done(Message& message);
  /// A message that is due to be forgotten, or nullptr. The caller erases it.
  /// @param queue_lifetime  a shorter one than at the last call is that of new messages only
  Message* find_due(base::WallTime now, base::Micros queue_lifetime);

  [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }

 private:
  /// Of the message's own words.
  struct Id {
    std::string_view instance;
    std::string_view queue_id;
    friend bool operator==(const Id&, const Id&) = default;
  };
  struct IdHash {
    std::size_t operator()(const Id& id) const noexcept {
      const std::size_t hash = std::hash<std::string_view>{}(id.queue_id);
      return id.instance.empty() ? hash : hash * 31 + std::hash<std::string_view>{}(id.instance);
    }
  };
  using Messages = std::list<Message>;
  using Bucket = std::map<std::int64_t, Messages>::value_type;

  Message& make(std::string_view instance, std::string_view queue_id, base::WallTime now);
  void move(Message& message);
  [[nodiscard]] std::int64_t due_bucket(const Message& message) const noexcept;
  Bucket& bucket(std::int64_t number, Bucket*& last);

  std::unordered_map<Id, Message*, IdHash> index_;
  std::map<std::int64_t, Messages> buckets_;  // by the time when they are due, or earlier
  // Those that were asked for last: of new messages, and of others.
  Bucket* new_ = nullptr;
  Bucket* done_ = nullptr;
  std::uint64_t next_serial_ = 1;
  std::size_t messages_max_;
  base::Micros queue_lifetime_ = ramp::Constants{}.forget_after;
};

}  // namespace rampart::correlate
