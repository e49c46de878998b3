// Which keys a running service takes over.

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "rampart/base/text.h"
#include "support/catch.h"

#include "config/document.h"
#include "config/keys.h"
#include "fake_files.h"

namespace rampart::config {
namespace {

using Names = std::vector<std::string>;

std::unique_ptr<Config> config_of(const std::string& text) {
  Loaded loaded = load_text("rampart.toml", text, "", test::FakeFiles{});
  INFO(text);
  REQUIRE(loaded.config != nullptr);
  return std::move(loaded.config);
}

Names keys_that_wait(const std::string& before, const std::string& after) {
  return find_restart_keys(*config_of(before), *config_of(after));
}

TEST_CASE("what needs a restart is named", "[config]") {
  const std::string log = "[[report.log]]\npath = \"/var/log/mail.log\"\n";
  struct Case {
    std::string before;
    std::string after;
    Names keys;
  };
  const std::vector<Case> cases{
      {"", "", {}},
      {"",
       "[milter]\nlisten = \"inet:8895@127.0.0.1\"\n[store]\nurl = \"memory:\"\n"
       "[control]\ngroup = \"wheel\"\n" +
           log,
       {"milter.listen", "store.url", "control.group", "report.log"}},
      {"",
       "[milter]\nsocket_group = \"mail\"\non_error = \"tempfail\"\n",
       {"milter.socket_group", "milter.on_error"}},
      {"", "[control]\nsocket = \"/x.sock\"\n", {"control.socket"}},
      {"", "[dsn]\nmilter = true\nmaildir = [\"/var/mail/dir\"]\n", {"dsn.milter", "dsn.maildir"}},
      {"[dsn]\nmaildir = [\"/m\"]\n", "[dsn]\nmbox = [\"/m\"]\n", {"dsn.maildir", "dsn.mbox"}},
      {"", "[hold]\nreleaser = \"\"\nkey = \"/k\"\n", {"hold.releaser", "hold.key"}},
      {"",
       "[transport]\ntable = \"hash:/t\"\npostmap = \"/p\"\npostfix_config = \"/c\"\n",
       {"transport.table", "transport.postmap", "transport.postfix_config"}},
      {log, log + "tz = \"Europe/Berlin\"\n", {"report.log"}},
      {log, log + "format = \"postfix\"\n", {"report.log"}},
      {log, log + "[[report.log]]\njournal = true\n", {"report.log"}},
      {"", "mode = \"observe\"\n[log]\nlevel = \"debug\"\n[ramp]\nplan = \"fast\"\n", {}},
      {"", "[dsn]\ntoken = true\nkeep = \"3d\"\n[report]\nmax_lag = \"9m\"\n", {}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.before, c.after);
    CHECK(keys_that_wait(c.before, c.after) == c.keys);
    CHECK(keys_that_wait(c.after, c.before) == c.keys);
    CHECK(keys_that_wait(c.after, c.after).empty());
  }
}

TEST_CASE("the journal is a log of its own", "[config]") {
  const std::string journal = "[[report.log]]\njournal = true\n";
  for (const std::string& after :
       {std::string("[[report.log]]\npath = \"/var/log/mail.log\"\n"),
        journal + "directory = \"/j\"\n", journal + "users = [\"25\"]\n"}) {
    CAPTURE(after);
    CHECK(keys_that_wait(journal, after) == Names{"report.log"});
  }
}

// Sockets, the store, what feeds and what is started: none of it is set up anew by a reload. What
// goes into the engine's policy or the log is, and so are these.
TEST_CASE("a key of what is set up at the start says so", "[config]") {
  const std::set<std::string_view> reloaded{
      "tables",         "replies.file",         "outbound.networks",
      "report.history", "report.own_addresses", "dsn.token"};
  Draft draft;
  const auto in = [](const auto& part, const void* at) {
    const auto* begin = reinterpret_cast<const char*>(&part);
    const auto* byte = static_cast<const char*>(at);
    return std::less_equal<>()(begin, byte) && std::less<>()(byte, begin + sizeof part);
  };
  std::size_t checked = 0;
  for (const Key<Draft>& key : draft_keys()) {
    INFO(key.name);
    const void* at = std::visit(
        [&](const auto& field) -> const void* {
          if constexpr (requires { field(draft); }) {
            return &field(draft);
          } else {
            return nullptr;
          }
        },
        key.field);
    if (at != nullptr) {
      const bool is_reloaded =
          in(draft.engine, at) || in(draft.log, at) || reloaded.contains(key.name);
      CHECK(key.needs_restart != is_reloaded);
      ++checked;
    }
  }
  CHECK(checked > 90);
}

// The comment above a key of the example, and the keys between.
std::string comment_above(const std::vector<std::string_view>& lines, std::size_t line) {
  std::string comment;
  for (std::size_t i = line; i > 0 && !lines[i - 1].empty(); --i) {
    comment.insert(0, std::string(lines[i - 1]) + ' ');
  }
  return comment;
}

TEST_CASE("the example says what needs a restart", "[config]") {
  std::ifstream in(std::string(RAMPART_SOURCE_DIR) + "/conf/rampart.toml");
  std::stringstream text;
  text << in.rdbuf();
  const std::string example = text.str();
  const auto lines = base::split(example, '\n');
  Findings findings;
  Draft draft;
  Places places;
  REQUIRE(read_main(example, findings.add_file("", example), findings, draft, places));
  for (const Key<Draft>& key : draft_keys()) {
    const auto place = places.find(key.name);
    if (place != places.end()) {
      CAPTURE(key.name);
      const std::string comment = comment_above(lines, place->second.line);
      CHECK((comment.find("restart") != std::string::npos) == key.needs_restart);
    }
  }
  CHECK(comment_above(lines, places.at("report.log[1].path").line).find("restart") !=
        std::string::npos);
}

}  // namespace
}  // namespace rampart::config
