#include "rampart/reply/table.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "rampart/base/assert.h"
#include "rampart/base/text.h"
#include "rampart/reply/normalise.h"

#include "matcher.h"

namespace rampart::reply {
namespace {

using mail::DeliveryStatus;
using mail::Stage;
using mail::StatusClass;

constexpr std::array<std::string_view, 4> kPermanences{"unknown", "none", "transient", "permanent"};

// Where a shipped rule is tried: after the operator's rules, in this order.
enum class Step : std::uint8_t { Provider, Text, Enhanced, Code };

Step step_of(const Rule& rule) {
  if (!rule.provider.empty()) {
    return Step::Provider;
  }
  if (!rule.match.empty()) {
    return Step::Text;
  }
  return rule.enhanced.empty() ? Step::Code : Step::Enhanced;
}

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

bool shows_dead_address(const Classification& c, bool own_words) {
  if (!own_words || c.permanence != Permanence::Permanent || !is_bounce(c.reply_class)) {
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

std::string fault(const Rule& rule, const std::string& what) {
  return rule.where + ": error: rule \"" + rule.name + "\": " + what + '\n';
}

Rule built_in(std::string name, ReplyClass reply_class) {
  Rule rule;
  rule.name = std::move(name);
  rule.reply_class = reply_class;
  rule.where = "built in";
  return rule;
}

}  // namespace

bool is_unexplained(const Classification& found) noexcept {
  return found.reply_class == ReplyClass::Undefined ||
         (found.code_alone && found.reply_class == ReplyClass::System);
}

ReplyClass counts_as(const Classification& found) noexcept {
  return is_unexplained(found) ? ReplyClass::Undefined : found.reply_class;
}

struct Table::Impl {
  std::vector<Rule> rules;  // operator's, shipped, built-in
  std::size_t operator_count = 0;
  std::size_t shipped_count = 0;
  Matcher matcher;
  std::vector<std::uint32_t> tried;  // rules in the order in which they are tried

  [[nodiscard]] std::uint32_t accepted() const {
    return static_cast<std::uint32_t>(operator_count + shipped_count);
  }
  [[nodiscard]] std::uint32_t sent() const { return accepted() + 1; }
  [[nodiscard]] std::uint32_t none() const { return accepted() + 2; }

  void check_names(std::string& errors) const;
  void compile(Checks checks, std::string& errors);
  void check_samples(std::uint32_t end, std::string& errors) const;
  [[nodiscard]] Classification classify(const Question& question, bool with_operator) const;
};

void Table::Impl::check_names(std::string& errors) const {
  std::map<std::string_view, const Rule*> seen;
  for (const Rule& rule : rules) {
    if (!is_name(rule.name)) {
      errors += fault(rule, "the name must be lower case letters, digits and dashes");
    }
    const auto [at, fresh] = seen.emplace(rule.name, &rule);
    if (!fresh) {
      errors += fault(rule, "the name is taken by " + at->second->where);
    }
  }
}

void Table::Impl::compile(Checks checks, std::string& errors) {
  tried.resize(accepted());
  std::iota(tried.begin(), tried.end(), 0U);
  std::stable_sort(
      tried.begin() + static_cast<std::ptrdiff_t>(operator_count), tried.end(),
      [this](std::uint32_t a, std::uint32_t b) { return step_of(rules[a]) < step_of(rules[b]); });
  for (const std::uint32_t index : tried) {
    const bool check = checks == Checks::All || index < operator_count;
    if (const std::string what = matcher.add(rules[index], check); !what.empty()) {
      errors += fault(rules[index], what);
    }
  }
  if (errors.empty()) {
    matcher.build();
  }
}

Classification Table::Impl::classify(const Question& question, bool with_operator) const {
  auto acceptance = read_acceptance(question.reply, question.stage);
  Normalised reply =
      acceptance ? std::move(*acceptance) : normalise(question.reply, question.stage);
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
  } else {
    const auto from = with_operator ? 0U : static_cast<std::uint32_t>(operator_count);
    const std::uint32_t hit = matcher.find(reply, question.provider, from);
    result.rule = hit == Matcher::kNone ? none() : tried[hit];
  }
  const Rule& rule = rules[result.rule];
  result.reply_class = rule.reply_class;
  result.scope = rule.scope;
  if (rule.reply_class == ReplyClass::Delivered) {
    result.permanence = Permanence::None;
  }
  result.blames_address = !rule.match.empty() && reply::blames_address(rule.reply_class);
  result.code_alone =
      result.rule >= operator_count && result.rule < accepted() && step_of(rule) == Step::Code;
  result.null_mx =
      rule.reply_class == ReplyClass::DomainUnknown && rule.name.starts_with(kNullMxRule);
  // An enhanced code that only the MTA gave, with a text that says nothing, condemns no address:
  // Sendmail makes 5.1.1 of every refused RCPT.
  result.suppress = shows_dead_address(result, own_code || !rule.match.empty());
  return result;
}

void Table::Impl::check_samples(std::uint32_t end, std::string& errors) const {
  for (std::uint32_t index = 0; index < end; ++index) {
    const Rule& rule = rules[index];
    if (rule.samples.empty()) {
      errors += fault(rule, "needs at least one sample");
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
        errors += fault(rule, "no rule matches its sample \"" + sample.reply + '"');
      } else if (hit != index) {
        errors += fault(rule, "its sample \"" + sample.reply + "\" is caught by rule \"" +
                                  rules[hit].name + "\" (" + rules[hit].where + ")");
      }
    }
  }
}

Table::Table(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Table::Table(const Table&) noexcept = default;
Table& Table::operator=(const Table&) noexcept = default;
Table::Table(Table&&) noexcept = default;
Table& Table::operator=(Table&&) noexcept = default;
Table::~Table() = default;

base::Result<Table> Table::compile(std::vector<Rule> operator_rules,
                                   std::vector<Rule> shipped_rules,
                                   Checks checks) {
  auto impl = std::make_unique<Impl>();
  impl->operator_count = operator_rules.size();
  impl->shipped_count = shipped_rules.size();
  impl->rules = std::move(operator_rules);
  std::move(shipped_rules.begin(), shipped_rules.end(), std::back_inserter(impl->rules));
  impl->rules.push_back(built_in("code-2xx", ReplyClass::Delivered));
  impl->rules.push_back(built_in("status-sent", ReplyClass::Delivered));
  impl->rules.push_back(built_in("no-rule", ReplyClass::Undefined));
  std::string errors;
  impl->check_names(errors);
  impl->compile(checks, errors);
  if (errors.empty()) {
    const bool all = checks == Checks::All;
    impl->check_samples(all ? impl->accepted() : static_cast<std::uint32_t>(impl->operator_count),
                        errors);
  }
  if (!errors.empty()) {
    errors.pop_back();  // the last line break
    return base::Error{base::Error::Kind::InvalidInput, std::move(errors)};
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
