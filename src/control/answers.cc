#include "rampart/control/answers.h"

#include <cmath>
#include <concepts>
#include <map>
#include <type_traits>

#include <nlohmann/json.hpp>

#include "rampart/policy/options.h"

namespace rampart::control {

namespace {

using Json = nlohmann::ordered_json;

constexpr base::WallTime kFar{std::chrono::sys_days{std::chrono::year{3000} / 1 / 1}};

// Forms of a value that its type does not tell.

// Null without a limit.
template <class T>
struct Units {
  T& value;
};
template <class T>
Units(T&) -> Units<T>;
// Null where it is 0.
template <class T>
struct NotZero {
  T& value;
};
template <class T>
NotZero(T&) -> NotZero<T>;
template <class T>
struct Rounded {
  T& value;
};
template <class T>
Rounded(T&) -> Rounded<T>;

std::string_view to_string(policy::Mode mode) {
  return mode == policy::Mode::Enforce ? "enforce" : "observe";
}
std::string_view to_string(store::HeldRecord::State state) {
  return state == store::HeldRecord::State::Waiting ? "waiting" : "releasing";
}
std::string_view to_string(store::HeldRecord::WaitsFor waits_for) {
  return waits_for == store::HeldRecord::WaitsFor::Volume ? "volume" : "person";
}

// --- the fields of everything that is answered, in their order ---

template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

void fields(auto& field, Is<mail::SourceStatus> auto& source) {
  field("name", source.name);
  field("open", source.open);
  field("lag_seconds", source.lag);
  field("lines", source.lines);
  field("not_understood", source.not_understood);
  field("problem", source.problem);
}

void fields(auto& field, Is<engine::GuardStatus> auto& guard) {
  field("provider", guard.provider);
  field("text", guard.text);
  field("pending", guard.pending);
}

void fields(auto& field, Is<engine::ReleaserStatus> auto& releaser) {
  field("configured", releaser.configured);
  field("alive", releaser.alive);
  field("answered", releaser.answered);
  field("problem", releaser.problem);
}

void fields(auto& field, Is<ramp::PauseFacts> auto& pause) {
  field("cause", pause.cause);
  field("since", pause.since);
  field("until", pause.until);
  field("last_deferral", pause.last_deferral);
  field("last_block", pause.last_block);
  field("next_too_fast_seconds", pause.next_too_fast);
  field("next_block_seconds", pause.next_block);
}

void fields(auto& field, Is<ramp::Plan> auto& plan) {
  field("name", plan.name);
  field("unlimited", plan.unlimited);
  field("start", plan.start);
  field("growth", plan.growth);
  field("schedule", plan.schedule);
  field("max", plan.day_max);
}

void fields(auto& field, Is<ramp::ProbingFacts> auto& probing) {
  field("obstacle", probing.obstacle);
  field("due", probing.due);
  field("step_to", Units{probing.step_to});
  field("bound", Units{probing.bound});
  field("every_seconds", probing.every);
  field("waits_for_report", probing.waits_for_report);
}

void fields(auto& field, Is<ramp::FlowFacts> auto& facts) {
  auto& allowance = facts.allowance;
  field("plan", facts.plan);
  field("allowance", Units{allowance.day});
  field("used", allowance.used_day);
  field("allowance_hour", Units{allowance.hour});
  field("used_hour", allowance.used_hour);
  field("in_flight_max", Units{allowance.flight});
  field("in_flight", facts.in_flight);
  field("deferred", facts.deferred);
  field("waits_until", facts.waits_until);
  field("careful", facts.careful);
  field("new_ground", allowance.new_ground);
  field("pause", facts.pause);
  field("basis", facts.basis);
  field("growth", facts.growth);
  field("extra", facts.extra);
  field("at_max", facts.at_day_max);
  field("frees_at", facts.frees_at);
  field("frees", facts.frees);
  field("probing", facts.probing);
  field("interval_seconds", facts.interval);
  field("limit", NotZero{facts.limit});
  field("limit_at", facts.limit_at);
  field("limit_until", facts.limit_until);
  field("limit_by_block", facts.limit_by_block);
  field("growth_limited", facts.growth_limited);
  field("rung_needed", facts.rung_needed);
  field("rung_next", facts.rung_next);
  field("level", allowance.level);
  field("level_delivered", facts.level_delivered);
  field("level_day", facts.level_day);
  field("delivered_day", allowance.got_day);
  field("next_day", Units{facts.next_day});
  field("next_day_at", facts.next_day_at);
}

void fields(auto& field, Is<ramp::Explanation> auto& explanation) {
  field("flow", explanation.flow);
  field("host", explanation.host);
  field("by_host", explanation.summary.host);
  field("suffering", explanation.suffering);
  field("senders_heard", explanation.senders_heard);
  field("recipients", Rounded{explanation.recipients});
  field("dead", Rounded{explanation.dead});
  field("stop_since", explanation.stop_since);
  field("stop_until", explanation.stop_until);
  field("next_stop_seconds", explanation.next_stop);
  field("stop_share", explanation.stop_share);
  field("bounce_share", explanation.bounce_share);
  field("feed_healthy", explanation.feed_healthy);
  field("provider_known", explanation.provider_known);
  field("transactional", explanation.transactional);
  field("first_contact", explanation.first_contact);
}

void fields(auto& field, Is<engine::FlowStatus> auto& flow) {
  auto& allowance = flow.summary.allowance;
  field("sender", flow.key.sender);
  field("provider", flow.key.provider);
  field("state", flow.summary.status);
  field("reason", flow.summary.reason);
  field("until", flow.summary.until);
  field("plan", flow.plan);
  field("over", flow.action);
  field("observe", flow.observe);
  field("exempt", flow.exempt);
  field("level", allowance.level);
  field("allowance", Units{allowance.day});
  field("used", allowance.used_day);
  field("allowance_hour", Units{allowance.hour});
  field("used_hour", allowance.used_hour);
  field("delivered_day", allowance.got_day);
  field("in_flight_max", Units{allowance.flight});
  field("in_flight", flow.in_flight);
  field("deferred_waiting", flow.deferred_waiting);
  field("limited", allowance.limited);
  field("new_ground", allowance.new_ground);
  field("delivered", flow.delivered);
  field("deferrals", flow.deferrals);
  field("refused", flow.refused);
  field("last_reply", flow.last_reply);
  field("last_rule", flow.last_rule);
  field("last_active", flow.last_active);
  field("smarthost", flow.smarthost);
  field("explanation", flow.explanation);
}

void fields(auto& field, Is<StatusAnswer> auto& answer) {
  auto& status = answer.status;
  field("version", answer.version);
  field("host", answer.host);
  field("now", status.now);
  field("started", status.started);
  field("mode", status.mode);
  field("store", status.store);
  field("store_degraded", status.store_degraded);
  field("feed_healthy", status.feed_healthy);
  field("feed_problem", status.feed_problem);
  field("sources", status.sources);
  field("flows", status.flows);
  field("held", status.held);
  field("held_for_volume", status.held_for_volume);
  field("held_for_person", status.held_for_person);
  field("releasing", status.releasing);
  field("releaser", status.releaser);
  field("oldest_held", status.oldest_held);
  field("suppressed", status.suppressed);
  field("suppressed_added", status.suppressed_added);
  field("suppressed_pending", status.suppressed_pending);
  field("guards", status.guards);
  field("replies_unknown", status.replies_unknown);
  field("replies", status.replies);
  field("counters", status.counters);
  field("warnings", status.warnings);
}

void fields(auto& field, Is<FlowAnswer> auto& answer) {
  field("now", answer.now);
  field("flow", answer.flow);
}

void fields(auto& field, Is<engine::HeldMessage> auto& message) {
  auto& held = message.record;
  field("queue_id", held.queue_id);
  field("sender", held.sender);
  field("recipients", held.recipients);
  field("providers", held.providers);
  field("reason", held.reason);
  field("held_at", held.held_at);
  field("state", held.state);
  field("waits_for", held.waits_for);
  field("expected", message.expected);
}

void fields(auto& field, Is<HeldAnswer> auto& answer) {
  field("now", answer.now);
  field("held", answer.held);
}

void fields(auto& field, Is<suppression::Entry> auto& entry) {
  field("key", entry.key);
  field("sender", entry.sender);
  field("reason", entry.reason);
  field("evidence", entry.evidence);
  field("queue_id", entry.queue_id);
  field("rule", entry.rule);
  field("since", entry.since);
  field("until", entry.until);
  field("pending", entry.pending);
}

void fields(auto& field, Is<suppression::Change> auto& change) {
  field("kind", change.kind);
  field("key", change.key);
  field("sender", change.sender);
  field("reason", change.reason);
  field("time", change.time);
  field("origin", change.origin);
  field("text", change.text);
}

void fields(auto& field, Is<AddedSuppression> auto& added) {
  if (added.dry_run) {
    field("key", added.entry.key);
  } else {
    fields(field, added.entry);
  }
  field("was_suppressed", added.was_suppressed);
}

void fields(auto& field, Is<AddedAnswer> auto& answer) {
  field("added", answer.added);
  field("dry_run", answer.dry_run);
  if constexpr (!std::is_const_v<std::remove_reference_t<decltype(answer)>>) {
    for (AddedSuppression& added : answer.added) {
      added.dry_run = answer.dry_run;  // read
    }
  }
}

void fields(auto& field, Is<WhySuppressed> auto& why) {
  fields(field, why.entry);
  if (!why.entry.pending.empty()) {
    field("pending_text", why.pending_text);
  }
}

void fields(auto& field, Is<WhyAnswer> auto& answer) {
  field("key", answer.key);
  field("suppressed", answer.suppressed);
  field("entries", answer.entries);
  field("history", answer.history);
}

void fields(auto& field, Is<SuppressionPage> auto& page) {
  field("entries", page.entries);
  field("more", page.more);
}

void fields(auto& field, Is<store::ReplyRecord> auto& reply) {
  field("provider", reply.provider);
  field("count", reply.count);
  field("first", reply.first);
  field("last", reply.last);
  field("class", reply.reply_class);
  field("rule", reply.rule);
  field("suppress", reply.suppress);
  field("text", reply.text);
  field("sample", reply.sample);
  field("stage", reply.stage);
}

void fields(auto& field, Is<RepliesAnswer> auto& answer) {
  field("replies", answer.replies);
}

void fields(auto& field, Is<mail::TrailEvent> auto& event) {
  field("time", event.time);
  field("queue_id", event.queue_id);
  field("what", event.what);
  field("recipient", event.recipient);
  field("sender", event.sender);
  field("provider", event.provider);
  field("text", event.text);
  field("rule", event.rule);
}

void fields(auto& field, Is<EventsAnswer> auto& answer) {
  field("queue_id", answer.queue_id);
  field("keep", answer.keep);
  field("events", answer.events);
}

void fields(auto& field, Is<engine::MergedFlow> auto& flow) {
  field("sender", flow.key.sender);
  field("provider", flow.key.provider);
  field("level_before", flow.level_before);
  field("level", flow.level);
  field("changed", flow.changed);
}

void fields(auto& field, Is<LearnedAnswer> auto& answer) {
  field("flows", answer.flows);
  field("changed", answer.changed);
  field("suppressed", answer.suppressed);
}

void fields(auto& field, Is<HoldOutcome> auto& outcome) {
  field("queue_id", outcome.queue_id);
  field("result", outcome.result);
  field("text", outcome.text);
}

void fields(auto& field, Is<OrdersAnswer> auto& answer) {
  field("messages", answer.messages);
}

// --- writing ---

template <class T>
Json written(const T& value);
template <class T>
Json written(const std::vector<T>& list);

template <class T>
Json written(const Units<T>& units) {
  return units.value == ramp::kUnlimited ? Json(nullptr) : Json(units.value);
}
template <class T>
Json written(const NotZero<T>& number) {
  return number.value == 0 ? Json(nullptr) : Json(number.value);
}
template <class T>
Json written(const Rounded<T>& number) {
  return std::llround(number.value);
}

class Writer {
 public:
  template <class T>
  void operator()(const char* name, const T& value) {
    put(name, written(value));
  }
  template <class T>
  void operator()(const char* name, const std::optional<T>& value) {
    if constexpr (std::is_same_v<T, base::WallTime>) {
      put(name, value ? written(*value) : Json(nullptr));
    } else if (value) {
      put(name, written(*value));
    }
  }
  Json take() { return std::move(json_); }

