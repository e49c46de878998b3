// Random logs teach the same whether they are learned as they are written or long after: flows,
// host flows, domains and suppressions.

#include <cstdio>
#include <map>
#include <random>
#include <set>

#include "rampart/history/correlator.h"
#include "rampart/history/levels.h"
#include "rampart/history/suppressed.h"
#include "support/catch.h"

#include "engine/random_history.h"
#include "history/lines.h"

namespace rampart::history {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using base::Micros;
using base::WallTime;
using mail::DeliveryStatus;

constexpr WallTime kBegin{std::chrono::sys_days{std::chrono::year{2026} / 11 / 2}};

policy::Options options_of(std::uint64_t seed) {
  policy::Options options = rampart::test::strict_options();
  options.new_senders_per_day = 1'000'000;  // old logs know no new senders
  options.max_lag = 24h * 365;              // no report is missed
  options.smarthost = seed % 7 == 6;
  options.reads_notices = seed % 2 == 0;
  return options;
}

/// What two MTAs might write, and what no MTA would.
class RandomLog {
 public:
  explicit RandomLog(std::uint64_t seed)
      : random_(seed), sendmail_(seed % 3 == 0), outage_(seed % 2 == 0), now_(kBegin) {}

  report::LogLine next() {
    step_clock();
    if (!lines_.empty() && pick(40) == 0) {
      report::LogLine again = lines_[pick(lines_.size())];
      again.time = line_time();
      return again;
    }
    report::LogLine line;
    line.time = line_time();
    line.instance = sendmail_ ? "" : pick(5) == 0 ? "postfix-out" : "postfix";
    line.service = sendmail_ ? "esmtp" : "smtp";
    line.queue_id = any_id();
    line.event = any_event(line);
    lines_.push_back(line);
    return line;
  }
  /// Latest time of any line.
  [[nodiscard]] WallTime now() const { return now_; }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }

  // The service forgets what is due once a minute, so that time stands still or goes on for longer.
  void step_clock() {
    const std::size_t how = pick(100);
    if (how < 50) {
      return;
    }
    now_ += how < 90   ? Micros{61s} + 1s * static_cast<int>(pick(300))
            : how < 99 ? Micros{1h} + 1s * static_cast<int>(pick(7200))
                       : Micros{48h} + 1h * static_cast<int>(pick(100));
  }
  // Most are written at once; some sources are late, or had their clocks set.
  WallTime line_time() { return pick(20) == 0 ? now_ - 1s * static_cast<int>(pick(7200)) : now_; }

  mail::QueueId any_id() { return *mail::parse_queue_id("A" + std::to_string(1000 + pick(12))); }

  mail::Address any_recipient() {
    static constexpr std::array kDomains{"gmail.example", "outlook.example", "firm.example",
                                         "shop.example"};
    return *mail::parse_address((pick(8) == 0 ? "U" : "u") + std::to_string(pick(20)) + '@' +
                                kDomains[pick(kDomains.size())]);
  }

  mail::Relay any_relay(const mail::Domain& domain) {
    if (pick(12) == 0) {
      return {"mx.evil.example", "203.0.113.66", 25};
    }
    if (pick(12) == 0) {
      return {"", "127.0.0.1", 10024};
    }
    if (pick(12) == 0) {
      return {};  // none could be reached
    }
    const bool google = domain.text() == "gmail.example" || domain.text() == "firm.example";
    return {google ? "mx.google.example" : "mx.outlook-mx.example", "203.0.113.5", 25};
  }

