#include "rampart/reply/table.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include <re2/re2.h>
#include <re2/set.h>

#include "rampart/base/assert.h"
#include "rampart/base/text.h"
#include "rampart/reply/normalise.h"

namespace rampart::reply {
namespace {

using mail::DeliveryStatus;
using mail::Stage;
using mail::StatusClass;

constexpr std::array<std::string_view, 4> kPermanences{"unknown", "none", "transient", "permanent"};

// Budget for the automata of one group. A few hundred patterns over some hundred different replies
// take about 30 MB in all; when a budget is spent RE2 throws its cache away and goes on, or gives
// up: see Group::find.
constexpr std::int64_t kSetBytes = 64LL << 20;

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

RE2::Options pattern_options() {
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_dot_nl(true);
  options.set_max_mem(kSetBytes);
  return options;
}

// A rule in the form that is evaluated.
struct Compiled {
  std::uint32_t index = 0;
  CodeSet codes;
  EnhancedSet enhanced;
  std::unique_ptr<RE2> pattern;  // null: any text
};

// Where a shipped rule is tried; operator's rules form a step of their own before these.
enum class Step : std::uint8_t { Text, Enhanced, Code };

Step step_of(const Rule& rule) {
  if (!rule.match.empty()) {
    return Step::Text;
  }
  return rule.enhanced.empty() ? Step::Code : Step::Enhanced;
}

bool takes_stage(const Rule& rule, Stage stage) {
  return rule.stages.empty() ||
         std::find(rule.stages.begin(), rule.stages.end(), stage) != rule.stages.end();
}

// Rules that are tried together, in order.
class Group {
 public:
  void add(Compiled compiled) { rules_.push_back(std::move(compiled)); }

  // Builds the automaton over all patterns. False if it does not fit its budget.
  bool build() {
    RE2::Set set(pattern_options(), RE2::UNANCHORED);
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (rules_[i].pattern == nullptr) {
        textless_.push_back(static_cast<int>(i));
      } else if (set.Add(rules_[i].pattern->pattern(), nullptr) < 0) {
        return false;
      } else {
        of_pattern_.push_back(static_cast<int>(i));
      }
    }
    if (of_pattern_.empty()) {
      return true;
    }
    set_ = std::make_unique<RE2::Set>(std::move(set));
    return set_->Compile();
  }

  // The first rule of the group that matches, or null.
  const Compiled* find(const Normalised& reply,
                       std::string_view provider,
                       const std::vector<Rule>& rules) const {
    std::vector<int> candidates = textless_;
    if (set_ != nullptr) {
      std::vector<int> hits;
      RE2::Set::ErrorInfo error{};
      if (set_->Match(piece(reply.text), &hits, &error)) {
        for (const int hit : hits) {  // unsorted
          candidates.push_back(of_pattern_[static_cast<std::size_t>(hit)]);
        }
      } else if (error.kind != RE2::Set::kNoError) {
        match_singly(reply, candidates);
      }
    }
    std::sort(candidates.begin(), candidates.end());
    for (const int at : candidates) {
      const Compiled& compiled = rules_[static_cast<std::size_t>(at)];
      const Rule& rule = rules[compiled.index];
      if (compiled.codes.contains(reply.code) && compiled.enhanced.contains(reply.enhanced) &&
          (rule.provider.empty() || rule.provider == provider) && takes_stage(rule, reply.stage)) {
        return &compiled;
      }
    }
    return nullptr;
  }

 private:
  // The slow way when the common automaton ran out of memory; still linear in the text.
  void match_singly(const Normalised& reply, std::vector<int>& candidates) const {
    for (const int at : of_pattern_) {
      if (RE2::PartialMatch(piece(reply.text), *rules_[static_cast<std::size_t>(at)].pattern)) {
        candidates.push_back(at);
      }
    }
  }

