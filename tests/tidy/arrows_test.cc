#include "tidy/arrows.h"

#include "support/catch.h"

namespace rampart::tidy {
namespace {

TEST_CASE("includes follow the arrows", "[tidy][unit]") {
  struct Case {
    std::string_view path;
    std::string_view line;
    std::size_t want;
  };
  static const Case kCases[] = {
      // Rooms.
      {"src/base/a.cc", "#include \"rampart/mail/reply.h\"", 1},
      {"src/mail/a.cc", "#include \"rampart/base/text.h\"", 0},
      {"src/report/a.cc", "#include \"rampart/reply/class.h\"", 1},
      {"src/ramp/a.cc", "#include \"rampart/reply/class.h\"", 0},
      {"src/ramp/a.cc", "#include \"rampart/reply/table.h\"", 1},
      {"include/rampart/suppression/a.h", "#include \"rampart/reply/class.h\"", 0},
      {"include/rampart/store/records.h", "#include \"rampart/ramp/flow.h\"", 0},
      {"include/rampart/store/records.h", "#include \"rampart/provider/table.h\"", 1},
      {"include/rampart/policy/policy.h", "#include \"rampart/reply/table.h\"", 0},
      {"src/engine/a.cc", "#include \"rampart/config/config.h\"", 1},
      {"src/config/a.cc", "#include \"rampart/milter/options.h\"", 0},
      {"src/config/a.cc", "#include \"rampart/milter/server.h\"", 1},
      {"src/milter/a.cc", "#include \"rampart/engine/engine.h\"", 0},
      {"src/milter/a.cc", "#include \"rampart/report/postfix.h\"", 1},
      {"src/feed/a.cc", "#include \"rampart/report/postfix.h\"", 0},
      {"src/feed/a.cc", "#include \"rampart/control/options.h\"", 1},
      {"src/cli/a.cc", "#include \"rampart/milter/options.h\"", 0},
      {"src/cli/a.cc", "#include \"rampart/milter/server.h\"", 1},
      {"src/daemon/a.cc", "#include \"rampart/milter/server.h\"", 0},
      {"src/mail/a.cc", "#include \"rampart/nowhere/a.h\"", 1},
      // Insides.
      {"src/feed/a.cc", "#include \"zone.h\"", 0},
      {"src/feed/a.cc", "#include \"feed/zone.h\"", 0},
      {"src/store/memory/a.cc", "#include \"memory/a.h\"", 0},
      {"src/engine/a.cc", "#include \"feed/zone.h\"", 1},
      {"src/engine/a.cc", "#include \"../feed/zone.h\"", 1},
      {"include/rampart/feed/a.h", "#include \"zone.h\"", 1},
      // Libraries.
      {"src/reply/a.cc", "#include <re2/re2.h>", 0},
      {"src/engine/a.cc", "#include <re2/re2.h>", 1},
      {"src/engine/a.cc", "#include <fmt/format.h>", 0},
      {"include/rampart/engine/a.h", "#include <fmt/format.h>", 1},
      {"include/rampart/store/a.h", "#include <sqlite3.h>", 1},
      {"include/rampart/store/a.h", "#include <string>", 0},
      {"src/store/sqlite/a.cc", "#include <sqlite3.h>", 0},
      {"src/cli/a.cc", "#include <nlohmann/json.hpp>", 0},
      {"src/milter/a.cc", "  #  include <nlohmann/json.hpp>", 0},  // a spelling that format undoes
      {"src/milter/a.cc", "  #include <nlohmann/json.hpp>", 1},
      {"src/milter/a.cc", "#include <unistd.h>", 0},
      // Not code, not a room.
      {"src/mail/a.cc", "// #include <re2/re2.h>", 0},
      {"src/mail/a.cc", "const char* a = \"#include <re2/re2.h>\";", 0},
      {"tests/mail/a.cc", "#include \"rampart/engine/engine.h\"", 0},
  };
  for (const Case& c : kCases) {
    INFO(c.path << ": " << c.line);
    Findings findings;
    check_includes(make_source(std::string(c.path), std::string(c.line) + '\n'), findings);
    CHECK(findings.size() == c.want);
  }
}

TEST_CASE("a finding names its line", "[tidy][unit]") {
  Findings findings;
  check_includes(make_source("src/mail/a.cc", "\n\n#include <re2/re2.h>\n"), findings);
  REQUIRE(findings.size() == 1);
  CHECK(to_string(findings[0]) ==
        "src/mail/a.cc:3: <re2/re2.h> belongs to reply: use that room instead");
}

TEST_CASE("tier 5 never uses itself", "[tidy][unit]") {
  for (const std::string_view room :
       {"milter", "feed", "release", "resolve", "control", "web", "sim"}) {
    for (const std::string_view other :
         {"milter", "feed", "release", "resolve", "control", "web", "sim", "cli", "daemon"}) {
      INFO(room << " " << other);
      CHECK(may_use(room, other) == (room == other));
    }
  }
}

TEST_CASE("CMake's DEPENDS follow the arrows", "[tidy][unit]") {
  struct Case {
    std::string_view text;
    std::size_t want;
  };
  static const Case kCases[] = {
      {"rampart_room(mail SOURCES a.cc DEPENDS base LINKS fmt::fmt)", 0},
      {"rampart_room(mail\n  SOURCES a.cc\n  DEPENDS base reply)", 1},
      {"rampart_room(base SOURCES a.cc DEPENDS mail)", 1},
      {"rampart_room(base SOURCES a.cc LINKS fmt::fmt)", 0},
      {"rampart_room(engine SOURCES a.cc DEPENDS base mail ramp store telemetry)", 0},
      {"rampart_room(milter SOURCES a.cc DEPENDS base engine feed control)", 2},
      {"rampart_room(kitchen SOURCES a.cc DEPENDS base)", 1},
      {"rampart_room(mail SOURCES a.cc LINKS rampart_reply)", 1},
      {"add_library(other a.cc)", 0},
  };
  for (const Case& c : kCases) {
    INFO(c.text);
    Findings findings;
    check_depends("src/x/CMakeLists.txt", c.text, findings);
    CHECK(findings.size() == c.want);
  }
}

}  // namespace
}  // namespace rampart::tidy
