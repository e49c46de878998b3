#include "rampart/ledger/queue_book.h"

namespace rampart::ledger {

void restore(QueueBook& book, const store::MessageRecord& record) {
  BookMessage& message = book.restore(record.instance, record.queue_id, record.seen_at);
  message.sender = record.sender;
  message.envelope_sender = record.envelope_sender;
  message.admitted_here = record.admitted_here;
  message.source = record.source;
  message.activated = true;
}

// A recipient may come without its message: then it says what it can of it.
void restore(QueueBook& book, const store::QueuedRecord& record) {
  BookMessage& message = book.restore(record.instance, record.queue_id, record.admitted_at);
  if (!message.activated) {
    message.sender = record.flow.sender;
    message.activated = true;
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