  mail::Reply any_reply(DeliveryStatus status) {
    static constexpr std::array kTransient{
        "421 4.7.28 unusual rate of mail", "452 4.2.2 The mailbox is over quota", "451 not now",
        "450 4.1.1 The account does not exist", "455 4.0.0 nobody knows this"};
    static constexpr std::array kPermanent{
        "550 5.1.1 The account does not exist", "550 5.1.1 The account does not exist",
        "554 5.7.1 on our block list", "599 5.0.0 the moon is wrong"};
    static constexpr std::array kStages{mail::Stage::Rcpt, mail::Stage::Rcpt, mail::Stage::Mail,
                                        mail::Stage::EndOfData, mail::Stage::Unknown};
    const mail::Stage stage = kStages[pick(kStages.size())];
    if (status == DeliveryStatus::Sent) {
      return mail::parse_reply("250 2.0.0 Ok: queued as ABC", mail::Stage::EndOfData);
    }
    return mail::parse_reply(status == DeliveryStatus::Deferred
                                 ? kTransient[pick(kTransient.size())]
                                 : kPermanent[pick(kPermanent.size())],
                             stage);
  }

  report::Event any_delivery(report::LogLine& line) {
    report::Delivery delivery;
    delivery.recipient = any_recipient();
    if (pick(15) == 0) {
      delivery.original_recipient = any_recipient();
    }
    const std::size_t how = pick(10);
    delivery.status = how < 4   ? DeliveryStatus::Sent
                      : how < 7 ? DeliveryStatus::Deferred
                                : DeliveryStatus::Bounced;
    delivery.relay = any_relay(delivery.recipient.domain);
    // One provider's directory is away.
    const bool dead = outage_ && lines_.size() > 100 && lines_.size() < 300 &&
                      delivery.relay.host == "mx.google.example";
    if (dead) {
      delivery.status = DeliveryStatus::Bounced;
    }
    delivery.relay_none = delivery.relay.address.empty();
    delivery.leaves_host = delivery.relay.address != "127.0.0.1";
    delivery.attempted = pick(10) != 0;
    delivery.own = pick(40) == 0;
    delivery.reply = delivery.relay_none && delivery.status != DeliveryStatus::Sent
                         ? mail::Reply{0, {}, "connect to mx: Connection timed out", {}}
                         : any_reply(delivery.status);
    if (dead) {
      delivery.reply = mail::parse_reply("550 5.1.1 The account does not exist", mail::Stage::Rcpt);
    }
    delivery.text = delivery.reply.text;
    if (!delivery.leaves_host || pick(30) == 0) {
      delivery.forwarded_as = any_id();
    }
    if (!sendmail_ && pick(15) == 0) {
      line.service = pick(2) == 0 ? "local" : "error";
    }
    return delivery;
  }

  report::Event any_event(report::LogLine& line) {
    const std::size_t how = pick(100);
    if (how < 25) {
      static constexpr std::array kSenders{"news@a.example", "x@b.example", "y@mail.b.example", ""};
      return report::QueueActive{*mail::parse_address(kSenders[pick(kSenders.size())]),
                                 static_cast<std::uint32_t>(1 + pick(3))};
    }
    if (how < 80) {
      return any_delivery(line);
    }
    if (how < 85) {
      return report::RefusedToTalk{any_relay(*mail::parse_domain("gmail.example")),
                                   any_reply(DeliveryStatus::Deferred)};
    }
    if (how < 88) {
      return report::Requeued{any_id()};
    }
    if (how < 92) {
      return report::Cloned{any_id()};
    }
    if (how < 94) {
      return report::Expired{};
    }
    if (how < 98) {
      return report::Removed{};
    }
    return report::Deleted{};
  }

  std::mt19937_64 random_;
  bool sendmail_;
  bool outage_;
  WallTime now_;
  std::vector<report::LogLine> lines_;
};

/// What old logs, or the service, remember in the end.
struct Learned {
  std::map<ramp::FlowKey, ramp::Flow> flows;
  std::map<std::string, ramp::Flow> hosts;
  std::map<std::string, std::string> domains;
  std::set<std::string> suppressed;
  std::size_t failures = 0;
};

