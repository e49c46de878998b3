// The queue book: what is known about each message in the MTA's queue, by queue ID. It ties a
// report to the flow whose unit it settles, and tells which log lines are about messages of this
// host at all.
//
// Threads: not safe; the engine locks it. Pure but for that: time is an argument.
// Limits: kMessagesMax messages; the engine does not enter more, and counts them.
//
// The milter does not know the instance (syslog name) of its MTA, so its notes stand under "" and
// serve every instance that has no note of its own for the same queue ID.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rampart/base/time.h"
#include "rampart/mail/address.h"
#include "rampart/ramp/flow.h"
#include "rampart/store/records.h"

namespace rampart::ledger {

/// How the book spells a recipient: the local part's case is folded, as the MTA may fold it as
/// well.
std::string book_key(const mail::Address& address);

struct BookRecipient {
  std::string address;  ///< book_key of what the milter saw
  ramp::FlowKey flow;
  ramp::Standing standing = ramp::Standing::InFlight;
  base::WallTime admitted_at{};
};

struct BookMessage {
  std::string instance;
  std::string queue_id;
  std::string sender;  ///< sender's name; "" until known
  std::string envelope_sender;
  bool admitted_here = false;
  bool activated = false;  ///< the queue manager or the milter told its sender
  /// Of reports that told of its activation; "" if only the milter did.
  std::string source;
  std::uint32_t transaction_recipients = 0;
  std::string parent;  ///< the queue ID that this message was split off; its recipients may be ours
  base::WallTime seen_at{};
  base::WallTime reported_at{};  ///< last report; zero: none yet
  std::vector<BookRecipient> recipients;
  /// Hashes of all recipients that the milter admitted, also of those that are settled; after a
  /// restart only of those that are not.
  std::vector<std::size_t> admitted;
};

/// Notes that the milter admitted a recipient, and whether it did. @param name  a book_key
void admit(BookMessage& message, const std::string& name);
[[nodiscard]] bool is_admitted(const BookMessage& message, const std::string& name);

class QueueBook {
 public:
  static constexpr std::size_t kMessagesMax = 1'000'000;

  /// The message of this queue ID, or nullptr. Valid until the next call that changes the book.
  BookMessage* find(std::string_view instance, std::string_view queue_id);
  /// The message, made if need be under `instance`.
  BookMessage& enter(std::string_view instance, std::string_view queue_id, base::WallTime now);
  void erase(const BookMessage& message);

  /// Messages last seen before `before`, and those whose recipients have all been reported, the
  /// last one before `done_before`: not every MTA says when a message is done with. At most
  /// `limit`.
  [[nodiscard]] std::vector<BookMessage> find_older(base::WallTime before,
                                                    base::WallTime done_before,
                                                    std::size_t limit) const;

  [[nodiscard]] std::size_t size() const noexcept { return messages_.size(); }
  template <class Action>
  void for_each(Action&& action) const {
    for (const auto& [key, message] : messages_) {
      action(message);
    }
  }

  void restore(const store::MessageRecord& record);
  void restore(const store::QueuedRecord& record);

 private:
  static std::string key(std::string_view instance, std::string_view queue_id);
  std::unordered_map<std::string, BookMessage> messages_;
};

/// The record of one recipient, and of the message itself.
store::QueuedRecord to_record(const BookMessage& message, const BookRecipient& recipient);
store::MessageRecord to_record(const BookMessage& message);

}  // namespace rampart::ledger
