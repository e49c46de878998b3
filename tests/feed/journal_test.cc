// Goal: what the MTA wrote to the journal is read once, whatever happens to the files; what others
// wrote under its name is not read.

#include "feed/journal.h"

#include "rampart/engine/status.h"
#include "rampart/feed/feed.h"
#include "rampart/store/state_store.h"
#include "rampart/telemetry/counter.h"
#include "support/catch.h"
#include "support/policy.h"

#include "feed/journal_source.h"
#include "journal_files.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using Messages = std::vector<std::string>;
using Kind = JournalEvent::Kind;
using Kinds = std::vector<Kind>;

constexpr base::SteadyTime kNow{1000s};
const std::vector<std::string> kUsers{"104"};

bool is_missing_writer() {
  if (JournalFiles::writer().empty()) {
    WARN("not run: systemd-journal-remote is not installed");
    return true;
  }
  return false;
}

Messages read_all(Journal& journal, base::SteadyTime now, std::size_t entries_max = 100) {
  Messages all;
  do {
    for (const JournalEntry& entry : journal.read_entries(entries_max, now)) {
      all.push_back(entry.message);
    }
  } while (journal.has_more());
  return all;
}

Kinds kinds(Journal& journal) {
  Kinds all;
  for (const JournalEvent& event : journal.take_events()) {
    all.push_back(event.kind);
  }
  return all;
}

TEST_CASE("only mail entries of root and the MTA's accounts count", "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  JournalFiles files;
  files.write({{"by root"},
               {"by the MTA", "104"},
               {"forged", "1000"},
               {"forged by a longer number", "1040"},
               {"without account", ""},
               {"not a number", "104x"},
               {"another facility", "0", "postfix/smtp", "3"},
               {"another program", "0", "dovecot"}});
  Journal journal(files.path(), kUsers, "");
  const std::vector<JournalEntry>& entries = journal.read_entries(100, kNow);
  REQUIRE(entries.size() == 3);
  CHECK(journal.problem().empty());
  CHECK(entries[0].message == "by root");
  CHECK(entries[0].program == "postfix/smtp");
  CHECK(entries[0].host == "mx");
  CHECK(entries[0].pid == 983);
  CHECK(entries[0].time == files.last() - 7s);
  CHECK(entries[1].message == "by the MTA");
  CHECK(entries[1].pid == 7);
  CHECK(entries[2].program == "dovecot");
  CHECK(journal.counts().untrusted == 4);
  CHECK_FALSE(journal.has_more());
}

TEST_CASE("accounts are known by name, and root always counts", "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  JournalFiles files;
  files.write({{"root", "0"}, {"daemon", "1"}});
  Journal by_name(files.path(), {"daemon"}, "");
  CHECK(read_all(by_name, kNow) == Messages{"root", "daemon"});
  Journal by_none(files.path(), {"no-such-account"}, "");
  CHECK(read_all(by_none, kNow) == Messages{"root"});
  const auto events = by_none.take_events();
  REQUIRE_FALSE(events.empty());
  CHECK(events.front().kind == Kind::UnknownUser);
  CHECK(events.front().text == "no-such-account");
}

TEST_CASE("a journal never read starts at its end, and goes on at its cursor", "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  JournalFiles files;
  files.write({{"old 1"}, {"old 2"}});
  std::optional<std::string> cursor;
  {
    Journal journal(files.path(), kUsers);
    CHECK(read_all(journal, kNow).empty());
    CHECK(kinds(journal) == Kinds{Kind::StartedAtEnd});
    REQUIRE(journal.cursor().has_value());
    files.write({{"1"}, {"2"}, {"3"}});
    REQUIRE(journal.read_entries(2, kNow).size() == 2);
    CHECK(journal.has_more());
    cursor = journal.cursor();
    CHECK(read_all(journal, kNow) == Messages{"3"});
    CHECK(read_all(journal, kNow).empty());
  }
  Journal again(files.path(), kUsers, cursor);
  CHECK(read_all(again, kNow) == Messages{"3"});
  CHECK(kinds(again) == Kinds{Kind::Resumed});
  CHECK(again.counts().losses == 0);
  Journal at_end(files.path(), kUsers, again.cursor());
  CHECK(read_all(at_end, kNow).empty());
  files.write({{"4"}});
  CHECK(read_all(at_end, kNow) == Messages{"4"});
}

