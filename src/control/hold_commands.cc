// Held mail: what there is, and people's orders.

#include "rampart/control/answers.h"
#include "rampart/engine/status.h"

#include "call.h"

namespace rampart::control {
namespace {

using Call = Dispatcher::Call;

void log_order(const Call& call, const char* what, std::size_t messages) {
  log_change(call, std::string("hold ") + what + ", messages: " + std::to_string(messages));
}

Json carry_out(const Call& call, const HoldHook& hook, const char* what) {
  const auto ids = call.queue_ids("ids");
  if (!hook) {
    throw Refusal{"unavailable", "no releaser is configured (hold.releaser)"};
  }
  const OrdersAnswer answer{value_or_refuse(hook(ids, call.who()))};
  log_order(call, what, answer.messages.size());
  return encode(answer);
}

}  // namespace

Json list_held(const Call& call) {
  return encode(HeldAnswer{call.engine.status().now, call.engine.held()});
}

Json release_held(const Call& call) {
  return carry_out(call, call.hooks.release, "release");
}

Json drop_held(const Call& call) {
  return carry_out(call, call.hooks.drop, "drop");
}

Json order_release(const Call& call) {
  const auto ordered =
      value_or_refuse(call.engine.order_release(call.queue_ids("ids"), call.who()));
  log_order(call, "release", ordered.size());
  Json ids = Json::array();
  for (const mail::QueueId& id : ordered) {
    ids.push_back(id.text());
  }
  return {{"ordered", std::move(ids)}};
}

Json end_release(const Call& call) {
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
  const auto ids = call.queue_ids("ids");
  value_or_refuse(call.engine.drop_held(ids, call.who()));
  log_order(call, "drop", ids.size());
  return {{"dropped", ids.size()}};
}

}  // namespace rampart::control