 private:
  void put(const char* name, Json value) { json_.emplace(name, std::move(value)); }

  Json json_ = Json::object();
};

template <class T>
Json written(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return to_string(value);
  } else if constexpr (std::is_same_v<T, base::WallTime>) {
    return known(value) ? Json(base::format_utc(value)) : Json(nullptr);
  } else if constexpr (std::is_same_v<T, base::Micros>) {
    return std::chrono::duration<double>(value).count();
  } else if constexpr (std::is_constructible_v<Json, T>) {
    return value;
  } else {
    Writer writer;
    fields(writer, value);
    return writer.take();
  }
}

template <class T>
Json written(const std::vector<T>& list) {
  Json json = Json::array();
  for (const T& one : list) {
    json.push_back(written(one));
  }
  return json;
}

// --- reading ---

void read(const Json& json, bool& value) {
  value = json.is_boolean() ? json.get<bool>() : value;
}
template <std::unsigned_integral T>
void read(const Json& json, T& value) {
  value = json.is_number_integer() && json >= 0 ? json.get<T>() : value;
}
void read(const Json& json, double& value) {
  value = json.is_number() ? json.get<double>() : value;
}
void read(const Json& json, std::string& value) {
  value = json.is_string() ? json.get<std::string>() : value;
}
void read(const Json& json, base::WallTime& value) {
  const auto time = json.is_string() ? base::parse_rfc3339(json.get_ref<const std::string&>())
                                     : std::optional<base::WallTime>();
  value = time.value_or(value);
}
void read(const Json& json, base::Micros& value) {
  if (json.is_number()) {
    value = base::Micros{std::llround(json.get<double>() * 1e6)};
  }
}
template <class T>
requires std::is_enum_v<T>
void read(const Json& json, T& value) {
  constexpr int kEnumeratorsMax = 32;
  for (int i = 0; json.is_string() && i < kEnumeratorsMax; ++i) {
    if (to_string(static_cast<T>(i)) == json.get_ref<const std::string&>()) {
      value = static_cast<T>(i);
      return;
    }
  }
}
template <class T>
void read(const Json& json, Units<T> units) {
  units.value = json.is_null() ? ramp::kUnlimited : units.value;
  read(json, units.value);
}
template <class T>
void read(const Json& json, NotZero<T> number) {
  read(json, number.value);
}
template <class T>
void read(const Json& json, Rounded<T> number) {
  read(json, number.value);
}

class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}
  template <class T>
  void operator()(const char* name, T&& value);

 private:
  const Json& json_;
};