TEST_CASE("a journal without mail entries is read from its beginning, also after a restart",
          "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  JournalFiles files;
  files.write({{"boot", "0", "kernel", "0"}});
  Journal journal(files.path(), kUsers);
  CHECK(read_all(journal, kNow).empty());
  CHECK(journal.cursor() == "");
  files.write({{"1"}});
  Journal again(files.path(), kUsers, journal.cursor());
  CHECK(read_all(again, kNow) == Messages{"1"});
}

TEST_CASE("the cursor also passes entries that do not count", "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  JournalFiles files;
  files.write({{"1"}, {"forged", "1000"}, {"forged", "1000"}});
  Journal journal(files.path(), kUsers, "");
  CHECK(read_all(journal, kNow) == Messages{"1"});
  Journal again(files.path(), kUsers, journal.cursor());
  CHECK(read_all(again, kNow).empty());
  CHECK(again.counts().untrusted == 0);
  CHECK(again.counts().losses == 0);
}

TEST_CASE("entries follow across files", "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  JournalFiles files;
  files.write({{"1"}, {"2"}});
  Journal journal(files.path(), kUsers, "");
  CHECK(read_all(journal, kNow, 1) == Messages{"1", "2"});
  SECTION("a new file beside the old one") {
    files.write({{"3"}}, "b.journal");
    CHECK(read_all(journal, kNow) == Messages{"3"});
  }
  SECTION("the old file renamed, as journald does") {
    files.write({{"3"}});
    std::filesystem::rename(files.file("a.journal"), files.file("a@1.journal"));
    files.write({{"4"}});
    CHECK(read_all(journal, kNow) == Messages{"3", "4"});
  }
  SECTION("several rotations while nobody reads") {
    const auto cursor = journal.cursor();
    files.write({{"3"}}, "b.journal");
    files.write({{"4"}, {"5"}}, "c.journal");
    Journal again(files.path(), kUsers, cursor);
    CHECK(read_all(again, kNow) == Messages{"3", "4", "5"});
    CHECK(again.counts().losses == 0);
  }
  SECTION("a directory named by the machine's ID") {
    const std::string name = "0123456789abcdef0123456789abcdef";
    std::filesystem::create_directory(files.file(name));
    files.write({{"3"}}, name + "/system.journal");
    CHECK(read_all(journal, kNow) == Messages{"3"});
  }
}

TEST_CASE("a cursor whose entry was vacuumed goes on at the next one, told once", "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  JournalFiles files;
  files.write({{"1"}, {"2"}, {"vacuumed unread"}});
  Journal journal(files.path(), kUsers, "");
  REQUIRE(journal.read_entries(2, kNow).size() == 2);
  const auto cursor = journal.cursor();
  files.write({{"3"}, {"4"}}, "b.journal");
  files.remove("a.journal");
  Journal again(files.path(), kUsers, cursor);
  CHECK(read_all(again, kNow) == Messages{"3", "4"});
  CHECK(kinds(again) == Kinds{Kind::Resumed, Kind::Gap});
  CHECK(again.counts().losses == 1);
  files.write({{"5"}}, "b.journal");
  CHECK(read_all(again, kNow) == Messages{"5"});
  CHECK(kinds(again).empty());
  CHECK(again.counts().losses == 1);
  Journal third(files.path(), kUsers, again.cursor());
  CHECK(read_all(third, kNow).empty());
  CHECK(third.counts().losses == 0);
}

TEST_CASE("a file vacuumed while it is open neither stops nor repeats anything", "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  JournalFiles files;
  files.write({{"1"}, {"2"}});
  files.write({{"3"}}, "b.journal");
  Journal journal(files.path(), kUsers, "");
  CHECK(read_all(journal, kNow) == Messages{"1", "2", "3"});
  files.remove("a.journal");
  files.write({{"4"}}, "b.journal");
  CHECK(read_all(journal, kNow) == Messages{"4"});
  files.remove("b.journal");
  files.write({{"5"}}, "c.journal");
  CHECK(read_all(journal, kNow) == Messages{"5"});
}

