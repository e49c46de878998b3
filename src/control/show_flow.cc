// One flow as JSON: its numbers, and the facts that explain them.

#include <cmath>

#include "show.h"

namespace rampart::control {
namespace {

Json pause_json(const ramp::PauseFacts& pause) {
  return {{"cause", ramp::to_string(pause.cause)},
          {"since", time_json(pause.since)},
          {"until", time_json(pause.until)},
          {"last_deferral", time_json(pause.last_deferral)},
          {"last_block", time_json(pause.last_block)},
          {"next_too_fast_seconds", seconds(pause.next_too_fast)},
          {"next_block_seconds", seconds(pause.next_block)}};
}

Json plan_json(const ramp::Plan& plan) {
  return {{"name", plan.name},     {"unlimited", plan.unlimited}, {"start", plan.start},
          {"growth", plan.growth}, {"schedule", plan.schedule},   {"max", plan.day_max}};
}

Json probing_json(const ramp::ProbingFacts& probing) {
  return {{"obstacle", ramp::to_string(probing.obstacle)},
          {"due", time_json(probing.due)},
          {"step_to", count_json(probing.step_to)},
          {"bound", count_json(probing.bound)},
          {"every_seconds", seconds(probing.every)},
          {"waits_for_report", probing.waits_for_report}};
}

Json facts_json(const ramp::FlowFacts& facts) {
  const ramp::Allowance& allowance = facts.allowance;
  return {{"plan", plan_json(facts.plan)},
          {"allowance", count_json(allowance.day)},
          {"used", allowance.used_day},
          {"allowance_hour", count_json(allowance.hour)},
          {"used_hour", allowance.used_hour},
          {"in_flight_max", count_json(allowance.flight)},
          {"in_flight", facts.in_flight},
          {"deferred", facts.deferred},
          {"waits_until", time_json(facts.waits_until)},
          {"careful", facts.careful},
          {"new_ground", allowance.new_ground},
          {"pause", pause_json(facts.pause)},
          {"basis", ramp::to_string(facts.basis)},
          {"growth", facts.growth},
          {"extra", facts.extra},
          {"at_max", facts.at_day_max},
          {"frees_at", time_json(facts.frees_at)},
          {"frees", facts.frees},
          {"probing", probing_json(facts.probing)},
          {"interval_seconds", seconds(facts.interval)},
          {"limit", facts.limit == 0 ? Json(nullptr) : Json(facts.limit)},
          {"limit_at", time_json(facts.limit_at)},
          {"limit_until", time_json(facts.limit_until)},
          {"limit_by_block", facts.limit_by_block},
          {"growth_limited", facts.growth_limited},
          {"rung_needed", facts.rung_needed},
          {"rung_next", facts.rung_next},
          {"level", allowance.level},
          {"level_delivered", facts.level_delivered},
          {"level_day", time_json(facts.level_day)},
          {"delivered_day", allowance.got_day},
          {"next_day", count_json(facts.next_day)},
          {"next_day_at", time_json(facts.next_day_at)}};
}

Json explanation_json(const ramp::Explanation& explanation) {
  return {{"flow", facts_json(explanation.flow)},
          {"host", facts_json(explanation.host)},
          {"by_host", explanation.summary.host},
          {"suffering", explanation.suffering},
          {"senders_heard", explanation.senders_heard},
          {"recipients", std::llround(explanation.recipients)},
          {"dead", std::llround(explanation.dead)},
          {"stop_since", time_json(explanation.stop_since)},
          {"stop_until", time_json(explanation.stop_until)},
          {"next_stop_seconds", seconds(explanation.next_stop)},
          {"stop_share", explanation.stop_share},
          {"bounce_share", explanation.bounce_share},
          {"feed_healthy", explanation.feed_healthy},
          {"provider_known", explanation.provider_known},
          {"transactional", explanation.transactional},
          {"first_contact", explanation.first_contact}};
}

}  // namespace

Json flow_json(const engine::FlowStatus& flow) {
  const ramp::Allowance& allowance = flow.summary.allowance;
  Json json{{"sender", flow.key.sender},
            {"provider", flow.key.provider},
            {"state", ramp::to_string(flow.summary.status)},
            {"reason", ramp::to_string(flow.summary.reason)},
            {"until", time_json(flow.summary.until)},
            {"plan", flow.plan},
            {"over", flow.action},
            {"observe", flow.observe},
            {"exempt", flow.exempt},
            {"level", allowance.level},
            {"allowance", count_json(allowance.day)},
            {"used", allowance.used_day},
            {"allowance_hour", count_json(allowance.hour)},
            {"used_hour", allowance.used_hour},
            {"delivered_day", allowance.got_day},
            {"in_flight_max", count_json(allowance.flight)},
            {"in_flight", flow.in_flight},
            {"deferred_waiting", flow.deferred_waiting},
            {"limited", allowance.limited},
            {"new_ground", allowance.new_ground},
            {"delivered", flow.delivered},
            {"deferrals", flow.deferrals},
            {"refused", flow.refused},
            {"last_reply", flow.last_reply},
            {"last_rule", flow.last_rule},
            {"last_active", time_json(flow.last_active)},
            {"smarthost", flow.smarthost}};
  if (flow.explanation) {
    json["explanation"] = explanation_json(*flow.explanation);
  }
  return json;
}

}  // namespace rampart::control
