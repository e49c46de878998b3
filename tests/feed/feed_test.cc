// Goal: lines of a followed log reach the engine once, with the cursor that goes with them.

#include "rampart/feed/feed.h"

#include <memory>

#include "rampart/engine/status.h"
#include "rampart/store/state_store.h"
#include "support/catch.h"
#include "support/manual_clock.h"
#include "support/policy.h"

#include "feed/source.h"
#include "log_directory.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr std::string_view kSent =
    "Nov 20 23:59:50 mx postfix/smtp[983]: 02353A9A9CD: to=<a@b.example>, "
    "relay=mx.b.example[203.0.113.7]:25, delay=1, delays=0.1/0/0.4/0.5, dsn=2.0.0, status=sent "
    "(250 2.0.0 Ok)\n";

struct Fixture {
  Fixture() : store(store::open_memory()) { start(); }
  void start() {
    auto made = engine::Engine::create(test::make_policy(test::small_options()), *store, clock);
    REQUIRE(made.has_value());
    engine = std::move(*made);
  }
  mail::SourceStatus status() const {
    const auto sources = engine->status().sources;
    return sources.empty() ? mail::SourceStatus{} : sources.front();
  }
  static bool drain(Source& source) {
    for (int step = 0; step < 100; ++step) {
      if (!source.step()) {
        return true;
      }
    }
    return false;
  }

  test::ManualClock clock;
  std::unique_ptr<store::StateStore> store;
  std::unique_ptr<engine::Engine> engine;
  LogDirectory log;
  LogSource options{log.file(), "auto", "Etc/UTC", ""};
};

TEST_CASE("a source tells the engine where it is, and goes on there", "[feed][unit]") {
  Fixture f;
  f.log.write(std::string(kSent));
  {
    Source source(f.options, *f.engine, f.clock);
    REQUIRE(Fixture::drain(source));
    CHECK(f.status().lines == 0);  // an old log is no news
    REQUIRE(f.engine->cursor(f.options.path).has_value());
    CHECK(f.engine->cursor(f.options.path)->offset == kSent.size());
    f.log.write(std::string(kSent) + "Nov 20 23:59:51 mx postfix/smtp[983]: what is this\n" +
                "Nov 20 23:59:52 mx cron[1]: other\n");
    REQUIRE(Fixture::drain(source));
    CHECK(f.status().lines == 3);
    CHECK(f.status().open);
    CHECK(f.status().lag == 0s);
  }
  const auto cursor = f.engine->cursor(f.options.path);
  REQUIRE(cursor.has_value());
  CHECK(cursor->reader_state ==
        std::to_string((test::ManualClock::kStart - 8s).time_since_epoch().count()));
  f.engine.reset();
  f.start();
  CHECK(f.engine->cursor(f.options.path) == cursor);
  f.log.write(std::string(kSent));
  Source again(f.options, *f.engine, f.clock);
  REQUIRE(Fixture::drain(again));
  CHECK(f.status().lines == 1);
}

TEST_CASE("lag is the age of what waits, not of the last line before a quiet night",
          "[feed][unit]") {
  Fixture f;
  f.log.write("");
  Source source(f.options, *f.engine, f.clock);
  f.log.write(std::string(kSent));
  REQUIRE(Fixture::drain(source));
  f.clock.advance(8h);
  source.step();
  CHECK(f.status().lag == 0s);
  f.log.rename("mail.log", "mail.log.1");
  f.log.write(std::string(kSent));  // waits until the old file has been watched for ten seconds
  f.clock.advance(3s);
  source.step();
  CHECK(f.status().lag == 3s);
}

TEST_CASE("a log that is missing is shown as a problem", "[feed][unit]") {
  Fixture f;
  Source source(f.options, *f.engine, f.clock);
  CHECK_FALSE(source.step());
  CHECK_FALSE(f.status().open);
  CHECK(f.status().problem == "No such file or directory");
  f.log.write("");
  CHECK_FALSE(source.step());
  CHECK(f.status().open);
  CHECK(f.status().problem.empty());
}

TEST_CASE("a feed stops while its log is quiet", "[feed][unit]") {
  Fixture f;
  f.log.write("");
  Options options;
  options.logs = {f.options, {f.log.file("other.log"), "auto", "No/Such_Zone", ""}};
  const Feed feed(options, *f.engine, f.clock);
}

}  // namespace
}  // namespace rampart::feed
