#include "matcher.h"

#include <algorithm>
#include <utility>

#include <re2/re2.h>

#include "rampart/reply/words.h"

namespace rampart::reply {
namespace {

// For the program and the cached states of one pattern; RE2 starts its cache afresh when it is
// spent. Only patterns that have been needed have one.
constexpr std::int64_t kPatternBytes = 2LL << 20;

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

RE2::Options pattern_options() {
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_dot_nl(true);
  options.set_max_mem(kPatternBytes);
  return options;
}

}  // namespace

Pattern::Pattern(std::string source) : source_(std::move(source)) {}
Pattern::~Pattern() = default;

const RE2& Pattern::compiled() const {
  std::call_once(once_, [this] { re_ = std::make_unique<RE2>(piece(source_), pattern_options()); });
  return *re_;
}

std::string Pattern::error() const {
  return compiled().error();
}

bool Pattern::is_found_in(std::string_view text) const {
  const RE2& re = compiled();
  return re.ok() && RE2::PartialMatch(piece(text), re);
}

std::string Matcher::add_pattern(const std::string& pattern, std::uint32_t rule, bool check) {
  const auto expanded = expand_words(pattern);
  if (!expanded) {
    return "match: " + expanded.error().what;
  }
  if (check) {  // the whole pattern first: its parts might be right by chance
    if (std::string error = Pattern(*expanded).error(); !error.empty()) {
      return "match: " + error;
    }
  }
  for (Branch& branch : branches_of(*expanded)) {
    prefilter_.add(branch);
    alternatives_.emplace_back(rule, std::move(branch));
  }
  return "";
}

std::string Matcher::add(const Rule& rule, bool check_patterns) {
  const auto number = static_cast<std::uint32_t>(entries_.size());
  Entry& entry = entries_.emplace_back();
  for (const mail::Stage stage : rule.stages) {
    entry.stages |= 1U << static_cast<unsigned>(stage);
  }
  if (!rule.provider.empty()) {
    const auto next = static_cast<std::uint32_t>(providers_.size() + 1);
    entry.provider = providers_.emplace(rule.provider, next).first->second;
  }
  if (rule.match.empty() && rule.code.empty() && rule.enhanced.empty() && rule.stages.empty()) {
    return "needs at least one of match, code, enhanced and stage";
  }
  if (auto codes = parse_code_set(rule.code)) {
    entry.codes = std::move(*codes);
  } else {
    return "code \"" + rule.code + "\" is not of the form 550, 55x or 4xx";
  }
  if (auto enhanced = parse_enhanced_set(rule.enhanced)) {
    entry.enhanced = std::move(*enhanced);
  } else {
    return "enhanced \"" + rule.enhanced + "\" is not of the form 5.1.1, x.7.28 or 5.7.606-649";
  }
  if (rule.match.empty()) {
    textless_.push_back(number);
  }
  for (const std::string& pattern : rule.match.any) {
    if (std::string error = add_pattern(pattern, number, check_patterns); !error.empty()) {
      return error;
    }
  }
  return "";
}

bool Matcher::accepts(const Entry& entry, const Normalised& reply, std::uint32_t provider) const {
  return (entry.provider == 0 || entry.provider == provider) &&
         (entry.stages == 0 || (entry.stages >> static_cast<unsigned>(reply.stage) & 1U) != 0) &&
         entry.codes.contains(reply.code) && entry.enhanced.contains(reply.enhanced);
}

std::uint32_t Matcher::find(const Normalised& reply,
                            std::string_view provider,
                            std::uint32_t from) const {
  const auto owner = provider.empty() ? providers_.end() : providers_.find(std::string(provider));
  const std::uint32_t owner_number = owner == providers_.end() ? 0 : owner->second;
  // The first rule that asks for no text is a bound for those that do.
  const auto bound = std::find_if(textless_.begin(), textless_.end(), [&](std::uint32_t rule) {
    return rule >= from && accepts(entries_[rule], reply, owner_number);
  });
  const std::uint32_t textless = bound == textless_.end() ? kNone : *bound;
  std::string folded = reply.text;
  fold_case(folded);
  for (const std::uint32_t number : prefilter_.candidates(folded)) {
    const Alternative& alternative = alternatives_[number];
    if (alternative.rule > textless) {
      break;
    }
    if (alternative.rule >= from && accepts(entries_[alternative.rule], reply, owner_number) &&
        (alternative.literal || alternative.pattern.is_found_in(reply.text))) {
      return alternative.rule;
    }
  }
  return textless;
}

}  // namespace rampart::reply
