// The queue book: correlate::Book behind the ledger, and how its messages are stored.
//
// Threads: not safe; the ledger locks it.

#pragma once

#include "rampart/correlate/book.h"
#include "rampart/store/records.h"

namespace rampart::ledger {

using BookMessage = correlate::Message;
using BookRecipient = correlate::Recipient;
using QueueBook = correlate::Book;
using correlate::admit;
using correlate::book_key;
using correlate::is_admitted;

/// Messages before their recipients.
void restore(QueueBook& book, const store::MessageRecord& record);
void restore(QueueBook& book, const store::QueuedRecord& record);

/// The record of one recipient, and of the message itself.
store::QueuedRecord to_record(const BookMessage& message, const BookRecipient& recipient);
store::MessageRecord to_record(const BookMessage& message);

}  // namespace rampart::ledger