TEST_CASE("a cursor that nobody can read is a loss, and the journal starts at its end",
          "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  JournalFiles files;
  files.write({{"1"}});
  Journal journal(files.path(), kUsers, "1795219190000000");
  CHECK(read_all(journal, kNow).empty());
  CHECK(journal.is_open());
  CHECK(journal.counts().losses == 1);
  files.write({{"2"}});
  CHECK(read_all(journal, kNow) == Messages{"2"});
}

TEST_CASE("a damaged file is left out and told once", "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  JournalFiles files;
  files.write({{"1"}}, "a.journal");
  files.write({{"2"}}, "b.journal");
  SECTION("cut off") {
    files.truncate("a.journal", 4096);
  }
  SECTION("cut off within its header") {
    files.truncate("a.journal", 100);
  }
  SECTION("overwritten") {
    std::ofstream(files.file("a.journal"), std::ios::binary) << std::string(100'000, 'x');
  }
  Journal journal(files.path(), kUsers, "");
  CHECK(read_all(journal, kNow) == Messages{"2"});
  CHECK(journal.counts().damaged == 1);
  auto events = journal.take_events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == Kind::Damaged);
  CHECK(events[0].text == files.file("a.journal"));
  files.write({{"3"}}, "c.journal");
  CHECK(read_all(journal, kNow + 61s) == Messages{"3"});
  CHECK(journal.counts().damaged == 1);
}

TEST_CASE("a file cut off while it is mapped does not end the process", "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  JournalFiles files;
  files.write({{"1"}, {"2"}, {"3"}}, "a.journal");
  Journal journal(files.path(), kUsers, "");
  REQUIRE(journal.read_entries(1, kNow).size() == 1);
  files.truncate("a.journal", 4096);
  CHECK(read_all(journal, kNow).empty());
  CHECK(journal.counts().damaged >= 1);
  files.write({{"4"}}, "b.journal");
  CHECK(read_all(journal, kNow + 2s) == Messages{"4"});
  CHECK(journal.is_open());
}

TEST_CASE("a directory that is missing, empty or replaced is tried again every second",
          "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  JournalFiles files;
  const std::string path = files.file("journal");
  Journal journal(path, kUsers);
  CHECK(read_all(journal, kNow).empty());
  CHECK_FALSE(journal.is_open());
  CHECK(journal.problem() == "No such file or directory");
  CHECK_FALSE(journal.cursor().has_value());
  std::filesystem::create_directory(path);
  CHECK(read_all(journal, kNow + 500ms).empty());
  CHECK(journal.problem() == "No such file or directory");
  CHECK(read_all(journal, kNow + 1s).empty());
  CHECK(journal.problem() == "there is no journal file");
  files.write({{"1"}}, "journal/a.journal");
  CHECK(read_all(journal, kNow + 2s) == Messages{"1"});  // an empty journal has only news
  CHECK(journal.is_open());
  CHECK(journal.problem().empty());
  std::filesystem::rename(path, files.file("old"));
  CHECK(read_all(journal, kNow + 3s).empty());
  CHECK(journal.problem() == "No such file or directory");
  std::filesystem::create_directory(path);
  files.write({{"2"}}, "journal/b.journal");
  CHECK(read_all(journal, kNow + 4s) == Messages{"2"});
}

TEST_CASE("a journal that was there before its directory was seen starts at its end",
          "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  JournalFiles files;
  Journal journal(files.file("journal"), kUsers);
  read_all(journal, kNow);
  std::filesystem::create_directory(files.file("elsewhere"));
  files.write({{"old"}}, "elsewhere/a.journal");
  std::filesystem::rename(files.file("elsewhere"), files.file("journal"));
  CHECK(read_all(journal, kNow + 1s).empty());
  CHECK(journal.is_open());
  files.write({{"new"}}, "journal/a.journal");
  CHECK(read_all(journal, kNow + 1s) == Messages{"new"});
}