Learned learn_live(const std::vector<report::LogLine>& lines, const policy::Options& options) {
  rampart::test::Bench bench(options);
  bench.clock.set_wall(kBegin);
  WallTime now = kBegin;
  store::CursorRecord cursor;
  cursor.source = "log";
  for (const report::LogLine& line : lines) {
    if (line.time > now) {
      now = line.time;
      bench.clock.set_wall(now);
      bench.see_feed();
    }
    ++cursor.offset;
    bench.engine->learn(std::span(&line, 1), cursor);
  }
  REQUIRE(bench.engine->sync(10s).has_value());
  const auto snapshot = bench.store->load();
  REQUIRE(snapshot.has_value());
  Learned learned;
  for (const store::FlowRecord& record : snapshot->flows) {
    learned.flows[record.key] = record.state;
  }
  for (const store::HostFlowRecord& record : snapshot->host_flows) {
    learned.hosts[record.provider] = record.state.flow;
  }
  for (const store::DomainProviderRecord& record : snapshot->domain_providers) {
    learned.domains[record.domain] = record.provider;
  }
  const auto entries = bench.engine->list_suppressions({});
  REQUIRE(entries.has_value());
  for (const suppression::Entry& entry : *entries) {
    if (entry.reason == suppression::Reason::Hard && entry.pending.empty() &&
        !entry.key.starts_with('@')) {
      learned.suppressed.insert(entry.key);
    }
  }
  return learned;
}

Learned learn_late(const std::vector<report::LogLine>& lines, const policy::Options& options) {
  const auto active = test::active(options);
  Correlator correlator(active);
  Levels levels(active);
  Suppressed suppressed(active);
  const Correlator::Sink sink = [&](Outcome& outcome) {
    levels.add(outcome, correlator);
    suppressed.add(outcome, outcome.time, false);
  };
  for (const report::LogLine& line : lines) {
    correlator.add(line, sink);
  }
  Learned learned;
  for (const Levels::Place& place : levels.flows()) {
    learned.flows[{correlator.senders().text(place.sender),
                   correlator.providers().text(place.provider)}] = place.history->state;
    learned.hosts[correlator.providers().text(place.provider)] = *levels.host(place.provider);
  }
  learned.domains.insert(correlator.domains().begin(), correlator.domains().end());
  learned.failures = suppressed.failures().size();
  for (const SuppressedAddress& address : suppressed.addresses()) {
    learned.suppressed.insert(address.key);
  }
  return learned;
}

// The service forgets flows that never delivered anything after days.
template <class Key>
void compare(const std::map<Key, ramp::Flow>& live, const std::map<Key, ramp::Flow>& late) {
  for (const auto& [key, flow] : live) {
    REQUIRE(late.contains(key));
    REQUIRE((late.at(key) == flow));
  }
  for (const auto& [key, flow] : late) {
    REQUIRE((live.contains(key) || (flow.in_flight == 0 && flow.deferred == 0)));
  }
}

TEST_CASE("random logs teach old what they teach live", "[history][property]") {
  std::size_t flows = 0;
  std::size_t suppressed = 0;
  std::size_t failures = 0;
  for (std::uint64_t seed = 1, most = rampart::test::cases(60); seed <= most; ++seed) {
    CAPTURE(seed);
    RandomLog log(seed);
    std::vector<report::LogLine> lines;
    for (int i = 0; i < 400; ++i) {
      lines.push_back(log.next());
    }
    const policy::Options options = options_of(seed);
    const Learned live = learn_live(lines, options);
    const Learned late = learn_late(lines, options);
    compare(live.flows, late.flows);
    compare(live.hosts, late.hosts);
    REQUIRE(live.domains == late.domains);
    REQUIRE(live.suppressed == late.suppressed);
    flows += live.flows.size();
    suppressed += live.suppressed.size();
    failures += late.failures;
  }
  CHECK(flows > 0);
  CHECK(suppressed > 0);
  CHECK(failures > 0);
}

}  // namespace
}  // namespace rampart::history
