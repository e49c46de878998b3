#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "support/catch.h"

#include "reply/collection.h"

namespace rampart::reply {
namespace {

using test::Labelled;

const std::string kCollection = RAMPART_SOURCE_DIR "/../shared/corpus/replies.jsonl";

Table shipped() {
  auto table = Table::compile({}, test::read_rules(RAMPART_SOURCE_DIR "/conf/replies.toml"),
                              Checks::Operator);
  INFO((table ? "" : table.error().what));
  REQUIRE(table.has_value());
  return std::move(*table);
}

struct Figures {
  std::size_t replies = 0;
  std::size_t right = 0;
  std::size_t named = 0;  // not undefined
  std::size_t must_not = 0;
  std::size_t false_suppressions = 0;
  std::size_t must = 0;
  std::size_t missed = 0;
  std::array<std::size_t, kReplyClasses> hits{};
  std::array<std::size_t, kReplyClasses> wrongly{};
  std::array<std::size_t, kReplyClasses> overlooked{};
  std::array<std::array<std::size_t, kReplyClasses>, kReplyClasses> taken{};  // label, answer

  void add(const Labelled& entry, const Classification& answer) {
    const bool correct = entry.accepted.count(answer.reply_class) != 0;
    ++replies;
    right += correct ? 1 : 0;
    named += answer.reply_class != ReplyClass::Undefined ? 1 : 0;
    if (correct) {
      ++hits[static_cast<std::size_t>(entry.reply_class)];
    } else {
      ++wrongly[static_cast<std::size_t>(answer.reply_class)];
      ++overlooked[static_cast<std::size_t>(entry.reply_class)];
      ++taken[static_cast<std::size_t>(entry.reply_class)]
             [static_cast<std::size_t>(answer.reply_class)];
    }
    if (entry.suppress == true) {
      ++must;
      missed += answer.suppress ? 0 : 1;
    } else if (entry.suppress == false) {
      ++must_not;
      false_suppressions += answer.suppress ? 1 : 0;
    }
  }

