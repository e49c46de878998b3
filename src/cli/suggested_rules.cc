// rampart replies unknown --rules

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "rampart/mail/reply.h"
#include "rampart/reply/suggest.h"
#include "rampart/reply/table.h"

#include "replies.h"

namespace rampart::cli {
namespace {

// The basic string that a key of suggest_rule()'s TOML has; "" without the key.
std::string value_of(std::string_view rule, std::string_view key) {
  for (std::size_t at = rule.find(key); at != std::string_view::npos; at = rule.find(key, at + 1)) {
    const std::size_t equals = rule.find_first_not_of(' ', at + key.size());
    const bool begins = at == 0 || rule[at - 1] == '\n' || rule[at - 1] == ' ';
    if (!begins || equals == std::string_view::npos || !rule.substr(equals).starts_with("= \"")) {
      continue;
    }
    std::string value;
    for (std::size_t i = equals + 3; i < rule.size() && rule[i] != '"'; ++i) {
      i += rule[i] == '\\' ? 1U : 0U;
      value += i < rule.size() ? rule[i] : '\\';
    }
    return value;
  }
  return {};
}

struct Suggestion {
  std::string text;  ///< TOML
  std::string name;
  reply::Question question;  ///< views into the record it was made from
  std::string sample;
  std::uint64_t count = 0;
  std::string last;
  std::optional<reply::Table> table;  ///< of this rule alone; none if it is no good
};

Suggestion suggest(const store::ReplyRecord& record) {
  Suggestion made;
  made.question.reply = record.sample;
  made.question.provider = record.provider;
  made.question.stage = mail::parse_stage(record.stage).value_or(mail::Stage::Unknown);
  made.text = reply::suggest_rule(made.question);
  made.name = value_of(made.text, "name");
  made.sample = value_of(made.text, "reply");
  made.count = record.count;
  made.last = base::format_utc(record.last).substr(0, 10);
  reply::Rule rule;
  rule.name = made.name;
  rule.match = reply::Patterns(value_of(made.text, "match"));
  rule.provider = value_of(made.text, "provider");
  rule.code = value_of(made.text, "code");
  rule.where = "suggestion";
  rule.samples.push_back({made.sample, "", made.question.stage, std::nullopt, ""});
  if (rule.match.empty() && rule.code.empty()) {
    rule.stages.push_back(made.question.stage);
  }
  if (auto table = reply::Table::compile({std::move(rule)}, {})) {
    made.table.emplace(std::move(*table));
  }
  return made;
}

bool catches(const Suggestion& rule, const Suggestion& other) {
  reply::Question question = other.question;
  question.reply = other.sample;
  return rule.table->classify(question).rule == 0;
}

// Long patterns first: they say more than the short ones that are part of them.
void order(std::vector<Suggestion>& all) {
  std::stable_sort(all.begin(), all.end(), [](const Suggestion& a, const Suggestion& b) {
    return value_of(a.text, "match").size() > value_of(b.text, "match").size();
  });
}

// `name   = "my-..."` with the number in its name.
void rename(Suggestion& rule, std::size_t number) {
  const std::size_t at = rule.text.find('"' + rule.name + '"');
  rule.text.insert(at + 1 + rule.name.size(), '-' + std::to_string(number));
}

}  // namespace

std::string suggest_rules(const std::vector<store::ReplyRecord>& replies) {
  std::vector<Suggestion> all;
  for (const store::ReplyRecord& record : replies) {
    if (Suggestion made = suggest(record); made.table) {
      all.push_back(std::move(made));
    }
  }
  order(all);
  std::vector<Suggestion*> taken;
  std::map<std::string, std::size_t> names;
  for (Suggestion& one : all) {
    const auto earlier = std::find_if(taken.begin(), taken.end(),
                                      [&](const Suggestion* rule) { return catches(*rule, one); });
    if (earlier != taken.end()) {
      (*earlier)->count += one.count;
      (*earlier)->last = std::max((*earlier)->last, one.last);
      continue;
    }
    if (const std::size_t number = ++names[one.name]; number > 1) {
      rename(one, number);
    }
    taken.push_back(&one);
  }
  std::string text;
  for (const Suggestion* rule : taken) {
    text += fmt::format("\n# {} times, last {}\n{}", rule->count, rule->last, rule->text);
  }
  return text.empty() ? text
                      : "# For the file that [replies] file names. Change class and scope, then:\n"
                        "# rampart config check\n" +
                            text;
}

}  // namespace rampart::cli
