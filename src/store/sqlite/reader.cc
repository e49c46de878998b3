#include "reader.h"

#include <algorithm>
#include <utility>

#include "rampart/base/text.h"
#include "rampart/ramp/codec.h"

#include "rules.h"
#include "text_list.h"

namespace rampart::store::sqlite {
namespace {

// What a column holds in a spelling of its own, or nothing and a mark on the row.
template <class T>
T unwrap(Row& row, std::optional<T> value) {
  if (!value) {
    row.mark_damaged();
    return T{};
  }
  return std::move(*value);
}

suppression::Reason reason(Row& row, int column) {
  return row.enumerator(column, suppression::Reason::Complaint);
}

suppression::Entry entry(Row& row) {
  return {.key = row.text(0),
          .sender = row.text(1),
          .reason = reason(row, 2),
          .evidence = row.text(3),
          .queue_id = row.text(4),
          .rule = row.text(5),
          .since = row.time(6),
          .until = row.is_null(7) ? std::nullopt : std::optional{row.time(7)},
          .pending = row.text(8)};
}

suppression::Evidence evidence(Row& row) {
  return {.key = row.text(0),
          .sender = row.text(1),
          .hard_bounces = row.count(2),
          .unknown_domain_days = unwrap(row, parse_days(row.view(3))),
          .soft_days = unwrap(row, parse_days(row.view(4)))};
}

suppression::Change change(Row& row) {
  return {.kind = row.enumerator(2, suppression::Change::Kind::Confirmed),
          .key = row.text(0),
          .sender = row.text(3),
          .reason = reason(row, 4),
          .time = row.time(1),
          .origin = row.text(5),
          .text = row.text(6)};
}

// One chunk of a walk: starts the statement behind the place, and moves the place along.
class Walk {
 public:
  explicit Walk(Place& place) : place_(place), from_(place) {}
  Statement& start(Statement& statement) {
    // A BLOB sorts behind every TEXT, and so behind every sender.
    return from_.all_senders ? statement.bind(from_.key, Blob{}, kWalkChunk)
                             : statement.bind(from_.key, from_.sender, kWalkChunk);
  }
  void pass(Row& row) {
    place_.key = row.text(0);
    place_.sender = row.text(1);
    place_.all_senders = false;
    ++rows_;
  }
  void end() { place_.finished = rows_ < kWalkChunk; }

