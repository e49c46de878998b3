// Hidden: CPU times, printed and never asserted. Build with optimisation and run
// reply_tests "[.bench]".

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include "rampart/reply/cache.h"
#include "rampart/reply/normalise.h"
#include "rampart/reply/words.h"
#include "support/catch.h"

#include "reply/collection.h"
#include "reply/literals.h"
#include "reply/matcher.h"
#include "reply/prefilter.h"

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

// The patterns alone, without codes, stages and providers: ours is kept while it is the faster one.
TEST_CASE("the filter against RE2's own", "[.bench]") {
  std::vector<std::string> texts;
  Matcher ours;
  re2::FilteredRE2 theirs(3);
  Prefilter atoms;
  std::vector<std::string> patterns;
  for (const Rule& shipped : test::read_rules(RAMPART_SOURCE_DIR "/conf/replies.toml")) {
    for (const Sample& sample : shipped.samples) {
      texts.push_back(normalise(sample.reply, sample.stage).text);
    }
    for (const std::string& pattern : shipped.match.any) {
      patterns.push_back(pattern);
    }
  }
  std::printf("%zu patterns, %zu texts\n", patterns.size(), texts.size());
  std::printf("ours, loading: %.1f ms\n", time_of([&] {
                                            for (const std::string& pattern : patterns) {
                                              Rule rule;
                                              rule.match = pattern;
                                              REQUIRE(ours.add(rule, false).empty());
                                            }
                                            ours.build();
                                          }) / 1000);
  std::printf("theirs, loading: %.1f ms\n",
              time_of([&] {
                RE2::Options options;
                options.set_case_sensitive(false);
                options.set_never_capture(true);
                options.set_dot_nl(true);
                options.set_max_mem(2LL << 20);
                for (const std::string& pattern : patterns) {
                  int id = 0;
                  REQUIRE(theirs.Add(*expand_words(pattern), options, &id) == RE2::NoError);
                }
                std::vector<std::string> needed;
                theirs.Compile(&needed);
                for (const std::string& text : needed) {
                  atoms.add({"", {{text}}, true});
                }
                atoms.build();
              }) / 1000);
  std::vector<std::uint32_t> found_by_us;
  std::vector<std::uint32_t> found_by_them;
  const auto ask_us = [&] {
    found_by_us.clear();
    for (const std::string& text : texts) {
      Normalised reply;
      reply.text = text;
      found_by_us.push_back(ours.find(reply, "", 0));
    }
  };
  const auto ask_them = [&] {
    found_by_them.clear();
    for (const std::string& text : texts) {
      std::string folded = text;
      fold_case(folded);
      const auto met = atoms.candidates(folded);
      std::vector<int> candidates;
      theirs.AllPotentials({met.begin(), met.end()}, &candidates);
      std::sort(candidates.begin(), candidates.end());
      const auto first = std::find_if(candidates.begin(), candidates.end(), [&](int number) {
        return RE2::PartialMatch(text, theirs.GetRE2(number));
      });
      found_by_them.push_back(first == candidates.end() ? Matcher::kNone
                                                        : static_cast<std::uint32_t>(*first));
    }
  };
  const double count = static_cast<double>(texts.size());
  std::printf("ours, first time: %.2f us\n", time_of(ask_us) / count);
  std::printf("theirs, first time: %.2f us\n", time_of(ask_them) / count);
  CHECK(found_by_us == found_by_them);
  double us = 1e9;
  double them = 1e9;
  for (int round = 0; round < 20; ++round) {
    us = std::min(us, time_of(ask_us) / count);
    them = std::min(them, time_of(ask_them) / count);
  }
  std::printf("warm: ours %.2f us, theirs %.2f us\n", us, them);
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
