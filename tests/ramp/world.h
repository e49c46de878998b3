// One flow with its host flow and sender, a clock that stands still, and short ways to act on them.

#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "rampart/ramp/flow.h"
#include "support/manual_clock.h"

namespace rampart::ramp {

inline std::ostream& operator<<(std::ostream& out, Reason reason) {
  return out << to_string(reason);
}
inline std::ostream& operator<<(std::ostream& out, FlowStatus status) {
  return out << to_string(status);
}

}  // namespace rampart::ramp

namespace rampart::test {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only
using base::Micros;
using base::WallTime;
using ramp::Reason;
using ramp::Standing;
using reply::ReplyClass;

struct World {
  ramp::Plan plan;
  ramp::Plan host_plan;
  ramp::Constants constants;
  ramp::Flow flow;
  ramp::HostFlow host;
  ramp::Health health;
  WallTime now = ManualClock::kStart;  // midnight UTC
  bool feed_healthy = true;
  bool provider_known = true;
  bool transactional = false;
  std::string sender = "a.example";

  World() { host_plan.unlimited = true; }

  [[nodiscard]] ramp::Context context(WallTime at) const {
    return {plan, constants, at, feed_healthy, provider_known, transactional};
  }
  [[nodiscard]] ramp::Context context() const { return context(now); }
  [[nodiscard]] ramp::Context host_context(WallTime at) const {
    return {host_plan, constants, at, feed_healthy};
  }
  [[nodiscard]] ramp::Subject subject() { return {flow, host, health, sender}; }

  [[nodiscard]] ramp::Allowance allowance() const {
    return ramp::allowance(flow, health, context());
  }
  ramp::Admission admit(std::uint32_t units = 1) {
    return ramp::admit(flow, health, context(), units);
  }
  void take(std::uint32_t units = 1) {
    ramp::take(flow, context(), units);
    ramp::take(host.flow, host_context(now), units);
  }
  /// Admits and takes. @return whether it was admitted
  bool send(std::uint32_t units = 1) {
    if (!ramp::admit(subject(), context(), host_context(now), units).admitted) {
      return false;
    }
    take(units);
    return true;
  }
  ramp::Effects report(const ramp::Reported& reported, WallTime at) {
    return ramp::on_report(subject(), reported, context(at), host_context(at));
  }
  ramp::Effects report(ReplyClass reply_class, Standing standing = Standing::InFlight) {
    ramp::Reported reported;
    reported.reply_class = reply_class;
    reported.standing = standing;
    reported.final = reply_class == ReplyClass::Delivered;
    return report(reported, now);
  }
  ramp::Effects deliver(Standing standing = Standing::InFlight) {
    return report(ReplyClass::Delivered, standing);
  }
  /// Charges and delivers `count` recipients now, past every limit.
  void deliver_many(std::uint32_t count) {
    ramp::charge(flow, context(), count);
    for (std::uint32_t i = 0; i < count; ++i) {
      deliver(Standing::Unadmitted);
    }
  }
  /// A level of `count`, with nothing in any window.
  void set_level(std::uint32_t count) {
    flow.peaks = {};
    const auto hour = now.time_since_epoch() / constants.hour;
    flow.peaks[0] = {static_cast<std::int32_t>(hour / 24 - 1), count};
  }
};

}  // namespace rampart::test
