#include "rampart/history/dead.h"

#include "support/catch.h"

#include "history/lines.h"

namespace rampart::history {
namespace {

using Lines = std::vector<std::string>;
using rampart::test::Bench;
using rampart::test::kSent;
using rampart::test::kTooFast;
using rampart::test::kUnknownUser;

constexpr std::string_view kRelay = "mx.google.example";

struct Found {
  Lines dead;
  std::vector<LeftOut> left_out;
};

Found find(const Lines& lines, policy::Options options = rampart::test::strict_options()) {
  const auto active = test::active(std::move(options));
  Correlator correlator(active);
  Dead dead(active);
  for (const report::LogLine& line : test::parse(lines)) {
    correlator.add(line, [&](Outcome& outcome) { dead.add(outcome); });
  }
  Found found;
  for (const DeadRecipient& one : dead.recipients(test::kReference)) {
    found.dead.push_back(one.key);
  }
  found.left_out = dead.left_out(correlator);
  return found;
}

Lines mail(std::string_view stamp,
           std::string_view recipient,
           std::string_view end,
           std::string_view id = "A1234") {
  const std::string front = std::string(stamp) + " mta1 ";
  return {front + rampart::test::active(id, "news@sender.example"),
          front + Bench::delivery(id, recipient, kRelay, end),
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

// Sends to `dead` addresses that do not exist and `alive` that do, on one day.
Lines day(const std::string& date, int dead, int alive) {
  Lines all;
  for (int i = 0; i < dead + alive; ++i) {
    const Lines one = mail(date + "T10:00:00Z", "u" + std::to_string(i) + "@gmail.example",
                           i < dead ? kUnknownUser : kSent, "A" + std::to_string(1000 + i));
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

TEST_CASE("a day on which most do not exist is left out", "[history][dead][unit]") {
  struct Case {
    const char* name;
    int dead;
    int alive;
    bool left_out;
  };
  for (const Case& test :
       {Case{"most", 12, 8, true}, Case{"all", 10, 0, true}, Case{"half", 12, 12, false},
        Case{"few", 9, 1, false}, Case{"usual", 12, 100, false}}) {
    CAPTURE(test.name);
    const Found found = find(day("2026-11-02", test.dead, test.alive));
    CHECK(found.dead.size() == static_cast<std::size_t>(test.left_out ? 0 : test.dead));
    REQUIRE(found.left_out.size() == (test.left_out ? 1U : 0U));
    if (test.left_out) {
      CHECK(found.left_out[0].provider == "gmail");
      CHECK(base::format_utc(found.left_out[0].day) == "2026-11-02T00:00:00Z");
      CHECK(found.left_out[0].dead == static_cast<std::uint32_t>(test.dead));
      CHECK(found.left_out[0].total == static_cast<std::uint32_t>(test.dead + test.alive));
    }
  }
}

TEST_CASE("who is dead on another day, too, is dead", "[history][dead][unit]") {
  const Found found = find(joined({mail("2026-11-01T10:00:00Z", "u1@gmail.example", kUnknownUser),
                                   day("2026-11-02", 12, 0), day("2026-11-03", 1, 20)}));
  CHECK(found.left_out.size() == 1);
  CHECK(found.dead == Lines{"u0@gmail.example"});  // u1 took mail on the third
}

}  // namespace
}  // namespace rampart::history
