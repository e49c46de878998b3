#include "daemon/reloader.h"

#include "support/catch.h"

namespace rampart::daemon {
namespace {

TEST_CASE("what needs a restart is named", "[daemon]") {
  const config::Config before;
  CHECK(restart_needed(before, before).empty());
  config::Config after;
  after.milter.listen = "inet:8895@127.0.0.1";
  after.store_url = "memory:";
  after.control.group = "wheel";
  after.feed.logs.push_back({"/var/log/mail.log", "auto", "", ""});
  const auto named = restart_needed(before, after);
  REQUIRE(named.size() == 4);
  CHECK(named[0].starts_with("milter.listen changed: needs a restart"));
  CHECK(named[3].starts_with("report.log changed"));
  config::Config level;
  level.log.level = telemetry::Level::Debug;
  CHECK(restart_needed(before, level).empty());
}

}  // namespace
}  // namespace rampart::daemon
