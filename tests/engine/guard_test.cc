// The mass-failure guard: a provider that calls everybody dead is not believed at once.

#include "fixture.h"

namespace rampart::test {
namespace {

using Answer = engine::Verdict::Answer;

policy::Options open_plan() {
  policy::Options options = strict_options();
  ramp::Plan open;
  open.name = "open";
  open.unlimited = true;
  options.plans["open"] = open;
  options.default_plan = "open";
  return options;
}

class Outage {
 public:
  explicit Outage(policy::Options options = open_plan()) : bench(std::move(options)) {}

  std::string next_id() {
    std::string digits = std::to_string(++sent_);
    return "B" + std::string(5 - digits.size(), '0') + digits;
  }

  void mail(const std::string& recipient, std::string_view end) {
    const std::string id = next_id();
    if (bench.send("x@a.example", recipient, id)) {
      bench.log(
          {active(id, "x@a.example"), Bench::delivery(id, recipient, "mx.google.example", end)});
    }
  }

  void mail_many(const std::string& name, int count, std::string_view end) {
    for (int i = 0; i < count; ++i) {
      mail(name + std::to_string(i) + "@gmail.example", end);
    }
  }

  engine::Verdict ask(std::string_view recipient, bool non_smtp = false) {
    auto transaction = bench.begin("x@a.example", non_smtp);
    return bench.ask(transaction, recipient);
  }

  Bench bench;

 private:
  int sent_ = 0;
};

TEST_CASE("an outage makes suppressions pending, also those just made", "[engine][unit]") {
  Outage outage;
  outage.mail_many("good", 60, kSent);
  outage.mail("dead@gmail.example", kUnknownUser);
  CHECK(outage.bench.engine->status().suppressed_pending == 0);
  CHECK(outage.ask("dead@gmail.example").code == "550");
  outage.mail_many("valid", 30, kUnknownUser);

  const engine::Status status = outage.bench.engine->status();
  REQUIRE(status.guards.size() == 2);  // the provider's, and all mail went there: the host's
  CHECK(status.guards[1].provider == "gmail");
  CHECK(status.suppressed_pending == 31);
  const engine::Verdict verdict = outage.ask("valid0@gmail.example");
  CHECK(verdict.answer == Answer::Defer);
  CHECK(verdict.enhanced == "4.7.1");
  // Nothing may be refused there, and mail that waits must not be lost.
  CHECK(outage.ask("valid0@gmail.example", true).answer == Answer::Continue);
  outage.bench.restart();
  CHECK(outage.bench.engine->status().suppressed_pending == 31);
  CHECK(outage.ask("valid0@gmail.example").answer == Answer::Defer);
}

TEST_CASE("pending suppressions go when the share falls", "[engine][unit]") {
  Outage outage;
  outage.mail_many("good", 60, kSent);
  outage.mail_many("valid", 30, kUnknownUser);
  REQUIRE(outage.bench.engine->status().suppressed_pending == 30);
  outage.mail_many("later", 50, kSent);
  const engine::Status status = outage.bench.engine->status();
  CHECK(status.suppressed_pending == 0);
  CHECK(status.suppressed == 0);
  CHECK(status.guards.empty());
  CHECK(outage.ask("valid0@gmail.example").answer == Answer::Continue);
  const auto why = outage.bench.engine->why_suppressed("valid0@gmail.example");
  REQUIRE(why.has_value());
  CHECK(why->history.back().kind == suppression::Change::Kind::Cleared);
}

TEST_CASE("pending suppressions go when the outage ends in silence", "[engine][unit]") {
  Outage outage;
  outage.mail_many("good", 60, kSent);
  outage.mail_many("valid", 30, kUnknownUser);
  REQUIRE(outage.bench.engine->status().suppressed_pending == 30);
  outage.bench.clock.advance(std::chrono::hours{25});
  outage.bench.engine->tick();
  CHECK(outage.bench.engine->status().suppressed_pending == 0);
}

TEST_CASE("an outage does not stop the sender", "[engine][unit]") {
  Outage outage;
  outage.mail_many("good", 60, kSent);
  outage.mail_many("valid", 30, kUnknownUser);
  auto elsewhere = outage.bench.begin("x@a.example");
  CHECK(outage.bench.ask(elsewhere, "bob@outlook.example").answer == Answer::Continue);
  outage.mail_many("later", 50, kSent);
  CHECK(outage.bench.flow("a.example", "gmail").summary.status == ramp::FlowStatus::Open);
}

TEST_CASE("a delivery clears its own pending entry", "[engine][unit]") {
  Outage outage;
  outage.mail_many("good", 60, kSent);
  REQUIRE(outage.bench.send("x@a.example", "valid0@gmail.example", "C00001"));  // queued before
  outage.mail_many("valid", 30, kUnknownUser);
  REQUIRE(outage.ask("valid0@gmail.example").answer == Answer::Defer);
  outage.bench.log({active("C00001", "x@a.example"),
                    Bench::delivery("C00001", "valid0@gmail.example", "mx.google.example", kSent)});
  CHECK(outage.ask("valid0@gmail.example").answer == Answer::Continue);
  CHECK(outage.ask("valid1@gmail.example").answer == Answer::Defer);
}

TEST_CASE("a person decides on pending suppressions", "[engine][unit]") {
  Outage outage;
  outage.mail_many("good", 60, kSent);
  outage.mail_many("valid", 30, kUnknownUser);
  engine::Engine& engine = *outage.bench.engine;
  const auto one = engine.confirm_pending({"valid0@gmail.example", "", false}, "root");
  REQUIRE(one.has_value());
  CHECK(*one == 1);
  CHECK(outage.ask("valid0@gmail.example").answer == Answer::Reject);
  const auto other = engine.clear_pending({"valid1@gmail.example", "", false}, "root");
  REQUIRE(other.has_value());
  CHECK(outage.ask("valid1@gmail.example").answer == Answer::Continue);
  CHECK(engine.status().suppressed_pending == 28);
  CHECK_FALSE(engine.confirm_pending({"valid1@gmail.example", "", false}, "root").has_value());
  CHECK_FALSE(engine.confirm_pending({"", "outlook", false}, "root").has_value());
  const auto rest = engine.confirm_pending({"", "", true}, "root");
  REQUIRE(rest.has_value());
  CHECK(*rest == 28);
  CHECK(engine.status().suppressed_pending == 0);
  CHECK(outage.ask("valid2@gmail.example").answer == Answer::Reject);
}

TEST_CASE("a list with some dead addresses is suppressed as ever", "[engine][unit]") {
  Outage outage;
  for (int i = 0; i < 200; ++i) {
    outage.mail("r" + std::to_string(i) + "@gmail.example", i % 12 == 5 ? kUnknownUser : kSent);
  }
  CHECK(outage.bench.engine->status().suppressed_pending == 0);
  CHECK(outage.bench.engine->status().suppressed == 17);
}

}  // namespace
}  // namespace rampart::test
