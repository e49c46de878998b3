// Goal: lines that a program brings are learned and durable when it is told so.

#include "rampart/feed/line_intake.h"

#include <memory>
#include <string>

#include "rampart/engine/status.h"
#include "rampart/store/state_store.h"
#include "rampart/telemetry/counter.h"
#include "support/catch.h"
#include "support/manual_clock.h"
#include "support/policy.h"

namespace rampart::feed {
namespace {

using Kind = base::Error::Kind;
using Lines = std::vector<std::string>;

const std::string kSent =
    "2026-11-20T23:59:50.5+00:00 mx postfix/smtp[983]: 02353A9A9CD: to=<a@b.example>, "
    "relay=mx.b.example[203.0.113.7]:25, delay=1, delays=0.1/0/0.4/0.5, dsn=2.0.0, status=sent "
    "(250 2.0.0 Ok)";
const std::string kUnknown = "2026-11-20T23:59:51+00:00 mx postfix/smtp[983]: what is this\n";

struct Fixture {
  Fixture() : store(store::open_memory()) { start(); }
  void start() {
    auto made = engine::Engine::create(test::make_policy(test::small_options()), *store, clock);
    REQUIRE(made.has_value());
    engine = std::move(*made);
    intake = std::make_unique<LineIntake>(*engine, clock, "Etc/UTC");
  }
  void restart() {
    intake.reset();
    engine.reset();
    start();
  }
  std::vector<mail::SourceStatus> sources() const { return engine->status().sources; }

  test::ManualClock clock;
  std::unique_ptr<store::StateStore> store;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<LineIntake> intake;
};

TEST_CASE("lines that were taken are in the store, and their source in the status",
          "[feed][unit]") {
  Fixture f;
  CHECK(f.sources().empty());
  const auto taken = f.intake->take("omprog", {kSent, kUnknown, "no log line"});
  REQUIRE(taken.has_value());
  CHECK(*taken == 3);
  REQUIRE(f.intake->take("other", {kSent}).has_value());
  REQUIRE(f.sources().size() == 2);
  const mail::SourceStatus status = f.sources()[0];
  CHECK(status.name == "feed:omprog");
  CHECK(status.open);
  CHECK(status.lines == 3);
  CHECK(status.not_understood == 1);
  const auto snapshot = f.store->load();
  REQUIRE(snapshot.has_value());
  REQUIRE(snapshot->cursors.size() == 2);
  CHECK(snapshot->cursors[0].source == "feed:omprog");
}

TEST_CASE("a batch brought again after a restart is acknowledged again", "[feed][unit]") {
  Fixture f;
  REQUIRE(f.intake->take("omprog", {kSent}).has_value());
  f.restart();
  REQUIRE(f.intake->take("omprog", {kSent}).has_value());
  CHECK(f.engine->cursor("feed:omprog")->offset == 2);
}

TEST_CASE("batches and sources are bounded", "[feed][unit]") {
  Fixture f;
  const auto refused = [&](std::string_view name, const Lines& lines) {
    const auto taken = f.intake->take(name, lines);
    REQUIRE_FALSE(taken.has_value());
    return taken.error().kind;
  };
  for (const char* name : {"", "two words", "tab\t", "\x7f", "\xc3\xa4"}) {
    CAPTURE(name);
    CHECK(refused(name, {kSent}) == Kind::InvalidInput);
  }
  CHECK(refused(std::string(65, 'n'), {kSent}) == Kind::InvalidInput);
  CHECK(refused("a", Lines(10'001, "x")) == Kind::InvalidInput);
  CHECK(refused("a", {std::string(1024 * 1024, 'x'), "x"}) == Kind::InvalidInput);
  CHECK(f.sources().empty());
  CHECK(f.intake->take(std::string(64, 'n'), Lines(10'000, "x")).has_value());
  for (int source = 1; source < 16; ++source) {
    REQUIRE(f.intake->take(std::to_string(source), {kSent}).has_value());
  }
  CHECK(refused("one too many", {kSent}) == Kind::InvalidInput);
  CHECK(refused("one-too-many", {kSent}) == Kind::Denied);
  CHECK(f.intake->take("15", {kSent}).has_value());
}

TEST_CASE("an empty batch is no news, and a long line is cut", "[feed][unit]") {
  Fixture f;
  const auto cut = telemetry::counter("feed_lines_cut_total").value();
  const auto nothing = f.intake->take("a", {});
  REQUIRE(nothing.has_value());
  CHECK(*nothing == 0);
  CHECK_FALSE(f.engine->cursor("feed:a").has_value());
  REQUIRE(f.intake->take("a", {std::string(65'536, 'x')}).has_value());
  CHECK(telemetry::counter("feed_lines_cut_total").value() == cut);
  REQUIRE(f.intake->take("a", {std::string(65'537, 'x')}).has_value());
  CHECK(telemetry::counter("feed_lines_cut_total").value() == cut + 1);
}

TEST_CASE("what is not learned any more is not acknowledged", "[feed][unit]") {
  Fixture f;
  REQUIRE(f.intake->take("a", {kSent}).has_value());
  f.engine->stop_learning();
  const auto taken = f.intake->take("a", {kSent});
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().kind == Kind::Unavailable);
}

}  // namespace
}  // namespace rampart::feed
