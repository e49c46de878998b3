#include "rampart/telemetry/log.h"

#include "rampart/telemetry/counter.h"
#include "support/catch.h"

namespace rampart::telemetry {
namespace {

// Goal: whatever a remote server, a sender or a recipient writes, the line keeps its shape.
TEST_CASE("a line quotes what could be taken for another field", "[telemetry][unit]") {
  const auto sender = mail::parse_address("news@a.example");
  REQUIRE(sender.has_value());
  Line line("4Xk2Pq1z9Rz");
  line.address("from", *sender)
      .add("sender", "a.example")
      .add("reply", "550 5.1.1 no, action=\"accept\"\nrampart: x")
      .add("used", 200)
      .add("empty", "")
      .text("free (text)\x1b[31m");
  CHECK(line.str() ==
        "4Xk2Pq1z9Rz: from=<news@a.example>, sender=a.example, reply=\"550 5.1.1 no, "
        "action=\\\"accept\\\"?rampart: x\", used=200, empty=\"\" (free (text)?[31m)");
}

TEST_CASE("recipients are masked when so configured", "[telemetry][unit]") {
  const auto recipient = mail::parse_address("u@b.example");
  REQUIRE(recipient.has_value());
  configure_log({Level::Info, Recipients::Domain});
  Line line("q");
  line.recipient("to", *recipient);
  configure_log({});
  CHECK(line.str() == "q: to=<*@b.example>");
}

TEST_CASE("levels below the configured one are off", "[telemetry][unit]") {
  configure_log({Level::Warning, Recipients::Full});
  CHECK_FALSE(is_enabled(Level::Info));
  CHECK(is_enabled(Level::Error));
  configure_log({});
  CHECK(is_enabled(Level::Info));
  CHECK_FALSE(is_enabled(Level::Debug));
}

TEST_CASE("a counter is the same under the same name", "[telemetry][unit]") {
  counter("test_a_total").add();
  counter("test_a_total").add(2);
  CHECK(read_counters().at("test_a_total") == 3);
}

}  // namespace
}  // namespace rampart::telemetry
