// An engine over a memory store with a manual clock, a provider table of two, and a few reply
// rules.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/engine/engine.h"
#include "rampart/engine/status.h"
#include "rampart/engine/suppressions.h"
#include "rampart/engine/transaction.h"
#include "rampart/policy/policy.h"
#include "rampart/report/postfix.h"
#include "rampart/store/state_store.h"
#include "support/catch.h"
#include "support/manual_clock.h"

namespace rampart::test {

inline policy::Options strict_options() {
  policy::Options options;
  options.mode = policy::Mode::Enforce;
  options.has_log_source = true;
  options.store_deadline = std::chrono::seconds{5};  // slow machines must not turn into verdicts
  options.on_loss = policy::OnLoss::Defer;
  ramp::Plan standard;
  ramp::Plan tiny;
  tiny.name = "tiny";
  tiny.start = 2;
  options.plans = {{"standard", standard}, {"tiny", tiny}};
  options.own_addresses = {*provider::Network::parse("127.0.0.1")};
  return options;
}

/// The day's allowance as a hard line: nothing is probed beyond it.
inline policy::Options without_probing(policy::Options options) {
  options.constants.probe_every = std::chrono::hours{24 * 365 * 200};
  return options;
}

/// Only the day limits: so many units.
inline policy::Options day_of(std::uint32_t units) {
  policy::Options options = strict_options();
  ramp::Plan plan;
  plan.name = "plan";
  plan.start = units;
  options.plans["plan"] = plan;
  options.default_plan = "plan";
  options.constants.hourly_share = 1.0;
  options.constants.burst = std::chrono::hours{24};
  options.constants.burst_min = 1e6;
  options.constants.flight_new = 1'000'000;
  options.constants.flight_min = 1'000'000;
  return without_probing(options);
}

inline std::shared_ptr<const policy::Policy> build_policy(policy::Options options) {
  std::vector<provider::ProviderSpec> specs{
      {"gmail", {"gmail.example"}, {"google.example"}, "", "t:1"},
      {"outlook", {"outlook.example"}, {"outlook-mx.example"}, "", "t:2"}};
  const auto rule = [](std::string name, std::string match, reply::ReplyClass reply_class,
                       reply::Scope scope, std::string sample) {
    reply::Rule made;
    made.name = std::move(name);
    made.match = std::move(match);
    made.reply_class = reply_class;
    made.scope = scope;
    made.samples = {{std::move(sample), "", mail::Stage::Rcpt, {}, ""}};
    made.where = "test:1";
    return made;
  };
  reply::Rule by_code =
      rule("by-code", "", reply::ReplyClass::System, reply::Scope::Provider, "451 xyzzy");
  by_code.code = "451";
  auto replies = reply::Table::compile(
      {}, {rule("user-unknown", "does not exist", reply::ReplyClass::MailboxUnknown,
                reply::Scope::Recipient, "550 5.1.1 The account does not exist"),
           rule("too-fast", "unusual rate", reply::ReplyClass::RateLimited, reply::Scope::Sender,
                "421 4.7.28 unusual rate of mail"),
           rule("one-mailbox", "too quickly", reply::ReplyClass::RateLimited,
                reply::Scope::Recipient, "450 4.2.1 The user is receiving mail too quickly"),
           rule("listed", "block list", reply::ReplyClass::ReputationBlock, reply::Scope::Host,
                "554 5.7.1 on our block list"),
           rule("full", "over quota", reply::ReplyClass::MailboxFull, reply::Scope::Recipient,
                "452 4.2.2 The mailbox is over quota"),
           std::move(by_code)});
  auto providers = provider::Table::build(specs);
  auto senders = provider::SenderTable::build({}, {});
  REQUIRE(replies.has_value());
  REQUIRE(providers.has_value());
  REQUIRE(senders.has_value());
  return std::make_shared<const policy::Policy>(policy::Policy{
      std::move(options), std::move(*providers), std::move(*senders), std::move(*replies)});
}

/// An operator's order to suppress.
inline engine::SuppressionRequest request(std::string key,
                                          std::string text,
                                          std::optional<base::Micros> lifetime = std::nullopt) {
  return {std::move(key), "", std::move(text), lifetime, suppression::Reason::Operator};
}

/// The queue manager's word for a message.
inline std::string active(std::string_view queue_id, std::string_view from) {
  return "postfix/qmgr[1]: " + std::string(queue_id) + ": from=<" + std::string(from) +
         ">, size=400, nrcpt=1 (queue active)";
}

class Bench {
 public:
  explicit Bench(policy::Options options = strict_options())
      : store(store::open_memory()), policy(build_policy(std::move(options))) {
    restart();
  }

