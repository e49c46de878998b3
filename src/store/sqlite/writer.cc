#include "writer.h"

#include <string>
#include <variant>

#include "rampart/ramp/codec.h"

#include "rules.h"
#include "text_list.h"

namespace rampart::store::sqlite {
namespace {

// The numbers below are in users' files: they are never given another meaning.
static_assert(static_cast<int>(ramp::Standing::Unadmitted) == 0);
static_assert(static_cast<int>(ramp::Standing::InFlight) == 1);
static_assert(static_cast<int>(ramp::Standing::Deferred) == 2);
static_assert(static_cast<int>(ramp::Standing::Neither) == 3);
static_assert(static_cast<int>(suppression::Reason::Hard) == 0);
static_assert(static_cast<int>(suppression::Reason::Soft) == 1);
static_assert(static_cast<int>(suppression::Reason::Import) == 2);
static_assert(static_cast<int>(suppression::Reason::Operator) == 3);
static_assert(static_cast<int>(suppression::Reason::Complaint) == 4);
static_assert(static_cast<int>(suppression::Change::Kind::Added) == 0);
static_assert(static_cast<int>(suppression::Change::Kind::Removed) == 1);
static_assert(static_cast<int>(suppression::Change::Kind::Expired) == 2);
static_assert(static_cast<int>(suppression::Change::Kind::Lifted) == 3);
static_assert(static_cast<int>(suppression::Change::Kind::Contradicted) == 4);
static_assert(static_cast<int>(suppression::Change::Kind::Pending) == 5);
static_assert(static_cast<int>(suppression::Change::Kind::Cleared) == 6);
static_assert(static_cast<int>(suppression::Change::Kind::Confirmed) == 7);

}  // namespace

base::Result<> Writer::prepare(Connection& connection) {
  const struct {
    Statement& statement;
    const char* table;
    const char* sql;
  } all[] = {
      // Long rows are updated in place, short ones replaced in their key.
      {flow_, "flow",
       "INSERT INTO flow(sender, provider, state, leased, leased_at) VALUES(?, ?, ?, ?, ?) "
       "ON CONFLICT DO UPDATE SET state = excluded.state, leased = excluded.leased, "
       "leased_at = excluded.leased_at"},
      {host_flow_, "host_flow",
       "INSERT INTO host_flow(provider, state, leased, leased_at) VALUES(?, ?, ?, ?) "
       "ON CONFLICT DO UPDATE SET state = excluded.state, leased = excluded.leased, "
       "leased_at = excluded.leased_at"},
      {sender_, "sender", "REPLACE INTO sender(sender, health, first_seen) VALUES(?, ?, ?)"},
      {queued_, "queued",
       "REPLACE INTO queued(instance, queue_id, recipient, sender, provider, standing, "
       "transaction_recipients, admitted_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"},
      {message_, "message",
       "REPLACE INTO message(instance, queue_id, sender, envelope_sender, seen_at, "
       "admitted_here, source) VALUES(?, ?, ?, ?, ?, ?, ?)"},
      {held_, "held",
       "INSERT INTO held(queue_id, sender, recipients, providers, reason, held_at, transactional, "
       "waits_for, state, charged_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
       "ON CONFLICT DO UPDATE SET sender = excluded.sender, recipients = excluded.recipients, "
       "providers = excluded.providers, reason = excluded.reason, held_at = excluded.held_at, "
       "transactional = excluded.transactional, waits_for = excluded.waits_for, "
       "state = excluded.state, charged_at = excluded.charged_at"},
      {cursor_, "cursor",
       "INSERT INTO cursor(source, device, inode, offset, fingerprint, fingerprint_size, "
       "reader_state) VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
       "device = excluded.device, inode = excluded.inode, offset = excluded.offset, "
       "fingerprint = excluded.fingerprint, fingerprint_size = excluded.fingerprint_size, "
       "reader_state = excluded.reader_state"},
      {domain_provider_, "domain_provider",
       "REPLACE INTO domain_provider(domain, provider, seen_at) VALUES(?, ?, ?)"},
      {seen_report_, "seen_report", "REPLACE INTO seen_report(identity, time) VALUES(?, ?)"},
      {entry_, "suppression",
       "REPLACE INTO suppression(key, sender, reason, evidence, queue_id, rule, since, until, "
       "pending) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"},
      {evidence_, "evidence",
       "REPLACE INTO evidence(key, sender, hard_bounces, unknown_domain_days, soft_days) "
       "VALUES(?, ?, ?, ?, ?)"},
      {change_, "change",
       "INSERT INTO change(key, time, kind, sender, reason, origin, text) "
       "VALUES(?, ?, ?, ?, ?, ?, ?)"},
      {trim_changes_, "change",
       "DELETE FROM change WHERE id IN (SELECT id FROM change WHERE key = ? "
       "ORDER BY time DESC, id DESC LIMIT -1 OFFSET ?)"},
      {token_, "token",
       "REPLACE INTO token(token, instance, queue_id, sender, recipients, time) "
       "VALUES(?, ?, ?, ?, ?, ?)"},
      {events_data_, "events_data", "INSERT INTO events_data(data) VALUES(?)"},
      {events_, "events",
       "INSERT INTO events(last, id, first, ids) VALUES(?, last_insert_rowid(), ?, ?)"},
      {reply_, "reply",
       "INSERT INTO reply(provider, text, class, rule, suppress, count, first, last, sample, "
       "stage) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
       "class = excluded.class, rule = excluded.rule, suppress = excluded.suppress, "
       "count = excluded.count, first = excluded.first, last = excluded.last, "
       "sample = excluded.sample, stage = excluded.stage"},
      {guard_, "guard",
       "INSERT INTO guard(provider, state, time) VALUES(?, ?, ?) "
       "ON CONFLICT DO UPDATE SET state = excluded.state, time = excluded.time"},
      {erase_flow_, "flow", "DELETE FROM flow WHERE sender = ? AND provider = ?"},
      {erase_queued_, "queued",
       "DELETE FROM queued WHERE instance = ? AND queue_id = ? AND recipient = ?"},
      {erase_message_, "message", "DELETE FROM message WHERE instance = ? AND queue_id = ?"},
      {erase_message_queued_, "queued", "DELETE FROM queued WHERE instance = ? AND queue_id = ?"},
      {erase_held_, "held", "DELETE FROM held WHERE queue_id = ?"},
      {erase_entry_, "suppression", "DELETE FROM suppression WHERE key = ? AND sender = ?"},
      {erase_evidence_, "evidence", "DELETE FROM evidence WHERE key = ? AND sender = ?"},
      {erase_reply_, "reply", "DELETE FROM reply WHERE provider = ? AND text = ?"},
      {erase_guard_, "guard", "DELETE FROM guard WHERE provider = ?"},
      {prune_reports_, "seen_report",
       "DELETE FROM seen_report WHERE identity IN "
       "(SELECT identity FROM seen_report WHERE time < ? LIMIT ?)"},
      {prune_messages_, "message",
       "DELETE FROM message WHERE (instance, queue_id) IN "
       "(SELECT instance, queue_id FROM message WHERE seen_at < ? LIMIT ?)"},
      {prune_tokens_, "token",
       "DELETE FROM token WHERE token IN (SELECT token FROM token WHERE time < ? LIMIT ?)"},
      {prune_events_data_, "events_data",
       "DELETE FROM events_data WHERE id IN "
       "(SELECT id FROM events WHERE last < ? ORDER BY last, id LIMIT ?)"},
      {prune_events_, "events",
       "DELETE FROM events WHERE (last, id) IN "
       "(SELECT last, id FROM events WHERE last < ? ORDER BY last, id LIMIT ?)"},
      {prune_replies_, "reply",
       "DELETE FROM reply WHERE rowid IN (SELECT rowid FROM reply WHERE last < ? LIMIT ?)"},
      {prune_changes_, "change",
       "DELETE FROM change WHERE id > ? AND id <= ? AND time < ? AND NOT EXISTS "
       "(SELECT 1 FROM suppression WHERE suppression.key = change.key)"},
      {prune_evidence_, "evidence",
       "DELETE FROM evidence WHERE key = ? AND sender = ? AND hard_bounces = ? "
       "AND unknown_domain_days = ? AND soft_days = ? AND EXISTS "
       "(SELECT 1 FROM suppression s WHERE s.key = evidence.key AND s.sender = evidence.sender "
       "AND s.until < ?)"},
  };
  for (const auto& item : all) {
    if (auto ok = connection.prepare(item.statement, item.table, 0, item.sql); !ok) {
      return ok;
    }
  }
  return base::Ok{};
}

struct Writer::Visitor {
  Writer& w;

