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
  config::Config doors;
  doors.milter.read_notices = true;
  doors.feed.mailboxes = {{"/var/mail/dir", feed::MailSource::Kind::Maildir}};
  const auto closed = restart_needed(before, doors);
  REQUIRE(closed.size() == 2);
  CHECK(closed[0].starts_with("dsn.milter changed"));
  CHECK(closed[1].starts_with("dsn.maildir changed"));
  config::Config other = doors;
  other.feed.mailboxes[0].kind = feed::MailSource::Kind::Mbox;
  CHECK(restart_needed(doors, other).size() == 2);
  config::Config releaser;
  releaser.release.socket.clear();
  releaser.release.key_file = "/k";
  const auto moved = restart_needed(before, releaser);
  REQUIRE(moved.size() == 2);
  CHECK(moved[0].starts_with("hold.releaser changed"));
  CHECK(moved[1].starts_with("hold.key changed"));
  config::Config level;
  level.log.level = telemetry::Level::Debug;
  CHECK(restart_needed(before, level).empty());
}

TEST_CASE("the journal is a log of its own", "[daemon]") {
  config::Config before;
  before.feed.logs.emplace_back().journal = true;
  CHECK(restart_needed(before, before).empty());
  for (const auto change : {+[](feed::LogSource& log) { log.journal = false; },
                            +[](feed::LogSource& log) { log.journal_directory = "/j"; },
                            +[](feed::LogSource& log) {
                              log.users = {"25"};
                            }}) {
    config::Config after = before;
    change(after.feed.logs[0]);
    CHECK(restart_needed(before, after).size() == 1);
  }
}

}  // namespace
}  // namespace rampart::daemon