  /// Ends the engine as a clean stop does and starts another on the same store.
  void restart() {
    engine.reset();
    auto made = engine::Engine::create(policy, *store, clock);
    REQUIRE(made.has_value());
    engine = std::move(*made);
    see_feed();
  }

  /// Tells the engine that its log is read.
  void see_feed() {
    engine->set_source_status({"log", true, base::Micros{0}, 0, 0, ""});
    engine->tick();
  }

  engine::Transaction begin(std::string_view sender, bool non_smtp = false) {
    return engine->begin({"localhost", "192.0.2.9", "", non_smtp}, *mail::parse_address(sender));
  }

  engine::Verdict ask(engine::Transaction& transaction,
                      std::string_view recipient,
                      std::string_view mailer = "smtp") {
    return engine->decide(transaction, {*mail::parse_address(recipient), std::string(recipient),
                                        std::string(mailer)});
  }

  /// One message with one recipient, whole. @return whether it was accepted
  bool send(std::string_view sender, std::string_view recipient, std::string_view queue_id) {
    return send_to(sender, {std::string(recipient)}, queue_id).has_value();
  }

  /// One message, whole. @return how it ended, or nullopt if a recipient was refused
  std::optional<engine::Ending> send_to(std::string_view sender,
                                        const std::vector<std::string>& recipients,
                                        std::string_view queue_id) {
    engine::Transaction transaction = begin(sender);
    for (const std::string& recipient : recipients) {
      if (ask(transaction, recipient).answer != engine::Verdict::Answer::Continue) {
        engine->abort(transaction);
        return std::nullopt;
      }
    }
    return engine->commit(transaction, *mail::parse_queue_id(queue_id));
  }

  /// Lines of a log, stamped with the clock's time.
  void log(const std::vector<std::string>& bodies, std::string source = "log") {
    std::vector<report::LogLine> lines;
    report::StampReader stamps({}, clock.wall_now());
    for (const std::string& body : bodies) {
      const std::string stamp = base::format_utc(clock.wall_now());
      lines.push_back(report::parse_line(stamp + " mta1 " + body, stamps));
    }
    store::CursorRecord cursor;
    cursor.source = std::move(source);
    cursor.offset = (offset += lines.size());
    engine->learn(lines, cursor);
    REQUIRE(engine->sync(std::chrono::seconds{10}).has_value());
  }

  static std::string delivery(std::string_view queue_id,
                              std::string_view to,
                              std::string_view relay,
                              std::string_view end) {
    return "postfix/smtp[9]: " + std::string(queue_id) + ": to=<" + std::string(to) +
           ">, relay=" + std::string(relay) + "[203.0.113.5]:25, delay=1, delays=0/0/0/1, " +
           std::string(end);
  }

  engine::FlowStatus flow(std::string sender, std::string provider) const {
    const auto found = engine->find_flow({std::move(sender), std::move(provider)});
    REQUIRE(found.has_value());
    return *found;
  }

  ManualClock clock;
  std::unique_ptr<store::StateStore> store;
  std::shared_ptr<const policy::Policy> policy;
  std::unique_ptr<engine::Engine> engine;
  std::uint64_t offset = 0;
};

inline constexpr std::string_view kSent = "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ABC)";
inline constexpr std::string_view kUnknownUser =
    "dsn=5.1.1, status=bounced (host mx.google.example[203.0.113.5] said: 550 5.1.1 The account "
    "does not exist (in reply to RCPT TO command))";
inline constexpr std::string_view kFull =
    "dsn=4.2.2, status=deferred (host mx.google.example[203.0.113.5] said: 452 4.2.2 The mailbox "
    "is over quota (in reply to RCPT TO command))";
inline constexpr std::string_view kTooFast =
    "dsn=4.7.28, status=deferred (host mx.google.example[203.0.113.5] said: 421 4.7.28 unusual "
    "rate "
    "of mail (in reply to RCPT TO command))";

}  // namespace rampart::test
