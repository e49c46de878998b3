#include "rampart/history/suppressed.h"

#include "support/catch.h"

#include "history/lines.h"

namespace rampart::history {
namespace {

using Lines = std::vector<std::string>;
using rampart::test::Bench;
using rampart::test::kSent;
using rampart::test::kTooFast;
using rampart::test::kUnknownUser;

struct Found {
  Lines dead;
  std::vector<MassFailure> failures;
};

Found find(const Lines& lines, policy::Options options = rampart::test::strict_options()) {
  const auto active = test::active(std::move(options));
  Correlator correlator(active);
  Suppressed suppressed(active);
  for (const report::LogLine& line : test::parse(lines)) {
    correlator.add(line, [&](Outcome& outcome) { suppressed.add(outcome, outcome.time, false); });
  }
  Found found;
  for (const SuppressedAddress& one : suppressed.dead(test::kReference)) {
    found.dead.push_back(one.key);
  }
  found.failures = suppressed.failures();
  return found;
}

Lines mail(std::string_view stamp,
           std::string_view recipient,
           std::string_view end,
           std::string_view id = "A1234",
           std::string_view relay = "mx.google.example") {
  const std::string front = std::string(stamp) + " mta1 ";
  return {front + rampart::test::active(id, "news@sender.example"),
          front + Bench::delivery(id, recipient, relay, end),
          front + "postfix/qmgr[1]: " + std::string(id) + ": removed"};
}

Lines joined(std::initializer_list<Lines> parts) {
  Lines all;
  for (const Lines& part : parts) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

TEST_CASE("who answered that he does not exist is dead", "[history][dead][unit]") {
  constexpr std::string_view kDay1 = "2026-11-02T10:00:00Z";
  constexpr std::string_view kDay2 = "2026-11-03T10:00:00Z";
  struct Case {
    const char* name;
    Lines lines;
    Lines expected;
  };
  const std::vector<Case> cases{
      {"once", mail(kDay1, "u@gmail.example", kUnknownUser), {"u@gmail.example"}},
      {"delivered", mail(kDay1, "u@gmail.example", kSent), {}},
      {"too fast", mail(kDay1, "u@gmail.example", kTooFast), {}},
      {"delivered before",
       joined(
           {mail(kDay1, "u@gmail.example", kSent), mail(kDay2, "u@gmail.example", kUnknownUser)}),
       {"u@gmail.example"}},
      {"delivered later",
       joined(
           {mail(kDay1, "u@gmail.example", kUnknownUser), mail(kDay2, "u@gmail.example", kSent)}),
       {}},
      {"delivered between",
       joined({mail(kDay1, "u@gmail.example", kUnknownUser), mail(kDay2, "u@gmail.example", kSent),
               mail("2026-11-04T10:00:00Z", "u@gmail.example", kUnknownUser)}),
       {"u@gmail.example"}},
      {"another one delivered later",
       joined(
           {mail(kDay1, "u@gmail.example", kUnknownUser), mail(kDay2, "v@gmail.example", kSent)}),
       {"u@gmail.example"}},
      {"a temporary answer",
       mail(kDay1, "u@gmail.example",
            "dsn=4.1.1, status=deferred (host mx.google.example[203.0.113.5] said: 450 4.1.1 The "
            "account does not exist (in reply to RCPT TO command))"),
       {}},
      {"more than a year ago", mail("2025-11-02T10:00:00Z", "u@gmail.example", kUnknownUser), {}},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    CHECK(find(test.lines).dead == test.expected);
  }
}

TEST_CASE("hard_bounces asks for several", "[history][dead][unit]") {
  policy::Options options = rampart::test::strict_options();
  options.suppression.hard_bounces = 2;
  const Lines once = mail("2026-11-02T10:00:00Z", "u@gmail.example", kUnknownUser);
  CHECK(find(once, options).dead.empty());
  CHECK(find(joined({once, mail("2026-11-05T10:00:00Z", "u@gmail.example", kUnknownUser)}), options)
            .dead == Lines{"u@gmail.example"});
}

struct Answers {
  int count;
  std::string_view end;
};

// Sends to so many addresses each, "u0" and so on, on one day.
Lines day(const std::string& date, const std::vector<Answers>& answers) {
  Lines all;
  int number = 0;
  for (const Answers& some : answers) {
    for (int i = 0; i < some.count; ++i, ++number) {
      const Lines one = mail(date + "T10:00:00Z", "u" + std::to_string(number) + "@gmail.example",
                             some.end, "A" + std::to_string(1000 + number));
      all.insert(all.end(), one.begin(), one.end());
    }
  }
  return all;
}

// As the service judges it.
TEST_CASE("while a provider calls far too many dead none of them is", "[history][dead][unit]") {
  struct Case {
    const char* name;
    std::vector<Answers> answers;
    std::size_t dead;
    std::uint64_t doubted;
  };
  for (const Case& test : std::vector<Case>{
           {"most", {{12, kUnknownUser}, {8, kSent}}, 0, 12},
           {"all", {{10, kUnknownUser}}, 0, 10},
           {"half", {{12, kUnknownUser}, {12, kSent}}, 0, 12},
           {"few", {{9, kUnknownUser}, {1, kSent}}, 9, 0},
           {"a bad list's head, after many who exist", {{100, kSent}, {12, kUnknownUser}}, 12, 0},
           {"and after it, one who does not exist",
            {{12, kUnknownUser}, {60, kSent}, {1, kUnknownUser}},
            1,
            12}}) {
    CAPTURE(test.name);
    const Found found = find(day("2026-11-02", test.answers));
    CHECK(found.dead.size() == test.dead);
    REQUIRE(found.failures.size() == (test.doubted > 0 ? 1U : 0U));
    if (test.doubted > 0) {
      CHECK(found.failures[0].provider == "gmail");
      CHECK(base::format_utc(found.failures[0].from) == "2026-11-02T10:00:00Z");
      CHECK((found.failures[0].until == base::WallTime{}) == (test.dead == 0));
      CHECK(found.failures[0].doubted == test.doubted);
    }
  }
}

TEST_CASE("while all providers together call far too many dead none of them is",
          "[history][dead][unit]") {
  Lines lines;
  for (int i = 0; i < 12; ++i) {
    const Lines one = mail("2026-11-02T10:00:00Z", "u@firm" + std::to_string(i) + ".example",
                           kUnknownUser, "A" + std::to_string(1000 + i), "mx.firm.example");
    lines.insert(lines.end(), one.begin(), one.end());
  }
  const Found found = find(lines);
  CHECK(found.dead.empty());
  REQUIRE(found.failures.size() == 1);
  CHECK(found.failures[0].provider == suppression::Guards::kHost);
  CHECK(found.failures[0].doubted == 12);
}

TEST_CASE("who is dead on another day, too, is dead", "[history][dead][unit]") {
  const Found found = find(joined({mail("2026-11-01T10:00:00Z", "u1@gmail.example", kUnknownUser),
                                   day("2026-11-02", {{12, kUnknownUser}}),
                                   day("2026-11-04", {{1, kUnknownUser}, {20, kSent}})}));
  CHECK(found.failures.size() == 1);
  CHECK(found.dead == Lines{"u0@gmail.example"});  // u1 took mail on the fourth
}

}  // namespace
}  // namespace rampart::history
