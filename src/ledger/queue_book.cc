#include "rampart/ledger/queue_book.h"

#include <algorithm>

#include "rampart/base/text.h"

namespace rampart::ledger {

std::string book_key(const mail::Address& address) {
  return base::to_lower(to_string(address));
}

void admit(BookMessage& message, const std::string& name) {
  message.admitted.push_back(std::hash<std::string>{}(name));
}

bool is_admitted(const BookMessage& message, const std::string& name) {
  return std::find(message.admitted.begin(), message.admitted.end(),
                   std::hash<std::string>{}(name)) != message.admitted.end();
}

std::string QueueBook::key(std::string_view instance, std::string_view queue_id) {
  std::string text(queue_id);
  text += '\n';
  text += instance;
  return text;
}

BookMessage* QueueBook::find(std::string_view instance, std::string_view queue_id) {
  auto found = messages_.find(key(instance, queue_id));
  if (found == messages_.end() && !instance.empty()) {
    found = messages_.find(key({}, queue_id));
  }
  return found == messages_.end() ? nullptr : &found->second;
}

BookMessage& QueueBook::enter(std::string_view instance,
                              std::string_view queue_id,
                              base::WallTime now) {
  if (BookMessage* known = find(instance, queue_id)) {
    return *known;
  }
  BookMessage& message = messages_[key(instance, queue_id)];
  message.instance = instance;
  message.queue_id = queue_id;
  message.seen_at = now;
  return message;
}

void QueueBook::erase(const BookMessage& message) {
  messages_.erase(key(message.instance, message.queue_id));
}

std::vector<BookMessage> QueueBook::find_older(base::WallTime before,
                                               base::WallTime done_before,
                                               std::size_t limit) const {
  std::vector<BookMessage> older;
  for (const auto& [key, message] : messages_) {
    const bool done = message.recipients.empty() && message.reported_at != base::WallTime{} &&
                      message.reported_at < done_before;
    if (done || message.seen_at < before) {
      older.push_back(message);
      if (older.size() >= limit) {
        break;
      }
    }
  }
  return older;
}

void QueueBook::restore(const store::MessageRecord& record) {
  BookMessage& message = messages_[key(record.instance, record.queue_id)];
  message.instance = record.instance;
  message.queue_id = record.queue_id;
  message.sender = record.sender;
  message.envelope_sender = record.envelope_sender;
  message.admitted_here = record.admitted_here;
  message.source = record.source;
  message.activated = true;
  message.seen_at = record.seen_at;
}

void QueueBook::restore(const store::QueuedRecord& record) {
  BookMessage& message = messages_[key(record.instance, record.queue_id)];
  if (message.queue_id.empty()) {  // a recipient without its message: keep what it tells
    message.instance = record.instance;
    message.queue_id = record.queue_id;
    message.sender = record.flow.sender;
    message.activated = true;
    message.seen_at = record.admitted_at;
  }
  message.transaction_recipients = record.transaction_recipients;
  message.recipients.push_back(
      {record.recipient, record.flow, record.standing, record.admitted_at});
  admit(message, record.recipient);
}

store::QueuedRecord to_record(const BookMessage& message, const BookRecipient& recipient) {
  return {message.instance,     message.queue_id,   recipient.address,
          recipient.flow,       recipient.standing, message.transaction_recipients,
          recipient.admitted_at};
}

store::MessageRecord to_record(const BookMessage& message) {
  return {message.instance, message.queue_id,      message.sender, message.envelope_sender,
          message.seen_at,  message.admitted_here, message.source};
}

}  // namespace rampart::ledger
