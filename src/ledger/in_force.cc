#include "rampart/ledger/in_force.h"

#include <utility>

namespace rampart::ledger {

void InForce::set_active(std::shared_ptr<const policy::Active> active) {
  const base::MutexLock lock(active_mutex_);
  active_ = std::move(active);
}

std::shared_ptr<const policy::Active> InForce::active() const {
  const base::MutexLock lock(active_mutex_);
  return active_;
}

ramp::Context InForce::context(const policy::Active& active,
                               const ramp::FlowKey& key,
                               base::WallTime now) const {
  const policy::FlowRule& rule = active.rule_for(key);
  ramp::Context context{rule.plan, active.options().constants, now, feed_healthy.load()};
  context.provider_known = active.policy().providers.is_named(key.provider);
  context.transactional = rule.transactional;
  return context;
}

ramp::Context InForce::host_context(const policy::Active& active, base::WallTime now) const {
  return {active.host_plan(), active.options().constants, now, feed_healthy.load()};
}

}  // namespace rampart::ledger