  std::vector<Compiled> rules_;
  std::vector<int> textless_;
  std::vector<int> of_pattern_;  // index in set_ -> index in rules_
  std::unique_ptr<RE2::Set> set_;
};

Permanence permanence_of(const Normalised& reply, std::optional<DeliveryStatus> status) {
  if (reply.code != 0) {
    switch (reply.code / 100) {
      case 2:
        return Permanence::None;
      case 4:
        return Permanence::Transient;
      case 5:
        return Permanence::Permanent;
      default:  // 3xx asks for more: no end of anything
        break;
    }
  }
  if (reply.enhanced) {
    switch (reply.enhanced->status_class) {
      case StatusClass::Success:
        return Permanence::None;
      case StatusClass::TransientFailure:
        return Permanence::Transient;
      case StatusClass::PermanentFailure:
        return Permanence::Permanent;
    }
  }
  if (status) {
    switch (*status) {
      case DeliveryStatus::Sent:
        return Permanence::None;
      case DeliveryStatus::Deferred:
        return Permanence::Transient;
      case DeliveryStatus::Bounced:
      case DeliveryStatus::Expired:
        return Permanence::Permanent;
    }
  }
  return Permanence::Unknown;
}

bool is_mailbox_class(ReplyClass reply_class) {
  return reply_class == ReplyClass::MailboxUnknown || reply_class == ReplyClass::MailboxDisabled ||
         reply_class == ReplyClass::MailboxMoved;
}

bool shows_dead_address(const Classification& c, bool own_words) {
  if (!own_words || c.permanence != Permanence::Permanent ||
      !(is_mailbox_class(c.reply_class) || c.reply_class == ReplyClass::DomainUnknown)) {
    return false;
  }
  switch (c.stage) {
    case Stage::Connect:
    case Stage::Helo:
    case Stage::Mail:
      return false;  // no recipient has been named yet
    case Stage::Data:
    case Stage::EndOfData:
      return c.blames_address || c.null_mx;
    case Stage::Unknown:
    case Stage::Rcpt:
      return true;
  }
  return false;
}

bool is_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return base::is_lower(c) || base::is_digit(c) || c == '-';
  });
}

Rule built_in(std::string name, ReplyClass reply_class) {
  Rule rule;
  rule.name = std::move(name);
  rule.reply_class = reply_class;
  rule.where = "built in";
  return rule;
}

}  // namespace

struct Table::Impl {
  std::vector<Rule> rules;  // operator's, shipped, built-in
  std::size_t operator_count = 0;
  std::size_t shipped_count = 0;
  Group operators;
  std::unordered_map<std::string, Group> providers;
  std::array<Group, 3> steps;  // by Step
  std::string errors;

  [[nodiscard]] std::uint32_t accepted() const {
    return static_cast<std::uint32_t>(operator_count + shipped_count);
  }
  [[nodiscard]] std::uint32_t sent() const { return accepted() + 1; }
  [[nodiscard]] std::uint32_t none() const { return accepted() + 2; }

  void fail(const Rule& rule, const std::string& what) {
    errors += rule.where + ": error: rule \"" + rule.name + "\": " + what + '\n';
  }

  void check_names() {
    std::map<std::string_view, const Rule*> seen;
    for (const Rule& rule : rules) {
      if (!is_name(rule.name)) {
        fail(rule, "the name must be lower case letters, digits and dashes");
      }
      const auto [at, fresh] = seen.emplace(rule.name, &rule);
      if (!fresh) {
        fail(rule, "the name is taken by " + at->second->where);
      }
    }
  }

  void compile_rule(std::uint32_t index) {
    const Rule& rule = rules[index];
    Compiled compiled;
    compiled.index = index;
    if (rule.match.empty() && rule.code.empty() && rule.enhanced.empty() && rule.stages.empty()) {
      fail(rule, "needs at least one of match, code, enhanced and stage");
    }
    if (auto codes = parse_code_set(rule.code)) {
      compiled.codes = std::move(*codes);
    } else {
      fail(rule, "code \"" + rule.code + "\" is not of the form 550, 55x or 4xx");
    }
    if (auto enhanced = parse_enhanced_set(rule.enhanced)) {
      compiled.enhanced = std::move(*enhanced);
    } else {
      fail(rule,
           "enhanced \"" + rule.enhanced + "\" is not of the form 5.1.1, x.7.28 or 5.7.606-649");
    }
    if (!rule.match.empty()) {
      compiled.pattern = std::make_unique<RE2>(piece(rule.match), pattern_options());
      if (!compiled.pattern->ok()) {
        fail(rule, "match: " + compiled.pattern->error());
        return;
      }
    }
    if (index < operator_count) {
      operators.add(std::move(compiled));
    } else if (!rule.provider.empty()) {
      providers[rule.provider].add(std::move(compiled));
    } else {
      steps[static_cast<std::size_t>(step_of(rule))].add(std::move(compiled));
    }
  }

  void build(Group& group, std::string_view name) {
    if (!group.build()) {
      errors += "error: the patterns of " + std::string(name) + " are too large together\n";
    }
  }

  void build_all() {
    build(operators, "the operator");
    for (auto& [provider, group] : providers) {
      build(group, provider);
    }
    for (Group& group : steps) {
      build(group, "the shipped table");
    }
  }

