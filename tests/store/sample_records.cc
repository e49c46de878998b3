#include "sample_records.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace rampart::store {
namespace {

// Bytes that a careless store would cut, fold or refuse.
const std::string kOdd{"a\0b'\"\xff\xc3%_\n", 11};

const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> kKeys = {
      "a@example.org",  "A@example.org",  "b@example.org",  "@example.org",
      "0@each.example", "1@each.example", "2@each.example", kOdd};
  return kKeys;
}
const std::vector<std::string>& known_senders() {
  static const std::vector<std::string> kSenders = {"", "one.example", "two.example"};
  return kSenders;
}

template <class T>
void append(std::vector<T>& all, std::vector<T> some) {
  all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
}

}  // namespace

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "rampart-store-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("no temporary directory");
  }
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

base::WallTime at(std::int64_t n) {
  return base::WallTime{base::Micros{1'795'219'200'000'000 + n}};
}

FlowRecord flow(std::string sender, std::string provider, std::uint32_t n) {
  FlowRecord record{.key = {std::move(sender), std::move(provider)},
                    .state = {},
                    .leased = n,
                    .leased_at = at(n)};
  record.state.used[3] = n % 1000;
  record.state.hour_at = 498'672 + n % 1000;
  record.state.peaks[0] = {.day = 20'000, .got = n % 1000};
  record.state.pause_until = at(n + 5);
  record.state.careful = n % 2 == 0;
  return record;
}

HostFlowRecord host_flow(std::string provider, std::uint32_t n) {
  HostFlowRecord record{
      .provider = std::move(provider), .state = {}, .leased = n, .leased_at = at(n)};
  record.state.flow.got[7] = n;
  record.state.senders.push_back({.sender = "one.example", .last_bad = at(n), .last_ok = at(1)});
  return record;
}

SenderRecord sender(std::string name, std::uint32_t n) {
  SenderRecord record{.sender = std::move(name), .health = {}, .first_seen = at(n)};
  record.health.n = n * 1.5;
  record.health.bad = 0.1;
  record.health.stop_until = at(n);
  return record;
}

QueuedRecord queued(std::string instance, std::string queue_id, std::string recipient) {
  return {.instance = std::move(instance),
          .queue_id = std::move(queue_id),
          .recipient = std::move(recipient),
          .flow = {"one.example", "gmail"},
          .standing = ramp::Standing::Deferred,
          .transaction_recipients = 0xFFFFFFFF,
          .admitted_at = at(8)};
}

MessageRecord message(std::string instance, std::string queue_id, std::int64_t time) {
  return {.instance = std::move(instance),
          .queue_id = std::move(queue_id),
          .sender = "one.example",
          .envelope_sender = "news@one.example",
          .seen_at = at(time),
          .admitted_here = time % 2 == 0,
          .source = time % 3 == 0 ? "" : "/var/log/mail.log"};
}

HeldRecord held(std::string queue_id, std::uint32_t n) {
  HeldRecord record{
      .queue_id = std::move(queue_id),
      .sender = "one.example",
      .recipients = {"a@example.org", "", kOdd},
      .providers = {"gmail", "", "x,3:y"},
      .reason = "day",
      .held_at = at(n),
      .transactional = n % 2 == 1,
      .waits_for = n % 5 == 0 ? HeldRecord::WaitsFor::Person : HeldRecord::WaitsFor::Volume,
      .state = n % 3 == 0 ? HeldRecord::State::Releasing : HeldRecord::State::Waiting,
      .charged_at = {at(n), base::WallTime{}, at(2)}};
  record.recipients.resize(n % 4);
  record.providers.resize(n % 4);
  record.charged_at.resize(n % 4);
  return record;
}

CursorRecord cursor(std::string source, std::uint64_t n) {
  return {.source = std::move(source),
          .device = 0xFFFFFFFFFFFFFFFF - n,
          .inode = n,
          .offset = 1'000'000 * n,
          .fingerprint = 0x8000000000000000 + n,
          .fingerprint_size = 0xFFFFFFFF,
          .reader_state = kOdd};
}

TokenRecord token(std::uint32_t n, std::int64_t time) {
  std::string digits = std::to_string(n);
  digits.insert(0, 32 - digits.size(), 'e');
  return {.token = std::move(digits),
          .instance = "postfix-2",
          .queue_id = "Q" + std::to_string(n),
          .sender = "one.example",
          .recipients = {"a@example.org", "", kOdd},
          .time = at(time)};
}

EventsRecord events(std::vector<std::uint32_t> ids, std::int64_t first, std::int64_t last) {
  return {.first = at(first),
          .last = at(last),
          .ids = std::move(ids),
          .data = kOdd + std::to_string(first) + "-" + std::to_string(last)};
}

ReplyRecord reply(std::string provider, std::string text, std::uint32_t n) {
  return {.provider = std::move(provider),
          .text = std::move(text),
          .reply_class = "mailbox_unknown",
          .rule = "user-unknown",
          .suppress = n % 2 == 0,
          .count = 0xFFFFFFFFFFFFFFFF - n,
          .first = at(1),
          .last = at(n),
          .sample = kOdd,
          .stage = "rcpt"};
}

GuardRecord guard(std::string provider, std::uint32_t n) {
  return {.provider = std::move(provider), .state = std::to_string(n) + kOdd, .time = at(n)};
}

suppression::Entry entry(std::string key, std::string sender) {
  return {.key = std::move(key),
          .sender = std::move(sender),
          .reason = suppression::Reason::Hard,
          .evidence = "550 5.1.1 " + kOdd,
          .queue_id = "4Xk2Pq1z9Rz",
          .rule = "user-unknown",
          .since = at(1),
          .until = std::nullopt,
          .pending = ""};
}

suppression::Evidence evidence(std::string key, std::string sender) {
  return {.key = std::move(key),
          .sender = std::move(sender),
          .hard_bounces = 1,
          .unknown_domain_days = {-3, 0, 20'000},
          .soft_days = {19'000, 2'147'483'647}};
}

suppression::Change change(std::string key, std::int64_t time, std::string text) {
  return {.kind = suppression::Change::Kind::Contradicted,
          .key = std::move(key),
          .sender = "one.example",
          .reason = suppression::Reason::Complaint,
          .time = at(time),
          .origin = "operator root",
          .text = std::move(text)};
}

std::vector<Operation> one_of_each(std::uint32_t n) {
  const std::string id = std::to_string(n);
  return {
      flow("s" + id, "gmail", n),
      host_flow("p" + id, n),
      sender("s" + id, n),
      queued("", "Q" + id, "u@example.org"),
      message("", "Q" + id, n),
      held("H" + id, n),
      cursor("/var/log/mail.log." + id, n),
      DomainProviderRecord{.domain = "d" + id + ".example", .provider = "gmail", .seen_at = at(n)},
      SeenReportRecord{.identity = 0xFFFFFFFFFFFFFFF0 + n, .time = at(n)},
      token(n, n),
      events({n, 1000}, n, n + 5),
      reply("gmail", "550 " + id, n),
      guard("p" + id, n),
      entry(id + "@each.example"),
      evidence(id + "@each.example"),
      change(id + "@each.example", n)};
}

Operation random_operation(std::mt19937& random) {
  const auto below = [&random](std::uint32_t n) {
    return static_cast<std::uint32_t>(random() % n);
  };
  const std::string key = known_keys()[below(4)];
  const std::string owner = known_senders()[below(3)];
  const std::string id = "Q" + std::to_string(below(3));
  const std::string instance = below(2) == 0 ? "" : "postfix-2";
  const std::uint32_t n = below(1000);
  switch (below(24)) {
    case 0:
      return flow(owner, id, n);
    case 1:
      return host_flow(id, n);
    case 2:
      return sender(owner, n);
    case 3:
      return queued(instance, id, key);
    case 4:
      return message(instance, id, n);
    case 5:
      return held(id, n);
    case 6:
      return cursor(id, n);
    case 7:
      return DomainProviderRecord{.domain = id, .provider = owner, .seen_at = at(n)};
    case 8:
      return SeenReportRecord{.identity = std::uint64_t{0} - below(5), .time = at(n)};
    case 9: {
      suppression::Entry record = entry(key, owner);
      record.reason = static_cast<suppression::Reason>(below(5));
      if (below(2) == 0) {
        record.until = at(below(1000));
      }
      record.pending = std::vector<std::string>{"", "gmail", "*"}[below(3)];
      return record;
    }
    case 10: {
      suppression::Evidence record = evidence(key, owner);
      record.soft_days.clear();
      record.unknown_domain_days = {static_cast<std::int32_t>(20'776 + below(4))};
      return record;
    }
    case 11:
      return change(key, below(20), std::to_string(n));
    case 12:
      return EraseFlow{{owner, id}};
    case 13:
      return EraseQueued{instance, id, key};
    case 14:
      return EraseMessage{instance, id};
    case 15:
      return EraseHeld{id};
    case 16:
      return EraseSuppression{key, owner};
    case 17:
      return EraseEvidence{key, owner};
    case 18:
      return token(below(5), n);
    case 19:
      return events({below(3), 3 + below(3)}, below(1000), n);
    case 20:
      return reply(owner, id, n);
    case 21:
      return guard(owner, n);
    case 22:
      return EraseReply{owner, id};
    default:
      return EraseGuard{owner};
  }
}

bool operator==(const Contents& a, const Contents& b) {
  const auto all = [](const Contents& c) {
    const Snapshot& s = c.snapshot;
    return std::tie(s.flows, s.host_flows, s.senders, s.queued, s.messages, s.held, s.cursors,
                    s.domain_providers, s.seen_reports, s.evidence, s.replies, s.guards, c.entries,
                    c.evidence, c.changes, c.count, c.keys, c.tokens, c.events);
  };
  return all(a) == all(b);
}

Contents contents(StateStore& store) {
  Contents all;
  auto snapshot = store.load();
  auto entries =
      store.list_suppressions({.contains = "", .reason = {}, .after = "", .limit = 1000});
  auto count = store.count_suppressions();
  if (!snapshot || !entries || !count) {
    throw std::runtime_error("the store cannot be read");
  }
  all.snapshot = std::move(*snapshot);
  std::sort(all.snapshot.seen_reports.begin(), all.snapshot.seen_reports.end(),
            [](const auto& a, const auto& b) { return a.identity < b.identity; });
  all.entries = std::move(*entries);
  all.count = *count;
  for (const std::string& key : known_keys()) {
    append(all.changes, *store.history(key));
    for (const std::string& owner : known_senders()) {
      if (const auto found = *store.find_evidence(key, owner)) {
        all.evidence.push_back(*found);
      }
    }
  }
  for (std::uint32_t n = 0; n < 5; ++n) {
    if (const auto found = *store.find_token(token(n).token)) {
      all.tokens.push_back(*found);
    }
  }
  for (const std::uint32_t id : {0U, 1U, 2U, 3U, 4U, 5U, 1000U}) {
    append(all.events, *store.find_events(id, base::WallTime{}));
    append(all.events, *store.find_events(id, at(500)));
  }
  const auto walked =
      store.for_each_suppression_key([&](std::string_view key) { all.keys.emplace_back(key); });
  if (!walked) {
    throw std::runtime_error(walked.error().what);
  }
  std::sort(all.keys.begin(), all.keys.end());
  return all;
}

std::unique_ptr<StateStore> open_store(Kind kind, const TempDir& dir, FaultPoint fault) {
  if (kind == Kind::Memory) {
    return open_memory_with(std::move(fault));
  }
  auto store = open_sqlite_with(dir.file("state.db"),
                                {.fault = std::move(fault), .vfs = "", .checkpoint_pages = 0});
  if (!store) {
    throw std::runtime_error(store.error().what);
  }
  return std::move(*store);
}

}  // namespace rampart::store
