// The policy in the form decisions use: plans resolved, rules looked up.
//
// Threads: immutable once built; shared as shared_ptr<const Active>.

#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "rampart/mail/client.h"
#include "rampart/policy/policy.h"
#include "rampart/ramp/flow.h"

namespace rampart::policy {

/// What is in force for one flow.
struct FlowRule {
  ramp::Plan plan;
  Action over = Action::Auto;
  Mode mode = Mode::Observe;
  bool exempt = false;
  bool transactional = false;
};

class Active {
 public:
  explicit Active(std::shared_ptr<const Policy> policy);

  [[nodiscard]] const Policy& policy() const noexcept { return *policy_; }
  [[nodiscard]] const std::shared_ptr<const Policy>& shared_policy() const noexcept {
    return policy_;
  }
  [[nodiscard]] const Options& options() const noexcept { return policy_->options; }
  [[nodiscard]] const FlowRule& rule_for(const ramp::FlowKey& key) const noexcept;
  [[nodiscard]] const ramp::Plan& host_plan() const noexcept { return host_plan_; }

  /// Does mail from this client to this recipient leave the host and concern us?
  [[nodiscard]] bool is_outbound(const mail::Client& client,
                                 const mail::Recipient& recipient) const;
  /// Is this address one of this host's own (content filters)?
  [[nodiscard]] bool is_own_address(std::string_view address) const noexcept;
  /// Is this sender named by the configuration? Such senders are never lumped together.
  [[nodiscard]] bool is_named_sender(std::string_view sender) const noexcept;

 private:
  struct Matcher {
    std::string sender;
    std::string provider;
    FlowRule rule;
  };
  std::shared_ptr<const Policy> policy_;
  std::vector<Matcher> matchers_;  // the last one matches everything
  ramp::Plan host_plan_;
};

}  // namespace rampart::policy
