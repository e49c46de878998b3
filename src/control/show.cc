#include "show.h"

#include <optional>

#include "call.h"

namespace rampart::control {
namespace {

constexpr base::WallTime kFar{std::chrono::sys_days{std::chrono::year{3000} / 1 / 1}};

Json source_json(const ledger::SourceStatus& source) {
  return {{"name", source.name},
          {"open", source.open},
          {"lag_seconds", seconds(source.lag)},
          {"lines", source.lines},
          {"not_understood", source.not_understood},
          {"problem", source.problem}};
}

Json guard_json(const engine::GuardStatus& guard) {
  return {{"provider", guard.provider}, {"text", guard.text}, {"pending", guard.pending}};
}

Json releaser_json(const engine::ReleaserStatus& releaser) {
  return {{"configured", releaser.configured},
          {"alive", releaser.alive},
          {"answered", time_json(releaser.answered)},
          {"problem", releaser.problem}};
}

}  // namespace

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json error_json(std::string_view code, std::string_view text) {
  return {{"error", {{"code", code}, {"text", text}}}};
}

Json time_json(base::WallTime time) {
  return time == base::WallTime{} || time >= kFar ? Json(nullptr) : Json(base::format_utc(time));
}

Json count_json(std::uint32_t count) {
  return count == ramp::kUnlimited ? Json(nullptr) : Json(count);
}

double seconds(base::Micros duration) {
  return std::chrono::duration<double>(duration).count();
}

Json status_json(const engine::Status& status) {
  return {{"now", time_json(status.now)},
          {"started", time_json(status.started)},
          {"mode", status.mode == policy::Mode::Enforce ? "enforce" : "observe"},
          {"store", status.store},
          {"store_degraded", status.store_degraded},
          {"feed_healthy", status.feed_healthy},
          {"feed_problem", status.feed_problem},
          {"sources", list_json(status.sources, source_json)},
          {"flows", list_json(status.flows, flow_json)},
          {"held", status.held},
          {"held_for_volume", status.held_for_volume},
          {"held_for_person", status.held_for_person},
          {"releasing", status.releasing},
          {"releaser", releaser_json(status.releaser)},
          {"oldest_held", status.oldest_held ? time_json(*status.oldest_held) : Json(nullptr)},
          {"suppressed", status.suppressed},
          {"suppressed_added", status.suppressed_added},
          {"suppressed_pending", status.suppressed_pending},
          {"guards", list_json(status.guards, guard_json)},
          {"replies_unknown", status.replies_unknown},
          {"replies", status.replies},
          {"counters", status.counters},
          {"warnings", status.warnings}};
}

Json entry_json(const suppression::Entry& entry) {
  return {{"key", entry.key},
          {"sender", entry.sender},
          {"reason", suppression::to_string(entry.reason)},
          {"evidence", entry.evidence},
          {"queue_id", entry.queue_id},
          {"rule", entry.rule},
          {"since", time_json(entry.since)},
          {"until", entry.until ? time_json(*entry.until) : Json(nullptr)},
          {"pending", entry.pending}};
}

Json change_json(const suppression::Change& change) {
  return {{"kind", suppression::to_string(change.kind)},
          {"key", change.key},
          {"sender", change.sender},
          {"reason", suppression::to_string(change.reason)},
          {"time", time_json(change.time)},
          {"origin", change.origin},
          {"text", change.text}};
}

Json held_json(const engine::HeldMessage& message) {
  using store::HeldRecord;
  const HeldRecord& held = message.record;
  return {{"queue_id", held.queue_id},
          {"sender", held.sender},
          {"recipients", held.recipients},
          {"providers", held.providers},
          {"reason", held.reason},
          {"held_at", time_json(held.held_at)},
          {"state", held.state == HeldRecord::State::Waiting ? "waiting" : "releasing"},
          {"waits_for", held.waits_for == HeldRecord::WaitsFor::Volume ? "volume" : "person"},
          {"expected", message.expected ? time_json(*message.expected) : Json(nullptr)}};
}

Json reply_json(const store::ReplyRecord& reply) {
  return {{"provider", reply.provider},      {"count", reply.count},
          {"first", time_json(reply.first)}, {"last", time_json(reply.last)},
          {"class", reply.reply_class},      {"rule", reply.rule},
          {"suppress", reply.suppress},      {"text", reply.text},
          {"sample", reply.sample},          {"stage", reply.stage}};
}

Json event_json(const ledger::Event& event) {
  return {{"time", time_json(event.time)},
          {"queue_id", event.queue_id},
          {"what", event.what},
          {"recipient", event.recipient},
          {"sender", event.sender},
          {"provider", event.provider},
          {"text", event.text},
          {"rule", event.rule}};
}

}  // namespace rampart::control
