// A small Policy for tests: no provider table, no reply rules, one plan without limits. Change the
// options before building it.

#pragma once

#include <memory>
#include <string>
#include <utility>

#include "rampart/base/assert.h"
#include "rampart/policy/policy.h"

namespace rampart::test {

/// Enforcing; the default plan "open" has no limits, "tiny" admits two units a day.
inline policy::Options small_options() {
  policy::Options options;
  options.mode = policy::Mode::Enforce;
  options.store_deadline = std::chrono::seconds{5};  // slow machines must not turn into verdicts
  options.default_plan = "open";
  ramp::Plan open;
  open.name = "open";
  open.unlimited = true;
  ramp::Plan tiny;
  tiny.name = "tiny";
  tiny.start = 2;
  options.plans = {{open.name, open}, {tiny.name, tiny}};
  return options;
}

inline std::shared_ptr<const policy::Policy> make_policy(policy::Options options) {
  auto providers = provider::Table::build({});
  auto senders = provider::SenderTable::build({}, {});
  auto replies = reply::Table::compile({}, {});
  RAMPART_ASSERT(providers.has_value() && senders.has_value() && replies.has_value());
  return std::make_shared<const policy::Policy>(policy::Policy{
      std::move(options), std::move(*providers), std::move(*senders), std::move(*replies)});
}

}  // namespace rampart::test
