// What is kept: the records of the store, and the batch in which they change.
//
// Threads: plain values; distinct objects may be used from distinct threads.

#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "rampart/base/hash.h"
#include "rampart/base/time.h"
#include "rampart/ramp/flow.h"
#include "rampart/store/held_record.h"
#include "rampart/suppression/entry.h"

namespace rampart::store {

/// A flow. `leased` units are not in `state`: they were promised to the running process at
/// `leased_at`; after a crash they count as used then.
struct FlowRecord {
  ramp::FlowKey key;
  ramp::Flow state;
  std::uint32_t leased = 0;
  base::WallTime leased_at{};

  friend bool operator==(const FlowRecord&, const FlowRecord&) = default;
};

/// All senders of this host at one provider. Leases as in FlowRecord.
struct HostFlowRecord {
  std::string provider;
  ramp::HostFlow state;
  std::uint32_t leased = 0;
  base::WallTime leased_at{};

  friend bool operator==(const HostFlowRecord&, const HostFlowRecord&) = default;
};

struct SenderRecord {
  std::string sender;
  ramp::Health health;
  base::WallTime first_seen{};

  friend bool operator==(const SenderRecord&, const SenderRecord&) = default;
};

/// A recipient in the MTA's queue, admitted here or seen activated by the queue manager.
struct QueuedRecord {
  std::string instance;  ///< "" until a log line told it
  std::string queue_id;
  std::string recipient;  ///< as the milter saw it; key together with instance and queue_id
  ramp::FlowKey flow;
  ramp::Standing standing = ramp::Standing::InFlight;
  std::uint32_t transaction_recipients = 0;
  base::WallTime admitted_at{};

  friend bool operator==(const QueuedRecord&, const QueuedRecord&) = default;
};

/// The envelope sender that the queue manager or the milter told for a queue ID.
struct MessageRecord {
  std::string instance;
  std::string queue_id;
  std::string sender;           ///< sender's name (ramp::FlowKey::sender)
  std::string envelope_sender;  ///< address
  base::WallTime seen_at{};
  bool admitted_here = false;  ///< the milter saw it
  std::string source{};        ///< of reports that told its activation; "": only the milter did

  friend bool operator==(const MessageRecord&, const MessageRecord&) = default;
};

/// How far a source has been read.
struct CursorRecord {
  std::string source;  ///< the configured path
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;       ///< of the first byte not yet applied
  std::uint64_t fingerprint = 0;  ///< of the file's first bytes
  std::uint32_t fingerprint_size = 0;
  std::string reader_state;  ///< what the stamp reader remembers

  friend bool operator==(const CursorRecord&, const CursorRecord&) = default;
};

/// The provider that a relay host taught for a recipient domain.
struct DomainProviderRecord {
  std::string domain;
  std::string provider;
  base::WallTime seen_at{};

  friend bool operator==(const DomainProviderRecord&, const DomainProviderRecord&) = default;
};

/// A report that has been counted: (instance, queue ID, recipient, time, status) as one hash.
struct SeenReportRecord {
  std::uint64_t identity = 0;
  base::WallTime time{};

  friend bool operator==(const SeenReportRecord&, const SeenReportRecord&) = default;
};

/// The token that was put on a message, by which reports from outside are known.
struct TokenRecord {
  std::string token;  ///< 32 hex digits, told in lower case; the key
  std::string instance;
  std::string queue_id;
  std::string sender;  ///< sender's name (ramp::FlowKey::sender)
  std::vector<std::string> recipients;
  base::WallTime time{};

  friend bool operator==(const TokenRecord&, const TokenRecord&) = default;
};

/// What happened to messages in one round of writing. Appended, never replaced.
struct EventsRecord {
  base::WallTime first{};
  base::WallTime last{};
  std::vector<std::uint32_t> ids;  ///< hashes of the queue IDs in it, distinct, rising
  std::string data;                ///< the engine's own spelling

  friend bool operator==(const EventsRecord&, const EventsRecord&) = default;
};

/// Replies of a provider that differ only in what is generalised in their text.
struct ReplyRecord {
  std::string provider;
  std::string text;  ///< generalised; key together with provider
  std::string reply_class;
  std::string rule;
  bool suppress = false;  ///< the rule says that the address is dead
  std::uint64_t count = 0;
  base::WallTime first{};
  base::WallTime last{};
  std::string sample;  ///< one as it came
  std::string stage;

  friend bool operator==(const ReplyRecord&, const ReplyRecord&) = default;
};

/// The mass-failure guard of one provider.
struct GuardRecord {
  std::string provider;  ///< "*": the whole host
  std::string state;     ///< as suppression::FailureGuard::encode wrote it
  base::WallTime time{};

  friend bool operator==(const GuardRecord&, const GuardRecord&) = default;
};

// Changes. Keys identify what is erased.
struct EraseFlow {
  ramp::FlowKey key;
};
struct EraseQueued {
  std::string instance;
  std::string queue_id;
  std::string recipient;
};
struct EraseMessage {
  std::string instance;
  std::string queue_id;
};  ///< and its queued recipients
struct EraseHeld {
  std::string queue_id;
};
struct EraseSuppression {
  std::string key;
  std::string sender;
};
struct EraseEvidence {
  std::string key;
  std::string sender;
};

struct EraseReply {
  std::string provider;
  std::string text;
};
struct EraseGuard {
  std::string provider;
};

using Operation = std::variant<FlowRecord,
                               HostFlowRecord,
                               SenderRecord,
                               QueuedRecord,
                               MessageRecord,
                               HeldRecord,
                               CursorRecord,
                               DomainProviderRecord,
                               SeenReportRecord,
                               TokenRecord,
                               EventsRecord,
                               ReplyRecord,
                               GuardRecord,
                               suppression::Entry,
                               suppression::Evidence,
                               suppression::Change,
                               EraseFlow,
                               EraseQueued,
                               EraseMessage,
                               EraseHeld,
                               EraseSuppression,
                               EraseEvidence,
                               EraseReply,
                               EraseGuard>;

/// Applied in order, wholly or not at all. A record replaces the one with its key.
struct Batch {
  std::vector<Operation> operations;
};

}  // namespace rampart::store
