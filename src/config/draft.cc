#include "draft.h"

namespace rampart::config {
namespace {

ramp::Plan make_plan(std::string_view name, std::uint32_t start, double growth) {
  ramp::Plan plan;
  plan.name = name;
  plan.start = start;
  plan.growth = growth;
  return plan;
}

}  // namespace

Draft::Draft() : store_url(Config{}.store_url), own_addresses{"127.0.0.0/8", "::1"} {
  ramp::Plan none;
  none.name = kNoPlan;
  none.unlimited = true;
  for (ramp::Plan& plan :
       std::vector{make_plan("careful", 50, 1.2), make_plan("standard", 200, 1.4),
                   make_plan("fast", 500, 2.0), none}) {
    const std::string name = plan.name;
    engine.plans.insert_or_assign(name, std::move(plan));
  }
}

}  // namespace rampart::config
