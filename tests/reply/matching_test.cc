#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "rampart/reply/cache.h"
#include "rampart/reply/codes.h"
#include "rampart/reply/words.h"
#include "support/catch.h"

#include "reply/golden_replies.h"
#include "reply/rules_file.h"

namespace rampart::reply {
namespace {

TEST_CASE("word groups are expanded", "[reply][unit]") {
  CHECK(*expand_words("a{2,3}b\\{x}") == "a{2,3}b\\{x}");
  CHECK(*expand_words("a{..}b") == "a(?:(?:[^.]|\\.[^ ]|\\.\\.\\. )*)b");
  CHECK(expand_words("{mailbox}")->starts_with("(?:user|"));
  CHECK(*expand_words("a{") == "a{");
  CHECK_FALSE(expand_words("{mailbocks}").has_value());
  CHECK(expand_words("{mailbocks}").error().what == "there is no word group {mailbocks}");
  Rule rule;
  rule.name = "own";
  rule.match = std::vector<std::string>{"pear", "{mailbox}{..}{missing}"};
  rule.reply_class = ReplyClass::MailboxUnknown;
  rule.samples.push_back({"550 pear", "", mail::Stage::Unknown, {}, ""});
  rule.samples.push_back({"550 Das Postfach ist hier unbekannt", "", mail::Stage::Unknown, {}, ""});
  CHECK(Table::compile({rule}, {}).has_value());
  rule.samples.push_back({"550 The account. It is unknown", "", mail::Stage::Unknown, {}, ""});
  CHECK_FALSE(Table::compile({rule}, {}).has_value());  // another sentence
  rule.match = std::vector<std::string>{"pear", "{nothing}"};
  CHECK(Table::compile({rule}, {}).error().what.find("no word group {nothing}") !=
        std::string::npos);
}

TEST_CASE("a cache answers as its table does", "[reply][unit]") {
  const auto table = Table::compile({}, test::read_rules(RAMPART_SOURCE_DIR "/conf/replies.toml"),
                                    Checks::Operator);
  REQUIRE(table.has_value());
  Cache cache(*table, 3);
  std::size_t asked = 0;
  for (int round = 0; round < 2; ++round) {
    for (const test::GoldenReply& c : test::golden_replies("catalogue")) {
      for (const mail::Stage stage : {c.stage, mail::Stage::Unknown}) {
        for (int twice = 0; twice < 2; ++twice) {
          Question question;
          question.reply = c.reply;
          question.provider = c.provider;
          question.stage = stage;
          const Classification kept = cache.classify(question);
          const Classification fresh = table->classify(question);
          CHECK(kept.rule == fresh.rule);
          CHECK(kept.suppress == fresh.suppress);
          CHECK(kept.stage == fresh.stage);
          ++asked;
        }
      }
    }
  }
  CHECK(cache.hits() + cache.misses() == asked);
  CHECK(cache.hits() >= asked / 2);
  Question question;
  question.reply = "xyzzy";
  const auto misses = cache.misses();
  for (const std::string_view dsn : {"", "5.1.1", "4.1.1", "5.1.2", "5.2.1"}) {
    for (const bool sent : {false, true}) {
      question.dsn = test::parse_dsn(dsn);
      question.status = sent ? std::optional(mail::DeliveryStatus::Sent) : std::nullopt;
      CHECK(cache.classify(question).rule == table->classify(question).rule);
    }
  }
  CHECK(cache.misses() == misses + 10);
  const std::string large(5000, 'x');
  question.reply = large;
  cache.classify(question);
  cache.classify(question);
  CHECK(cache.misses() == misses + 12);
}

TEST_CASE("the table of codes is complete and in order", "[reply][unit]") {
  std::vector<std::string> seen;
  for (const CodeLine& line : code_lines()) {
    INFO(line.code);
    CHECK(line.meaning.ends_with('.'));
    CHECK(line.action.ends_with('.'));
    CHECK(std::find(seen.begin(), seen.end(), line.code) == seen.end());
    seen.emplace_back(line.code);
  }
  const auto has = [&seen](const std::string& code) {
    return std::find(seen.begin(), seen.end(), code) != seen.end();
  };
  for (const int code : {420, 421, 422, 431, 432, 441, 442, 446, 447, 450, 451, 452, 454,
                         455, 471, 500, 501, 502, 503, 504, 510, 511, 512, 515, 521, 522,
                         523, 530, 531, 535, 538, 541, 550, 551, 552, 553, 554, 555, 556}) {
    INFO(code);
    CHECK(has(std::to_string(code)));
  }
  // Last registered detail of each subject.
  const std::vector<int> details{0, 10, 4, 6, 7, 6, 10, 30};
  for (std::size_t subject = 0; subject < details.size(); ++subject) {
    for (int detail = 0; detail <= details[subject]; ++detail) {
      const std::string code = "X." + std::to_string(subject) + '.' + std::to_string(detail);
      INFO(code);
      CHECK(has(code));
    }
  }
  CHECK(has("(time-out)"));
  CHECK(has("(refused)"));
}

}  // namespace
}  // namespace rampart::reply
