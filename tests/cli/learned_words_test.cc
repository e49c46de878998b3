// Trails, replies and suggested rules as people see them.

#include <cstdlib>
#include <ctime>
#include <vector>

#include "support/catch.h"

#include "cli/replies.h"
#include "cli/trail.h"

namespace rampart::cli {
namespace {

class UtcZone {
 public:
  UtcZone() {
    setenv("TZ", "UTC", 1);  // NOLINT(concurrency-mt-unsafe): one thread
    tzset();
  }
};

TEST_CASE("a trail is told oldest first, with the day where it changes", "[cli]") {
  const UtcZone zone;
  control::EventsAnswer answer{"4Xk2Pq1z9Rz", "14d", {}};
  const auto at = [](const char* time) {
    return *base::parse_rfc3339(time);
  };
  answer.events = {
      {at("2026-11-21T23:59:07Z"), "", "accepted", "bob@example.com", "example.org", "microsoft",
       "", ""},
      {at("2026-11-21T23:59:09Z"), "", "deferred", "bob@example.com", "example.org", "microsoft",
       "451 4.7.650 wait", "microsoft-rate"},
      {at("2026-11-22T00:20:10Z"), "", "sent", "bob@example.com", "", "", "250 2.6.0 Queued", ""}};
  CHECK(render_trail(answer) ==
        "4Xk2Pq1z9Rz\n"
        "2026-11-21\n"
        "23:59:07  accepted  bob@example.com  flow example.org -> microsoft\n"
        "23:59:09  deferred  bob@example.com  flow example.org -> microsoft  451 4.7.650 wait  "
        "rule microsoft-rate\n"
        "2026-11-22\n"
        "00:20:10  sent      bob@example.com  250 2.6.0 Queued\n");
}

TEST_CASE("of an unknown message it is said what bounds what is known", "[cli]") {
  const std::string text = render_trail({"4Xk2Pq1z9Rz", "14d", {}});
  CHECK(text ==
        "4Xk2Pq1z9Rz: nothing is known of this message\n"
        "either it did not pass rampart, or it is older than 14d (keep in [store])\n");
}

using Replies = std::vector<store::ReplyRecord>;

store::ReplyRecord reply(const char* provider, const char* sample, const char* stage = "rcpt") {
  return {provider,
          sample,
          "undefined",
          "no-rule",
          false,
          12,
          *base::parse_rfc3339("2026-11-20T00:00:00Z"),
          *base::parse_rfc3339("2026-11-21T10:30:00Z"),
          sample,
          stage};
}

TEST_CASE("replies are a table", "[cli]") {
  const UtcZone zone;
  const Replies replies{reply("gmail", "550 zork"), reply("", "421 5.7.1 [IP] x")};
  CHECK(render_replies(replies, false, false) ==
        "COUNT  LAST              PROVIDER  REPLY\n"
        "   12  2026-11-21 10:30  gmail     550 zork\n"
        "   12  2026-11-21 10:30  -         421 5.7.1 [IP] x\n");
  CHECK(render_replies(replies, true, false)
            .starts_with("COUNT  LAST              PROVIDER  CLASS      RULE     REPLY\n"));
}

std::size_t rules_in(const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = text.find("[[rule]]"); at != std::string::npos;
       at = text.find("[[rule]]", at + 1)) {
    ++count;
  }
  return count;
}

TEST_CASE("suggested rules have names of their own", "[cli]") {
  const std::string rules =
      suggest_rules({reply("gmail", "550 the zork is away"), reply("yahoo", "550 the zork is away"),
                     reply("", "554")});
  CAPTURE(rules);
  const std::size_t first = rules.find("name   = \"my-the-zork-is-away\"\n");
  const std::size_t second = rules.find("name   = \"my-the-zork-is-away-2\"\n");
  CHECK(first != std::string::npos);
  CHECK(second != std::string::npos);
  CHECK(first < second);
  CHECK(rules.starts_with("# For the file that [replies] file names."));
  CHECK(suggest_rules({}).empty());
}

TEST_CASE("a reply that an earlier suggestion catches gets no rule", "[cli]") {
  struct Case {
    Replies replies;
    std::size_t rules;
  };
  const std::vector<Case> cases{
      {{reply("", "451 zork zork, id=4Xk2Pq1z9Rz"), reply("", "451 zork zork, id=4Xk2Pq1z9Ry x")},
       1},
      {{reply("", "451 zork zork"), reply("", "550 zork zork")}, 2},
      {{reply("gmail", "451 zork zork"), reply("yahoo", "451 zork zork")}, 2},
      // The rule for any provider stands behind, and is for the others.
      {{reply("", "451 zork"), reply("gmail", "451 zork away today")}, 2},
      {{reply("", "451 zork away today"), reply("gmail", "451 zork away today \"x\" \\ y")}, 1},
  };
  for (const Case& c : cases) {
    const std::string rules = suggest_rules(c.replies);
    CAPTURE(rules);
    CHECK(rules_in(rules) == c.rules);
  }
}

}  // namespace
}  // namespace rampart::cli
