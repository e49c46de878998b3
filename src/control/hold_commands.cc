// Held mail: what there is, and people's orders.

#include <unistd.h>

#include "call.h"

namespace rampart::control {
namespace {

using Call = Dispatcher::Call;

// Whoever says that a message was released gets it charged: only those who can release may.
void require_root(const Call& call) {
  if (call.peer.uid != 0 && call.peer.uid != geteuid()) {
    throw Refusal{"denied", "only root can release held mail by itself"};
  }
}

void log_order(const Call& call, const char* what, std::size_t messages) {
  log_change(call, std::string("hold ") + what + ", messages: " + std::to_string(messages));
}

Json carry_out(const Call& call, const HoldHook& hook, const char* what) {
  const auto ids = call.queue_ids("ids");
  if (!hook) {
    throw Refusal{"unavailable", "no releaser is configured (hold.releaser)"};
  }
  const auto outcomes = value_or_refuse(hook(ids, call.who()));
  log_order(call, what, outcomes.size());
  return {{"messages", list_json(outcomes, [](const HoldOutcome& one) {
             return Json{{"queue_id", one.queue_id}, {"result", one.result}, {"text", one.text}};
           })}};
}

}  // namespace

Json list_held(const Call& call) {
  return {{"now", time_json(call.engine.status().now)},
          {"held", list_json(call.engine.held(), held_json)}};
}

Json release_held(const Call& call) {
  return carry_out(call, call.hooks.release, "release");
}

Json drop_held(const Call& call) {
  return carry_out(call, call.hooks.drop, "drop");
}

Json order_release(const Call& call) {
  require_root(call);
  const auto ordered =
      value_or_refuse(call.engine.order_release(call.queue_ids("ids"), call.who()));
  log_order(call, "release", ordered.size());
  return {{"ordered", list_json(ordered, [](const mail::QueueId& id) { return Json(id.text()); })}};
}

Json end_release(const Call& call) {
  require_root(call);
  struct Part {
    const char* name;
    engine::Fate fate;
  };
  std::size_t ended = 0;
  for (const Part& part :
       {Part{"released", engine::Fate::Released}, Part{"gone", engine::Fate::Gone},
        Part{"still_held", engine::Fate::StillHeld}, Part{"unknown", engine::Fate::Unknown}}) {
    for (const mail::QueueId& id : call.queue_ids(part.name, false)) {
      call.engine.end_release(id, part.fate, call.who());
      ++ended;
    }
  }
  return {{"ended", ended}};
}

Json forget_dropped(const Call& call) {
  require_root(call);
  const auto ids = call.queue_ids("ids");
  value_or_refuse(call.engine.drop_held(ids, call.who()));
  log_order(call, "drop", ids.size());
  return {{"dropped", ids.size()}};
}

}  // namespace rampart::control