TEST_CASE("a journal that may not be read is a problem, and starts at its end when it may",
          "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  if (::geteuid() == 0) {
    WARN("not run: root may read everything");
    return;
  }
  JournalFiles files;
  files.write({{"old"}});
  std::filesystem::permissions(files.file("a.journal"), std::filesystem::perms::none);
  Journal journal(files.path(), kUsers);
  CHECK(read_all(journal, kNow).empty());
  CHECK(journal.problem() == "Permission denied: is the user in the group systemd-journal?");
  CHECK_FALSE(journal.cursor().has_value());
  std::filesystem::permissions(files.file("a.journal"), std::filesystem::perms::owner_all);
  CHECK(read_all(journal, kNow + 1s).empty());
  files.write({{"new"}});
  CHECK(read_all(journal, kNow + 1s) == Messages{"new"});
}

TEST_CASE("long and binary messages are read, and cut at 64 KiB", "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  JournalFiles files;
  const std::string longest(65536, 'a');
  const std::string binary("line 1\nMESSAGE=line 2\0\xff", 23);
  files.write({{longest}, {longest + "b"}, {std::string(300'000, 'c')}, {binary}});
  Journal journal(files.path(), kUsers, "");
  const auto all = read_all(journal, kNow);
  REQUIRE(all.size() == 4);
  CHECK(all[0] == longest);
  CHECK(all[1] == longest);
  CHECK(all[2] == std::string(65536, 'c'));
  CHECK(all[3] == binary);
  CHECK(journal.counts().lines_cut == 2);
}

constexpr std::string_view kSent =
    "02353A9A9CD: to=<a@b.example>, relay=mx.b.example[203.0.113.7]:25, delay=1, "
    "delays=0.1/0/0.4/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok)";

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
  LogSource options() const {
    LogSource source;
    source.journal = true;
    source.journal_directory = files.path();
    source.users = kUsers;
    return source;
  }

  test::ManualClock clock;
  std::unique_ptr<store::StateStore> store;
  std::unique_ptr<engine::Engine> engine;
  JournalFiles files;
};

TEST_CASE("a journal tells the engine where it is, and goes on there", "[feed][unit]") {
  if (is_missing_writer()) {
    return;
  }
  Fixture f;
  const std::string name = "journal:" + f.files.path();
  f.files.write({{std::string(kSent)}});
  const auto untrusted = telemetry::counter("feed_entries_untrusted_total").value();
  {
    JournalSource source(f.options(), *f.engine, f.clock);
    CHECK_FALSE(source.step());
    CHECK(f.status().name == name);
    CHECK(f.status().lines == 0);  // an old journal is no news
    REQUIRE(f.engine->cursor(name).has_value());
    f.files.write({{std::string(kSent)},
                   {std::string(kSent), "1000"},
                   {"what is this"},
                   {"other", "0", "cron"}});
    CHECK_FALSE(source.step());
    CHECK(f.status().lines == 3);
    CHECK(f.status().not_understood == 1);
    CHECK(f.status().open);
    CHECK(f.status().lag == 0s);
    CHECK(telemetry::counter("feed_entries_untrusted_total").value() == untrusted + 1);
  }
  const auto cursor = f.engine->cursor(name);
  f.engine.reset();
  f.start();
  REQUIRE(f.engine->cursor(name) == cursor);
  f.files.write({{std::string(kSent)}});
  JournalSource again(f.options(), *f.engine, f.clock);
  CHECK_FALSE(again.step());
  CHECK(f.status().lines == 1);
}

TEST_CASE("a journal that is missing is shown as a problem", "[feed][unit]") {
  Fixture f;
  LogSource options = f.options();
  options.journal_directory = f.files.file("missing");
  JournalSource source(options, *f.engine, f.clock);
  CHECK_FALSE(source.step());
  CHECK_FALSE(f.status().open);
  CHECK(f.status().problem == "No such file or directory");
}

TEST_CASE("a feed stops while its journal is quiet or missing", "[feed][unit]") {
  Fixture f;
  Options options;
  options.logs = {f.options(), f.options()};
  options.logs[1].journal_directory = f.files.file("missing");
  const Feed feed(options, *f.engine, f.clock);
}

TEST_CASE("names of logs tell journals and files apart", "[feed][unit]") {
  LogSource source;
  source.path = "/var/log/mail.log";
  CHECK(name_of(source) == "/var/log/mail.log");
  source.journal = true;
  CHECK(name_of(source) == "journal");
  source.journal_directory = "/srv/journal";
  CHECK(name_of(source) == "journal:/srv/journal");
}

}  // namespace
}  // namespace rampart::feed