template <class T>
requires requires(Reader& reader, T& value) {
  fields(reader, value);
}
void read(const Json& json, T& value) {
  Reader reader(json);
  fields(reader, value);
}
void read(const Json& json, std::optional<base::WallTime>& value) {
  base::WallTime time{};
  read(json, time);
  value = known(time);
}
template <class T>
void read(const Json& json, std::optional<T>& value) {
  if (json.is_object()) {
    read(json, value.emplace());
  }
}
template <class T>
void read(const Json& json, std::vector<T>& list) {
  if (json.is_array()) {
    for (const Json& one : json) {
      read(one, list.emplace_back());
    }
  }
}
void read(const Json& json, std::map<std::string, std::uint64_t>& counts) {
  if (json.is_object()) {
    for (const auto& [name, count] : json.items()) {
      read(count, counts[name]);
    }
  }
}

template <class T>
void Reader::operator()(const char* name, T&& value) {
  if (const auto found = json_.find(name); found != json_.end()) {
    read(*found, value);
  }
}

}  // namespace

std::optional<base::WallTime> known(base::WallTime time) noexcept {
  return time == base::WallTime{} || time >= kFar ? std::nullopt : std::optional(time);
}

template <class Answer>
Json encode(const Answer& answer) {
  return written(answer);
}

template <class Answer>
Answer decode(const Json& json) {
  Answer answer;
  if (json.is_object()) {
    read(json, answer);
  }
  return answer;
}

template Json encode(const StatusAnswer&);
template Json encode(const FlowAnswer&);
template Json encode(const HeldAnswer&);
template Json encode(const AddedAnswer&);
template Json encode(const WhyAnswer&);
template Json encode(const SuppressionPage&);
template Json encode(const RepliesAnswer&);
template Json encode(const EventsAnswer&);
template Json encode(const LearnedAnswer&);
template Json encode(const OrdersAnswer&);
template StatusAnswer decode(const Json&);
template FlowAnswer decode(const Json&);
template HeldAnswer decode(const Json&);
template AddedAnswer decode(const Json&);
template WhyAnswer decode(const Json&);
template SuppressionPage decode(const Json&);
template RepliesAnswer decode(const Json&);
template EventsAnswer decode(const Json&);
template LearnedAnswer decode(const Json&);
template OrdersAnswer decode(const Json&);

}  // namespace rampart::control