  [[nodiscard]] double macro_f1() const {
    double sum = 0;
    int classes = 0;
    for (std::size_t i = 0; i < kReplyClasses; ++i) {
      if (hits[i] + overlooked[i] == 0) {
        continue;
      }
      ++classes;
      sum += 2.0 * static_cast<double>(hits[i]) /
             static_cast<double>(2 * hits[i] + wrongly[i] + overlooked[i]);
    }
    return classes == 0 ? 0 : sum / classes;
  }
};

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void print(const char* name, const Figures& f) {
  std::printf(
      "%s: %zu replies, accuracy %.3f, macro-F1 %.3f, coverage %.3f, "
      "false suppressions %zu of %zu (%.2f %%), missed %zu of %zu (%.1f %%)\n",
      name, f.replies, share(f.right, f.replies), f.macro_f1(), share(f.named, f.replies),
      f.false_suppressions, f.must_not, 100 * share(f.false_suppressions, f.must_not), f.missed,
      f.must, 100 * share(f.missed, f.must));
}

void check_floors(const Figures& f) {
  CHECK(share(f.right, f.replies) >= 0.89);
  CHECK(f.macro_f1() >= 0.88);
  CHECK(share(f.named, f.replies) >= 0.96);
  CHECK(share(f.false_suppressions, f.must_not) <= 0.005);
  CHECK(share(f.missed, f.must) <= 0.065);
}

TEST_CASE("the shipped table understands a labelled collection of replies", "[reply][measure]") {
  if (!std::filesystem::exists(kCollection)) {
    WARN("no collection beside the checkout: nothing measured");
    return;
  }
  const Table table = shipped();
  Figures a;
  Figures b;
  for (const Labelled& entry : test::read_collection(kCollection)) {
    const std::string provider = test::provider_of(entry.host);
    const Classification answer = table.classify(test::question_of(entry, provider));
    (test::in_half_a(entry.id) ? a : b).add(entry, answer);
  }
  print("half A", a);
  print("half B", b);
  check_floors(a);
  check_floors(b);
}

// One line "class[/class...]|stage[@host]|reply" of a list: further classes are as right.
// A dead address must be suppressed where the reply is permanent; nothing else may be.
Labelled labelled_of_line(const std::string& line) {
  const auto parts = base::split(line, '|');
  REQUIRE(parts.size() >= 3);
  Labelled entry;
  std::size_t dead = 0;
  for (const std::string_view name : base::split(parts[0], '/')) {
    const ReplyClass accepted = test::class_named(name);
    entry.reply_class = entry.accepted.empty() ? accepted : entry.reply_class;
    entry.accepted.insert(accepted);
    const bool is_dead =
        accepted == ReplyClass::MailboxUnknown || accepted == ReplyClass::MailboxDisabled ||
        accepted == ReplyClass::MailboxMoved || accepted == ReplyClass::DomainUnknown;
    dead += is_dead ? 1 : 0;
  }
  const std::size_t at = parts[1].find('@');
  const std::string_view stage = parts[1].substr(0, at);
  entry.host = at == std::string_view::npos ? "" : std::string(parts[1].substr(at + 1));
  entry.stage = stage == "eod" ? mail::Stage::EndOfData
                               : mail::parse_stage(stage).value_or(mail::Stage::Unknown);
  entry.reply = line.substr(parts[0].size() + parts[1].size() + 2);
  if (dead == 0 || dead == entry.accepted.size()) {  // else either answer is defensible
    entry.suppress = dead != 0 && !entry.reply.starts_with('4');
  }
  if (!entry.reply.empty() && !base::is_digit(entry.reply.front())) {
    entry.status = mail::DeliveryStatus::Bounced;
  }
  return entry;
}

// Hidden: answers to a list, named in REPLIES.
TEST_CASE("answers to a list", "[.list]") {
  const char* path = std::getenv("REPLIES");  // NOLINT(concurrency-mt-unsafe): one thread
  REQUIRE(path != nullptr);
  const Table table = shipped();
  Figures figures;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const Labelled entry = labelled_of_line(line);
    const Classification answer =
        table.classify(test::question_of(entry, test::provider_of(entry.host)));
    figures.add(entry, answer);
    const bool correct = entry.accepted.count(answer.reply_class) != 0;
    const bool suppress = !entry.suppress || answer.suppress == *entry.suppress;
    if (!correct || !suppress) {
      std::printf("want %s, got %s by %s%s: %s %s\n", line.substr(0, line.find('|')).c_str(),
                  std::string(to_string(answer.reply_class)).c_str(),
                  table.rule(answer.rule).name.c_str(),
                  suppress          ? ""
                  : answer.suppress ? " FALSE"
                                    : " MISSED",
                  std::string(mail::to_string(entry.stage)).c_str(), entry.reply.c_str());
    }
  }
  print("list", figures);
  for (std::size_t i = 0; i < kReplyClasses; ++i) {
    const std::size_t all = figures.hits[i] + figures.overlooked[i];
    std::printf("%-18s recall %zu of %zu, wrongly %zu\n",
                std::string(to_string(static_cast<ReplyClass>(i))).c_str(), figures.hits[i], all,
                figures.wrongly[i]);
  }
}

// Hidden: counts for each class, of both halves.
TEST_CASE("figures of each class", "[.classes]") {
  const Table table = shipped();
  std::array<Figures, 2> halves;
  for (const Labelled& entry : test::read_collection(kCollection)) {
    const Classification answer =
        table.classify(test::question_of(entry, test::provider_of(entry.host)));
    halves[test::in_half_a(entry.id) ? 0 : 1].add(entry, answer);
  }
  for (std::size_t i = 0; i < kReplyClasses; ++i) {
    std::printf("%-18s", std::string(to_string(static_cast<ReplyClass>(i))).c_str());
    for (const Figures& f : halves) {
      std::printf("  right %3zu overlooked %3zu wrongly %3zu", f.hits[i], f.overlooked[i],
                  f.wrongly[i]);
    }
    for (std::size_t other = 0; other < kReplyClasses; ++other) {
      if (const std::size_t times = halves[1].taken[i][other]; times != 0) {
        std::printf("  %zu %s", times,
                    std::string(to_string(static_cast<ReplyClass>(other))).c_str());
      }
    }
    std::printf("\n");
  }
}

// Hidden: lists what half A gets wrong. There is no such list for half B, on purpose.
TEST_CASE("wrong answers in half A", "[.misses]") {
  const Table table = shipped();
  for (const Labelled& entry : test::read_collection(kCollection)) {
    if (!test::in_half_a(entry.id)) {
      continue;
    }
    const std::string provider = test::provider_of(entry.host);
    const Classification answer = table.classify(test::question_of(entry, provider));
    const bool correct = entry.accepted.count(answer.reply_class) != 0;
    const bool suppress = !entry.suppress || *entry.suppress == answer.suppress;
    if (!correct || !suppress) {
      std::printf("%s %s want %s, got %s by %s%s\n    %s %.300s\n", entry.id.c_str(),
                  correct ? "suppress" : "class", std::string(to_string(entry.reply_class)).c_str(),
                  std::string(to_string(answer.reply_class)).c_str(),
                  table.rule(answer.rule).name.c_str(), answer.suppress ? " (suppress)" : "",
                  std::string(mail::to_string(entry.stage)).c_str(), entry.reply.c_str());
    }
  }
}

}  // namespace
}  // namespace rampart::reply
