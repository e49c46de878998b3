#include "rampart/policy/active.h"

#include <algorithm>

#include "rampart/base/assert.h"

namespace rampart::policy {
namespace {

constexpr std::string_view kNoPlan = "none";

// Plan names were checked when the configuration was read.
ramp::Plan find_plan(const Options& options, std::string_view name) {
  if (name == kNoPlan) {
    ramp::Plan plan;
    plan.name = kNoPlan;
    plan.unlimited = true;
    return plan;
  }
  const auto found = options.plans.find(std::string(name));
  RAMPART_ASSERT(found != options.plans.end());
  return found->second;
}

}  // namespace

Active::Active(std::shared_ptr<const Policy> policy)
    : policy_(std::move(policy)),
      host_plan_(find_plan(policy_->options, policy_->options.host_plan)) {
  const Options& from = policy_->options;
  for (const Rule& rule : from.rules) {
    Matcher matcher{rule.sender, rule.provider, {}};
    matcher.rule.plan = find_plan(from, rule.plan.value_or(from.default_plan));
    if (!rule.schedule.empty()) {
      matcher.rule.plan.schedule = rule.schedule;
      matcher.rule.plan.unlimited = false;
    }
    matcher.rule.over = rule.over.value_or(from.over);
    matcher.rule.mode = rule.mode.value_or(from.mode);
    matcher.rule.exempt = rule.exempt;
    matcher.rule.transactional = rule.transactional;
    matchers_.push_back(std::move(matcher));
  }
  Matcher rest;
  rest.rule.plan = find_plan(from, from.default_plan);
  rest.rule.over = from.over;
  rest.rule.mode = from.mode;
  matchers_.push_back(std::move(rest));
}

const FlowRule& Active::rule_for(const ramp::FlowKey& key) const noexcept {
  for (const Matcher& matcher : matchers_) {
    if ((matcher.sender.empty() || matcher.sender == key.sender) &&
        (matcher.provider.empty() || matcher.provider == key.provider)) {
      return matcher.rule;
    }
  }
  return matchers_.back().rule;
}

bool Active::is_outbound(const mail::Client& client, const mail::Recipient& recipient) const {
  const Outbound& outbound = options().outbound;
  if (outbound.authenticated_only && client.auth.empty() && !client.non_smtp) {
    return false;
  }
  if (!outbound.networks.empty() && !client.non_smtp &&
      std::none_of(outbound.networks.begin(), outbound.networks.end(),
                   [&](const auto& network) { return network.contains(client.address); })) {
    return false;
  }
  if (recipient.address.domain.empty()) {
    return false;
  }
  const auto& domains = outbound.local_domains;
  if (std::find(domains.begin(), domains.end(), recipient.address.domain.text()) != domains.end()) {
    return false;
  }
  const auto& mailers = outbound.local_mailers;
  return std::find(mailers.begin(), mailers.end(), recipient.mailer) == mailers.end();
}

bool Active::is_own_address(std::string_view address) const noexcept {
  return std::any_of(options().own_addresses.begin(), options().own_addresses.end(),
                     [&](const auto& network) { return network.contains(address); });
}

bool Active::is_named_sender(std::string_view sender) const noexcept {
  return std::any_of(matchers_.begin(), matchers_.end(),
                     [&](const Matcher& matcher) { return matcher.sender == sender; });
}

}  // namespace rampart::policy