  // `with_operator` is false for the samples of shipped rules.
  [[nodiscard]] const Compiled* find(const Normalised& reply,
                                     std::string_view provider,
                                     bool with_operator) const {
    if (with_operator) {
      if (const Compiled* hit = operators.find(reply, provider, rules)) {
        return hit;
      }
    }
    if (const auto at = providers.find(std::string(provider)); at != providers.end()) {
      if (const Compiled* hit = at->second.find(reply, provider, rules)) {
        return hit;
      }
    }
    for (const Group& group : steps) {
      if (const Compiled* hit = group.find(reply, provider, rules)) {
        return hit;
      }
    }
    return nullptr;
  }

  [[nodiscard]] Classification classify(const Question& question, bool with_operator) const;
  void check_samples();
};

Classification Table::Impl::classify(const Question& question, bool with_operator) const {
  Normalised reply = normalise(question.reply, question.stage);
  const bool own_code = reply.enhanced.has_value();
  if (!own_code) {
    reply.enhanced = question.dsn;
  }
  Classification result;
  result.stage = reply.stage;
  result.code = reply.code;
  result.enhanced = reply.enhanced;
  result.permanence = permanence_of(reply, question.status);
  if (reply.code / 100 == 2) {
    result.rule = accepted();
  } else if (reply.code == 0 && question.status == DeliveryStatus::Sent) {
    result.rule = sent();
    result.permanence = Permanence::None;
  } else if (const Compiled* hit = find(reply, question.provider, with_operator)) {
    result.rule = hit->index;
  } else {
    result.rule = none();
  }
  const Rule& rule = rules[result.rule];
  result.reply_class = rule.reply_class;
  result.scope = rule.scope;
  if (rule.reply_class == ReplyClass::Delivered) {
    result.permanence = Permanence::None;
  }
  result.blames_address = !rule.match.empty() && is_mailbox_class(rule.reply_class);
  result.null_mx =
      rule.reply_class == ReplyClass::DomainUnknown && rule.name.starts_with(kNullMxRule);
  // An enhanced code that only the MTA gave, with a text that says nothing, condemns no address:
  // Sendmail makes 5.1.1 of every refused RCPT.
  result.suppress = shows_dead_address(result, own_code || !rule.match.empty());
  return result;
}

void Table::Impl::check_samples() {
  for (std::uint32_t index = 0; index < accepted(); ++index) {
    const Rule& rule = rules[index];
    if (rule.samples.empty()) {
      fail(rule, "needs at least one sample");
    }
    for (const Sample& sample : rule.samples) {
      Question question;
      question.reply = sample.reply;
      question.provider = sample.provider.empty() ? rule.provider : sample.provider;
      question.host = sample.host;
      question.stage = sample.stage;
      question.dsn = sample.dsn;
      const std::uint32_t hit = classify(question, index < operator_count).rule;
      if (hit == none()) {
        fail(rule, "no rule matches its sample \"" + sample.reply + '"');
      } else if (hit != index) {
        fail(rule, "its sample \"" + sample.reply + "\" is caught by rule \"" + rules[hit].name +
                       "\" (" + rules[hit].where + ")");
      }
    }
  }
}

Table::Table(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Table::Table(Table&&) noexcept = default;
Table& Table::operator=(Table&&) noexcept = default;
Table::~Table() = default;

base::Result<Table> Table::compile(std::vector<Rule> operator_rules,
                                   std::vector<Rule> shipped_rules) {
  auto impl = std::make_unique<Impl>();
  impl->operator_count = operator_rules.size();
  impl->shipped_count = shipped_rules.size();
  impl->rules = std::move(operator_rules);
  std::move(shipped_rules.begin(), shipped_rules.end(), std::back_inserter(impl->rules));
  impl->rules.push_back(built_in("code-2xx", ReplyClass::Delivered));
  impl->rules.push_back(built_in("status-sent", ReplyClass::Delivered));
  impl->rules.push_back(built_in("no-rule", ReplyClass::Undefined));
  impl->check_names();
  for (std::uint32_t index = 0; index < impl->accepted(); ++index) {
    impl->compile_rule(index);
  }
  if (impl->errors.empty()) {
    impl->build_all();
  }
  if (impl->errors.empty()) {
    impl->check_samples();
  }
  if (!impl->errors.empty()) {
    impl->errors.pop_back();  // the last line break
    return base::Error{base::Error::Kind::InvalidInput, std::move(impl->errors)};
  }
  return Table(std::move(impl));
}

Classification Table::classify(const Question& question) const {
  return impl_->classify(question, true);
}

const Rule& Table::rule(std::uint32_t index) const {
  RAMPART_ASSERT(index < impl_->rules.size());
  return impl_->rules[index];
}

std::size_t Table::size() const noexcept {
  return impl_->rules.size();
}

std::string_view to_string(Permanence permanence) noexcept {
  return kPermanences[static_cast<std::size_t>(permanence)];
}

}  // namespace rampart::reply