  base::Result<> operator()(const FlowRecord& r) const {
    const std::string state = ramp::encode(r.state);
    return w.flow_.bind(r.key.sender, r.key.provider, Blob{state}, r.leased, r.leased_at).run();
  }
  base::Result<> operator()(const HostFlowRecord& r) const {
    const std::string state = ramp::encode(r.state);
    return w.host_flow_.bind(r.provider, Blob{state}, r.leased, r.leased_at).run();
  }
  base::Result<> operator()(const SenderRecord& r) const {
    const std::string health = ramp::encode(r.health);
    return w.sender_.bind(r.sender, Blob{health}, r.first_seen).run();
  }
  base::Result<> operator()(const QueuedRecord& r) const {
    return w.queued_
        .bind(r.instance, r.queue_id, r.recipient, r.flow.sender, r.flow.provider, r.standing,
              r.transaction_recipients, r.admitted_at)
        .run();
  }
  base::Result<> operator()(const MessageRecord& r) const {
    return w.message_
        .bind(r.instance, r.queue_id, r.sender, r.envelope_sender, r.seen_at, r.admitted_here,
              r.source)
        .run();
  }
  base::Result<> operator()(const HeldRecord& r) const {
    const std::string recipients = format_strings(r.recipients);
    const std::string providers = format_strings(r.providers);
    const std::string charged_at = format_times(r.charged_at);
    return w.held_
        .bind(r.queue_id, r.sender, recipients, providers, r.reason, r.held_at, r.transactional,
              r.waits_for, r.state, charged_at)
        .run();
  }
  base::Result<> operator()(const CursorRecord& r) const {
    return w.cursor_
        .bind(r.source, r.device, r.inode, r.offset, r.fingerprint, r.fingerprint_size,
              Blob{r.reader_state})
        .run();
  }
  base::Result<> operator()(const DomainProviderRecord& r) const {
    return w.domain_provider_.bind(r.domain, r.provider, r.seen_at).run();
  }
  base::Result<> operator()(const SeenReportRecord& r) const {
    return w.seen_report_.bind(r.identity, r.time).run();
  }
  base::Result<> operator()(const TokenRecord& r) const {
    const TokenBytes token = *parse_token(r.token);
    const std::string recipients = format_strings(r.recipients);
    return w.token_
        .bind(Blob{{token.data(), token.size()}}, r.instance, r.queue_id, r.sender, recipients,
              r.time)
        .run();
  }
  base::Result<> operator()(const EventsRecord& r) const {
    const std::string ids = pack_ids(r.ids);
    auto inserted = w.events_data_.bind(Blob{r.data}).run();
    return inserted ? w.events_.bind(r.last, r.first, Blob{ids}).run() : inserted;
  }
  base::Result<> operator()(const ReplyRecord& r) const {
    return w.reply_
        .bind(r.provider, r.text, r.reply_class, r.rule, r.suppress, r.count, r.first, r.last,
              r.sample, r.stage)
        .run();
  }
  base::Result<> operator()(const GuardRecord& r) const {
    return w.guard_.bind(r.provider, r.state, r.time).run();
  }
  base::Result<> operator()(const suppression::Entry& r) const {
    return w.entry_
        .bind(r.key, r.sender, r.reason, r.evidence, r.queue_id, r.rule, r.since, r.until,
              r.pending)
        .run();
  }
  base::Result<> operator()(const suppression::Evidence& r) const {
    const std::string unknown_domain_days = format_days(r.unknown_domain_days);
    const std::string soft_days = format_days(r.soft_days);
    return w.evidence_.bind(r.key, r.sender, r.hard_bounces, unknown_domain_days, soft_days).run();
  }
  base::Result<> operator()(const suppression::Change& r) const {
    auto inserted =
        w.change_.bind(r.key, r.time, r.kind, r.sender, r.reason, r.origin, r.text).run();
    return inserted ? w.trim_changes_.bind(r.key, kHistoryMax).run() : inserted;
  }
  base::Result<> operator()(const EraseFlow& e) const {
    return w.erase_flow_.bind(e.key.sender, e.key.provider).run();
  }
  base::Result<> operator()(const EraseQueued& e) const {
    return w.erase_queued_.bind(e.instance, e.queue_id, e.recipient).run();
  }
  base::Result<> operator()(const EraseMessage& e) const {
    auto erased = w.erase_message_.bind(e.instance, e.queue_id).run();
    return erased ? w.erase_message_queued_.bind(e.instance, e.queue_id).run() : erased;
  }
  base::Result<> operator()(const EraseHeld& e) const {
    return w.erase_held_.bind(e.queue_id).run();
  }
  base::Result<> operator()(const EraseSuppression& e) const {
    return w.erase_entry_.bind(e.key, e.sender).run();
  }
  base::Result<> operator()(const EraseEvidence& e) const {
    return w.erase_evidence_.bind(e.key, e.sender).run();
  }
  base::Result<> operator()(const EraseReply& e) const {
    return w.erase_reply_.bind(e.provider, e.text).run();
  }
  base::Result<> operator()(const EraseGuard& e) const {
    return w.erase_guard_.bind(e.provider).run();
  }
};

base::Result<> Writer::apply(const Operation& operation) {
  return std::visit(Visitor{*this}, operation);
}

base::Result<std::int64_t> Writer::prune_chunk(Connection& connection,
                                               Aged kind,
                                               base::WallTime before) {
  Statement* statement = nullptr;
  switch (kind) {
    case Aged::SeenReports:
      statement = &prune_reports_;
      break;
    case Aged::Messages:
      statement = &prune_messages_;
      break;
    case Aged::Tokens:
      statement = &prune_tokens_;
      break;
    case Aged::Events:
      // The data first: their numbers are found in the other table.
      if (auto done = prune_events_data_.bind(before, kPruneChunk).run(); !done) {
        return done.error();
      }
      statement = &prune_events_;
      break;
    case Aged::Replies:
      statement = &prune_replies_;
      break;
  }
  if (auto done = statement->bind(before, kPruneChunk).run(); !done) {
    return done.error();
  }
  return connection.changes();
}

base::Result<> Writer::prune_changes(std::int64_t after, std::int64_t last, base::WallTime before) {
  return prune_changes_.bind(after, last, before).run();
}

base::Result<> Writer::prune_evidence(const suppression::Evidence& evidence,
                                      base::WallTime before) {
  const std::string unknown_domain_days = format_days(evidence.unknown_domain_days);
  const std::string soft_days = format_days(evidence.soft_days);
  return prune_evidence_
      .bind(evidence.key, evidence.sender, evidence.hard_bounces, unknown_domain_days, soft_days,
            before)
      .run();
}

}  // namespace rampart::store::sqlite
