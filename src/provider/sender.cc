#include "rampart/provider/sender.h"

#include <algorithm>
#include <utility>

#include "rampart/base/text.h"
#include "rampart/mail/domain.h"
#include "rampart/provider/table.h"

#include "public_suffix.h"

namespace rampart::provider {
namespace {

constexpr std::string_view kSharedByNewSenders = "new";

std::string with_place(const std::string& where, const std::string& what) {
  return (where.empty() ? "" : where + ": ") + "error: " + what;
}

// Whichever of the three is given: at least and at most one.
std::string check_one_match(const SenderSpec& spec) {
  const int given =
      (spec.domain.empty() ? 0 : 1) + (spec.auth.empty() ? 0 : 1) + (spec.network.empty() ? 0 : 1);
  return given == 1 ? "" : "a sender needs exactly one of match, auth and network";
}

}  // namespace

std::string SenderTable::add_domain_rule(const SenderSpec& spec) {
  Rule rule;
  std::string_view text = spec.domain;
  if (text.starts_with("*.")) {
    rule.kind = Rule::Kind::Below;
    text.remove_prefix(2);
  }
  if (text.find('@') != std::string_view::npos) {
    const auto address = mail::parse_address(text);
    if (rule.kind == Rule::Kind::Below || !address || address->domain.empty()) {
      return "bad match " + base::in_quotes(spec.domain);
    }
    rule.kind = Rule::Kind::Address;
    rule.match = address->domain.text();
    rule.local_part = address->local_part;
    rule.name = mail::to_string(*address);
  } else {
    const auto domain = mail::parse_domain(text);
    if (!domain || text.find('*') != std::string_view::npos) {
      return "bad match " + base::in_quotes(spec.domain);
    }
    rule.match = domain->text();
    rule.name = domain->text();
  }
  return add_rule(spec, std::move(rule));
}

std::string SenderTable::add_client_rule(const SenderSpec& spec) {
  Rule rule;
  rule.kind = Rule::Kind::Auth;
  rule.match = spec.auth;
  if (!spec.network.empty()) {
    rule.kind = Rule::Kind::Client;
    rule.network = Network::parse(spec.network);
    if (!rule.network) {
      return "bad network " + base::in_quotes(spec.network);
    }
  }
  if (spec.name.empty()) {
    return "a sender with auth or network needs a name";
  }
  return add_rule(spec, std::move(rule));
}

std::string SenderTable::add_rule(const SenderSpec& spec, Rule rule) {
  if (!spec.name.empty()) {
    const auto name = mail::parse_domain(spec.name);
    if (!name || name->text() == kSharedByNewSenders ||
        name->text().find('*') != std::string::npos) {
      return "bad sender name " + base::in_quotes(spec.name);
    }
    rule.name = name->text();
  }
  rules_.push_back(std::move(rule));
  return "";
}

// A pattern and the null sender name no domain, and a name that a [[sender]] gave need not be one.
std::string SenderTable::add_named(const std::string& text) {
  const bool may_be_given =
      text.find('.') == std::string::npos || text.find('@') != std::string::npos;
  const bool is_given =
      may_be_given && std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
        return base::equal_ignoring_case(rule.name, text);
      });
  const bool is_pattern = text.find('*') != std::string::npos;
  if (text.empty() || text == kNullSender || text == kLocalSender || is_given || is_pattern) {
    return "";
  }
  const auto domain = mail::parse_domain(text);
  if (!domain) {
    return "bad sender " + base::in_quotes(text) + " in a rule";
  }
  if (is_registry_suffix(domain->text())) {
    return "sender " + base::in_quotes(text) +
           " in a rule is a public suffix: strangers would be one sender";
  }
  named_.push_back(domain->text());
  return "";
}

base::Result<SenderTable> SenderTable::build(const std::vector<SenderSpec>& specs,
                                             const std::vector<std::string>& named_domains) {
  SenderTable table;
  std::string errors;
  const auto note = [&errors](const std::string& where, const std::string& what) {
    if (!what.empty()) {
      errors += (errors.empty() ? "" : "\n") + with_place(where, what);
    }
  };
  for (const SenderSpec& spec : specs) {
    if (const std::string bad = check_one_match(spec); !bad.empty()) {
      note(spec.where, bad);
    } else {
      note(spec.where,
           spec.domain.empty() ? table.add_client_rule(spec) : table.add_domain_rule(spec));
    }
  }
  for (const std::string& text : named_domains) {
    note("", table.add_named(text));
  }
  if (!errors.empty()) {
    return base::Error{base::Error::Kind::InvalidInput, errors};
  }
  std::sort(table.named_.begin(), table.named_.end());
  return table;
}

bool SenderTable::matches(const Rule& rule, const Message& message) noexcept {
  const mail::Address& sender = message.envelope_sender;
  switch (rule.kind) {
    case Rule::Kind::Domain:
      return sender.domain.text() == rule.match;
    case Rule::Kind::Below:
      return sender.domain.text() != rule.match &&
             mail::is_within(sender.domain.text(), rule.match);
    case Rule::Kind::Address:
      return sender.domain.text() == rule.match &&
             base::equal_ignoring_case(sender.local_part, rule.local_part);
    case Rule::Kind::Auth:
      return message.auth == rule.match;
    case Rule::Kind::Client:
      return rule.network && rule.network->contains(message.address);
  }
  return false;
}

std::string SenderTable::sender_of(const mail::Address& envelope_sender,
                                   std::string_view auth,
                                   std::string_view address) const {
  if (envelope_sender.is_null()) {
    return std::string(kNullSender);
  }
  const Message message{envelope_sender, auth, address};
  for (const Rule& rule : rules_) {
    if (matches(rule, message)) {
      return rule.name;
    }
  }
  if (envelope_sender.domain.empty()) {
    return std::string(kLocalSender);
  }
  std::string_view rest = envelope_sender.domain.text();
  while (!rest.empty()) {  // from the longest name to the shortest
    if (std::binary_search(named_.begin(), named_.end(), rest)) {
      return std::string(rest);
    }
    const std::size_t dot = rest.find('.');
    rest.remove_prefix(dot == std::string_view::npos ? rest.size() : dot + 1);
  }
  return registrable_domain(envelope_sender.domain);
}

}  // namespace rampart::provider