 private:
  Place& place_;
  const Place from_;  // what is bound must outlive the statement's run
  std::int64_t rows_ = 0;
};

}  // namespace

base::Result<> Reader::prepare(Connection& connection) {
  const struct {
    Statement& statement;
    const char* table;
    int key_columns;
    const char* sql;
  } all[] = {
      {flows_, "flow", 2,
       "SELECT sender, provider, state, leased, leased_at FROM flow ORDER BY sender, provider"},
      {host_flows_, "host_flow", 1,
       "SELECT provider, state, leased, leased_at FROM host_flow ORDER BY provider"},
      {senders_, "sender", 1, "SELECT sender, health, first_seen FROM sender ORDER BY sender"},
      {queued_, "queued", 3,
       "SELECT instance, queue_id, recipient, sender, provider, standing, "
       "transaction_recipients, admitted_at FROM queued ORDER BY instance, queue_id, recipient"},
      {messages_, "message", 2,
       "SELECT instance, queue_id, sender, envelope_sender, seen_at, admitted_here, source "
       "FROM message ORDER BY instance, queue_id"},
      {held_, "held", 1,
       "SELECT queue_id, sender, recipients, providers, reason, held_at, transactional, waits_for, "
       "state, charged_at FROM held ORDER BY queue_id"},
      {cursors_, "cursor", 1,
       "SELECT source, device, inode, offset, fingerprint, fingerprint_size, reader_state "
       "FROM cursor ORDER BY source"},
      {domain_providers_, "domain_provider", 1,
       "SELECT domain, provider, seen_at FROM domain_provider ORDER BY domain"},
      {seen_reports_, "seen_report", 1, "SELECT identity, time FROM seen_report"},
      {all_evidence_, "evidence", 2,
       "SELECT key, sender, hard_bounces, unknown_domain_days, soft_days FROM evidence "
       "ORDER BY key, sender"},
      {entries_, "suppression", 2,
       "SELECT key, sender, reason, evidence, queue_id, rule, since, until, pending "
       "FROM suppression WHERE key = ? ORDER BY sender"},
      {evidence_, "evidence", 2,
       "SELECT key, sender, hard_bounces, unknown_domain_days, soft_days FROM evidence "
       "WHERE key = ? AND sender = ?"},
      {changes_, "change", 1,
       "SELECT key, time, kind, sender, reason, origin, text FROM change WHERE key = ? "
       "ORDER BY time DESC, id DESC LIMIT ?"},
      {count_entries_, "suppression", 0, "SELECT count(*) FROM suppression"},
      {walk_entries_, "suppression", 2,
       "SELECT key, sender, reason, evidence, queue_id, rule, since, until, pending "
       "FROM suppression WHERE (key, sender) > (?, ?) ORDER BY key, sender LIMIT ?"},
      {walk_pending_, "suppression", 2,
       "SELECT key, sender, reason, evidence, queue_id, rule, since, until, pending "
       "FROM suppression INDEXED BY suppression_pending "
       "WHERE pending <> '' AND (key, sender) > (?, ?) ORDER BY key, sender LIMIT ?"},
      {walk_evidence_, "evidence", 2,
       "SELECT key, sender, hard_bounces, unknown_domain_days, soft_days, "
       "(SELECT until FROM suppression s WHERE s.key = e.key AND s.sender = e.sender) "
       "FROM evidence e WHERE (key, sender) > (?, ?) ORDER BY key, sender LIMIT ?"},
      {changes_chunk_, "change", 1,
       "SELECT id FROM change WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?"},
      {replies_, "reply", 2,
       "SELECT provider, text, class, rule, suppress, count, first, last, sample, stage "
       "FROM reply ORDER BY provider, text"},
      {guards_, "guard", 1, "SELECT provider, state, time FROM guard ORDER BY provider"},
      {token_, "token", 1,
       "SELECT lower(hex(token)), instance, queue_id, sender, recipients, time FROM token "
       "WHERE token = ?"},
      {walk_events_, "events", 2,
       "SELECT last, id, first, ids FROM events WHERE (last, id) > (?, ?) "
       "ORDER BY last, id LIMIT ?"},
      {events_data_, "events_data", 0, "SELECT data FROM events_data WHERE id = ?"},
  };
  for (const auto& item : all) {
    if (auto ok = connection.prepare(item.statement, item.table, item.key_columns, item.sql); !ok) {
      return ok;
    }
  }
  return base::Ok{};
}

base::Result<Snapshot> Reader::load(Connection& connection) {
  // One transaction: all tables as of the same commit. Ended by a rollback, as nothing was written.
  if (auto begun = connection.execute("BEGIN"); !begun) {
    return begun.error();
  }
  Snapshot snapshot;
  auto done = load_ramp(snapshot);
  if (done) {
    done = load_queue(snapshot);
  }
  if (done) {
    done = load_sources(snapshot);
  }
  if (done) {
    done = load_replies(snapshot);
  }
  if (connection.in_transaction()) {
    static_cast<void>(connection.execute("ROLLBACK"));
  }
  if (!done) {
    return done.error();
  }
  return snapshot;
}

base::Result<> Reader::load_ramp(Snapshot& snapshot) {
  auto done = flows_.each([&](Row& row) {
    snapshot.flows.push_back({.key = {row.text(0), row.text(1)},
                              .state = unwrap(row, ramp::decode_flow(row.view(2))),
                              .leased = row.count(3),
                              .leased_at = row.time(4)});
    return true;
  });
  if (!done) {
    return done;
  }
  done = host_flows_.each([&](Row& row) {
    snapshot.host_flows.push_back({.provider = row.text(0),
                                   .state = unwrap(row, ramp::decode_host_flow(row.view(1))),
                                   .leased = row.count(2),
                                   .leased_at = row.time(3)});
    return true;
  });
  if (!done) {
    return done;
  }
  return senders_.each([&](Row& row) {
    snapshot.senders.push_back({.sender = row.text(0),
                                .health = unwrap(row, ramp::decode_health(row.view(1))),
                                .first_seen = row.time(2)});
    return true;
  });
}

base::Result<> Reader::load_queue(Snapshot& snapshot) {
  auto done = queued_.each([&](Row& row) {
    snapshot.queued.push_back({.instance = row.text(0),
                               .queue_id = row.text(1),
                               .recipient = row.text(2),
                               .flow = {row.text(3), row.text(4)},
                               .standing = row.enumerator(5, ramp::Standing::Neither),
                               .transaction_recipients = row.count(6),
                               .admitted_at = row.time(7)});
    return true;
  });
  if (!done) {
    return done;
  }
  done = messages_.each([&](Row& row) {
    snapshot.messages.push_back({.instance = row.text(0),
                                 .queue_id = row.text(1),
                                 .sender = row.text(2),
                                 .envelope_sender = row.text(3),
                                 .seen_at = row.time(4),
                                 .admitted_here = row.boolean(5),
                                 .source = row.text(6)});
    return true;
  });
  if (!done) {
    return done;
  }
  return held_.each([&](Row& row) {
    snapshot.held.push_back({.queue_id = row.text(0),
                             .sender = row.text(1),
                             .recipients = unwrap(row, parse_strings(row.view(2))),
                             .providers = unwrap(row, parse_strings(row.view(3))),
                             .reason = row.text(4),
                             .held_at = row.time(5),
                             .transactional = row.boolean(6),
                             .waits_for = row.enumerator(7, HeldRecord::WaitsFor::Person),
                             .state = row.enumerator(8, HeldRecord::State::Releasing),
                             .charged_at = unwrap(row, parse_times(row.view(9)))});
    return true;
  });
}

base::Result<> Reader::load_sources(Snapshot& snapshot) {
  auto done = cursors_.each([&](Row& row) {
    snapshot.cursors.push_back({.source = row.text(0),
                                .device = row.bits(1),
                                .inode = row.bits(2),
                                .offset = row.bits(3),
                                .fingerprint = row.bits(4),
                                .fingerprint_size = row.count(5),
                                .reader_state = row.text(6)});
    return true;
  });
  if (!done) {
    return done;
  }
  done = domain_providers_.each([&](Row& row) {
    snapshot.domain_providers.push_back(
        {.domain = row.text(0), .provider = row.text(1), .seen_at = row.time(2)});
    return true;
  });
  if (!done) {
    return done;
  }
  done = seen_reports_.each([&](Row& row) {
    snapshot.seen_reports.push_back({.identity = row.bits(0), .time = row.time(1)});
    return true;
  });
  if (!done) {
    return done;
  }
  return all_evidence_.each([&](Row& row) {
    snapshot.evidence.push_back(evidence(row));
    return true;
  });
}

base::Result<> Reader::load_replies(Snapshot& snapshot) {
  auto done = replies_.each([&](Row& row) {
    snapshot.replies.push_back({.provider = row.text(0),
                                .text = row.text(1),
                                .reply_class = row.text(2),
                                .rule = row.text(3),
                                .suppress = row.boolean(4),
                                .count = row.bits(5),
                                .first = row.time(6),
                                .last = row.time(7),
                                .sample = row.text(8),
                                .stage = row.text(9)});
    return true;
  });
  if (!done) {
    return done;
  }
  return guards_.each([&](Row& row) {
    snapshot.guards.push_back({.provider = row.text(0), .state = row.text(1), .time = row.time(2)});
    return true;
  });
}

base::Result<std::vector<suppression::Entry>> Reader::find_entries(std::string_view key) {
  std::vector<suppression::Entry> found;
  auto done = entries_.bind(key).each([&](Row& row) {
    found.push_back(entry(row));
    return true;
  });
  if (!done) {
    return done.error();
  }
  return found;
}

base::Result<std::optional<suppression::Evidence>> Reader::find_evidence(std::string_view key,
                                                                         std::string_view sender) {
  std::optional<suppression::Evidence> found;
  auto done = evidence_.bind(key, sender).each([&](Row& row) {
    found = evidence(row);
    return true;
  });
  if (!done) {
    return done.error();
  }
  return found;
}

base::Result<std::vector<suppression::Change>> Reader::find_changes(std::string_view key) {
  std::vector<suppression::Change> found;
  auto done = changes_.bind(key, kHistoryMax).each([&](Row& row) {
    found.push_back(change(row));
    return true;
  });
  if (!done) {
    return done.error();
  }
  std::reverse(found.begin(), found.end());
  return found;
}

base::Result<std::uint64_t> Reader::count_entries() {
  std::uint64_t count = 0;
  auto done = count_entries_.each([&](Row& row) {
    count = row.bits(0);
    return true;
  });
  if (!done) {
    return done.error();
  }
  return count;
}

base::Result<std::optional<TokenRecord>> Reader::find_token(const TokenBytes& token) {
  std::optional<TokenRecord> found;
  auto done = token_.bind(Blob{{token.data(), token.size()}}).each([&](Row& row) {
    found = {.token = row.text(0),
             .instance = row.text(1),
             .queue_id = row.text(2),
             .sender = row.text(3),
             .recipients = unwrap(row, parse_strings(row.view(4))),
             .time = row.time(5)};
    return true;
  });
  if (!done) {
    return done.error();
  }
  return found;
}

base::Result<> Reader::walk_entries(Place& place,
                                    const SuppressionFilter& filter,
                                    std::vector<suppression::Entry>& page) {
  Walk walk(place);
  bool full = false;
  const bool pending = filter.pending.value_or(!filter.pending_at.empty());
  auto done = walk.start(pending ? walk_pending_ : walk_entries_).each([&](Row& row) {
    // A page ends between keys: the next one begins above its last key.
    full = page.size() >= filter.limit && (page.empty() || page.back().key != row.view(0));
    if (full) {
      return false;
    }
    walk.pass(row);
    if (is_wanted(filter, reason(row, 2), row.view(8)) &&
        base::contains_ignoring_case(row.view(0), filter.contains)) {
      page.push_back(entry(row));
    }
    return true;
  });
  walk.end();
  place.finished = place.finished || full;
  return done;
}

base::Result<> Reader::walk_keys(Place& place, std::vector<std::string>& keys) {
  Walk walk(place);
  auto done = walk.start(walk_entries_).each([&](Row& row) {
    walk.pass(row);
    keys.push_back(row.text(0));
    return true;
  });
  walk.end();
  return done;
}

base::Result<> Reader::walk_outdated_evidence(Place& place,
                                              base::WallTime before,
                                              std::vector<suppression::Evidence>& found) {
  Walk walk(place);
  auto done = walk.start(walk_evidence_).each([&](Row& row) {
    walk.pass(row);
    if (!row.is_null(5) && row.time(5) < before) {
      suppression::Evidence item = evidence(row);
      if (is_over(item, row.time(5))) {
        found.push_back(std::move(item));
      }
    }
    return true;
  });
  walk.end();
  return done;
}

base::Result<std::int64_t> Reader::end_of_changes_chunk(std::int64_t after) {
  std::int64_t last = kNoMoreChanges;
  auto done = changes_chunk_.bind(after, kWalkChunk - 1).each([&](Row& row) {
    last = row.integer(0);
    return true;
  });
  if (!done) {
    return done.error();
  }
  return last;
}

base::Result<> Reader::walk_events(EventsPlace& place,
                                   std::uint32_t id,
                                   std::vector<FoundEvents>& found) {
  const EventsPlace from = place;
  std::int64_t rows = 0;
  base::Result<> read = base::Ok{};
  auto done = walk_events_.bind(from.last, from.id, kEventsChunk).each([&](Row& row) {
    ++rows;
    place.last = row.time(0);
    place.id = row.integer(1);
    if (!unwrap(row, contains_id(row.view(3), id))) {
      return true;
    }
    // Within the walk, so that the data is as of the same commit.
    bool there = false;
    read = events_data_.bind(place.id).each([&](Row& data) {
      found.push_back({.first = row.time(2), .id = place.id, .data = data.text(0)});
      there = true;
      return true;
    });
    if (read && !there) {
      row.mark_damaged();
    }
    return read.has_value();
  });
  place.finished = rows < kEventsChunk;
  return done ? read : done;
}

}  // namespace rampart::store::sqlite
