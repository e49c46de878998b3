// Hidden: CPU times, printed and never asserted. Build with optimisation and run
// reply_tests "[.bench]".

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "rampart/reply/cache.h"
#include "rampart/reply/normalise.h"
#include "support/catch.h"

#include "reply/collection.h"

namespace rampart::reply {
namespace {

// Microseconds of CPU time, so that a busy machine does not matter.
template <class Work>
double time_of(const Work& work) {
  const std::clock_t begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) * 1e6 / CLOCKS_PER_SEC;
}

std::vector<Question> questions_of(const std::vector<test::Labelled>& entries,
                                   const std::vector<std::string>& providers) {
  std::vector<Question> questions;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    questions.push_back(test::question_of(entries[i], providers[i]));
  }
  return questions;
}

TEST_CASE("times of compiling and classifying", "[.bench]") {
  const std::string path = RAMPART_SOURCE_DIR "/../shared/corpus/replies.jsonl";
  if (!std::filesystem::exists(path)) {
    WARN("no collection beside the checkout: nothing measured");
    return;
  }
  const std::string file = RAMPART_SOURCE_DIR "/conf/replies.toml";
  const auto rules = test::read_rules(file);
  std::printf("reading the file: %.1f ms\n", time_of([&] { test::read_rules(file); }) / 1000);
  std::printf("compiling %zu rules, all checks: %.1f ms\n", rules.size(),
              time_of([&] { (void)Table::compile({}, rules); }) / 1000);
  std::printf("compiling, the operator's checked: %.1f ms\n",
              time_of([&] { (void)Table::compile({}, rules, Checks::Operator); }) / 1000);
  const auto table = Table::compile({}, rules, Checks::Operator);
  REQUIRE(table.has_value());
  const std::vector<test::Labelled> entries = test::read_collection(path);
  std::vector<std::string> providers;
  for (const auto& entry : entries) {
    providers.push_back(test::provider_of(entry.host));
  }
  const auto questions = questions_of(entries, providers);
  const double count = static_cast<double>(questions.size());
  std::size_t sum = 0;
  const auto all = [&] {
    for (const Question& question : questions) {
      sum += table->classify(question).rule;
    }
  };
  std::printf("classifying, first time: %.2f us a reply\n", time_of(all) / count);
  constexpr int kRounds = 20;
  const auto rounds = [&](const auto& work) {
    double best = 1e9;
    for (int i = 0; i < kRounds; ++i) {
      best = std::min(best, time_of(work) / count);
    }
    return best;
  };
  std::printf("classifying, warm: %.2f us a reply\n", rounds(all));
  std::printf("of which normalising: %.2f us\n", rounds([&] {
                for (const Question& question : questions) {
                  sum += normalise(question.reply, question.stage).text.size();
                }
              }));
  Cache cache(*table, 1U << 16U);
  const auto cached = [&] {
    for (const Question& question : questions) {
      sum += cache.classify(question).rule;
    }
  };
  cached();
  std::printf("from the cache: %.2f us a reply (checksum %zu)\n", rounds(cached), sum);
}

// Sixteen times the text may cost sixteen times the work; a square would cost 256 times.
TEST_CASE("time grows with the text and no faster", "[reply][unit]") {
  const auto table = Table::compile({}, test::read_rules(RAMPART_SOURCE_DIR "/conf/replies.toml"),
                                    Checks::Operator);
  REQUIRE(table.has_value());
  for (const std::string_view piece :
       {"a", "@", "\"@", "550-5.1.1 ", "user ", "unknown user ", "mailbox is not ", "((((((((",
        "your ip is blocked by ", "5.1.1.", "sender mail from domain ", "\xC3\xBC", "421 "}) {
    const auto least = [&](std::size_t bytes) {
      std::string reply = "550 ";
      while (reply.size() < bytes) {
        reply += piece;
      }
      Question question;
      question.reply = reply;
      (void)table->classify(question);  // patterns are compiled at their first use
      double best = 1e9;
      for (int i = 0; i < 5; ++i) {
        best = std::min(best, time_of([&] { (void)table->classify(question); }));
      }
      return best;
    };
    INFO(piece);
    CHECK(least(4096) < 100 * (least(256) + 5));
  }
}

}  // namespace
}  // namespace rampart::reply
