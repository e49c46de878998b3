#include <algorithm>

#include "rampart/ramp/flow.h"

#include "allowance.h"

namespace rampart::ramp {

using base::Micros;
using base::WallTime;

std::string_view to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::None:
      return "none";
    case Reason::Stopped:
      return "stopped";
    case Reason::Paused:
      return "paused";
    case Reason::HostPaused:
      return "host_paused";
    case Reason::OneAtATime:
      return "one_at_a_time";
    case Reason::WaitingForDeferred:
      return "waiting_for_deferred";
    case Reason::Day:
      return "day";
    case Reason::Hour:
      return "hour";
    case Reason::Pace:
      return "pace";
    case Reason::InFlight:
      return "in_flight";
    case Reason::FirstContact:
      return "first_contact";
    case Reason::Limited:
      return "limited";
    case Reason::BehindHeld:
      return "behind_held";
  }
  return "none";
}

std::string_view to_string(FlowStatus status) noexcept {
  switch (status) {
    case FlowStatus::Open:
      return "open";
    case FlowStatus::Slowed:
      return "slowed";
    case FlowStatus::Full:
      return "full";
    case FlowStatus::Paused:
      return "paused";
  }
  return "open";
}

void set_manual_pause(Flow& flow, WallTime until) {
  flow.manual_pause_until = std::clamp(until, WallTime{}, kTimeMax);
}

void resume(Flow& flow, Health& health) {
  flow.pause_until = WallTime{};
  flow.pause_len = Micros{0};
  flow.block_len = Micros{0};
  flow.careful = false;
  flow.manual_pause_until = WallTime{};
  flow.deferred_at = WallTime{};
  health.stop_until = WallTime{};
  health.stop_len = Micros{0};
  health.stop_n = health.stop_bad = 0;
}

namespace {

FlowStatus status_for(Reason reason) noexcept {
  switch (reason) {
    case Reason::None:
      return FlowStatus::Open;
    case Reason::Stopped:
    case Reason::Paused:
    case Reason::HostPaused:
    case Reason::WaitingForDeferred:
      return FlowStatus::Paused;
    case Reason::Day:
      return FlowStatus::Full;
    default:
      return FlowStatus::Slowed;
  }
}

}  // namespace

Summary summarize(const Flow& flow,
                  const HostFlow& host,
                  const Health& health,
                  const Context& context,
                  const Plan* host_plan) {
  Plan unlimited;
  unlimited.unlimited = true;
  Flow flow_copy = flow;
  HostFlow host_copy{host.flow, {}};
  Health health_copy = health;
  const Context host_context{host_plan != nullptr ? *host_plan : unlimited, context.constants,
                             context.now, context.feed_healthy};
  const Admission admission =
      admit(Subject{flow_copy, host_copy, health_copy, {}}, context, host_context);
  Summary summary;
  summary.allowance = allowance(flow, health, context);
  summary.reason = admission.reason;
  summary.until = admission.until;
  summary.host = admission.host;
  if (admission.admitted && flow_copy.careful && context.feed_healthy) {
    summary.reason = Reason::OneAtATime;
    summary.until = context.now;
  } else if (admission.admitted && summary.allowance.limited) {
    summary.reason = Reason::Limited;
    summary.until = flow_copy.limit_at + context.constants.limited_for;
  }
  summary.status = status_for(summary.reason);
  return summary;
}

}  // namespace rampart::ramp
