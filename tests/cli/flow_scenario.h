// A flow that is driven by admissions and reports, and the answer of flow.show about it.

#pragma once

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/flow_words.h"
#include "ramp/world.h"

namespace rampart::cli {

using reply::ReplyClass;
using test::Standing;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only

// A flow, and what the engine knows beside it.
struct Scenario : test::World {
  engine::FlowStatus status;

  Scenario() {
    setenv("TZ", "UTC", 1);
    tzset();
    status.key = {"a.example", "gmail"};
    status.action = "defer";
    now += 10h;
  }

  void sent_and_told(ReplyClass reply_class, bool final = false) {
    take();
    told(reply_class, Standing::InFlight, final);
  }
  void told(ReplyClass reply_class, Standing standing, bool final = false) {
    ramp::Reported reported;
    reported.reply_class = reply_class;
    reported.standing = standing;
    reported.final = final || reply_class == ReplyClass::Delivered;
    reported.permanent = reported.final && reply_class != ReplyClass::Delivered;
    report(reported, now);
  }
  void other_sender_told(ReplyClass reply_class, std::string_view name) {
    ramp::Flow their_flow;
    ramp::Health their_health;
    ramp::on_report({their_flow, host, their_health, name}, {.reply_class = reply_class}, context(),
                    host_context(now));
  }
  /// A day with so many deliveries, two days ago.
  void earn(std::uint32_t units) {
    deliver_many(units);
    now += 48h;
    ramp::roll(flow, context());
  }
  void use_day() { ramp::charge(flow, context(), allowance().day - allowance().used_day); }

  /// As a client reads it.
  [[nodiscard]] control::FlowAnswer answer() {
    status.plan = plan.name;
    status.summary = ramp::summarize(flow, host, health, context(), &host_plan);
    status.explanation = ramp::explain(flow, host, health, context(), &host_plan);
    status.in_flight = flow.in_flight;
    status.deferred_waiting = flow.deferred;
    return control::decode<control::FlowAnswer>(control::encode(control::FlowAnswer{now, status}));
  }
};

inline std::string row(const std::vector<FlowRow>& rows, std::string_view name) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const FlowRow& one) { return one.name == name; });
  return found == rows.end() ? std::string{} : found->text;
}

}  // namespace rampart::cli
