#include "dispatcher.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>
#include <vector>

#include <unistd.h>

#include "rampart/base/text.h"
#include "rampart/control/answers.h"
#include "rampart/engine/status.h"
#include "rampart/telemetry/log.h"

#include "call.h"
#include "listener.h"

namespace rampart::control {

namespace {

using Call = Dispatcher::Call;

constexpr base::Micros kSyncTimeout = std::chrono::seconds{10};

// --- status and flows ---

Json status(const Call& call) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return encode(StatusAnswer{call.version, host.data(), call.engine.status()});
}

Json show_flow(const Call& call) {
  const ramp::FlowKey key = call.flow();
  const auto flow = call.engine.find_flow(key);
  if (!flow) {
    throw Refusal{"not_found", "no flow \"" + base::printable(key.sender, 255) + "\" to \"" +
                                   base::printable(key.provider, 255) +
                                   "\"; rampart status --all lists them"};
  }
  return encode(FlowAnswer{call.engine.status().now, *flow});
}

std::string flow_command(std::string_view command, const ramp::FlowKey& key) {
  return std::string(command) + ' ' + key.sender + ' ' + key.provider;
}

Json pause_flow(const Call& call) {
  const ramp::FlowKey key = call.flow();
  const auto duration = call.duration();
  value_or_refuse(call.engine.pause_flow(key, duration, call.who()));
  log_change(call, flow_command("flow pause", key));
  return show_flow(call);
}

Json resume_flow(const Call& call) {
  const ramp::FlowKey key = call.flow();
  value_or_refuse(call.engine.resume_flow(key, call.who()));
  log_change(call, flow_command("flow resume", key));
  return show_flow(call);
}

Json reset_flow(const Call& call) {
  const ramp::FlowKey key = call.flow();
  value_or_refuse(call.engine.reset_flow(key, call.who()));
  log_change(call, flow_command("flow reset", key));
  return {{"sender", key.sender}, {"provider", key.provider}, {"reset", true}};
}

// --- upkeep ---

Json sync(const Call& call) {
  value_or_refuse(call.engine.sync(kSyncTimeout));
  return {{"ok", true}};
}

Json reload(const Call& call) {
  if (!call.hooks.reload) {
    throw Refusal{"refused", "this service does not reload"};
  }
  const ReloadAnswer answer = call.hooks.reload();
  if (answer.done) {
    log_change(call, "config reload");
  }
  return {{"reloaded", answer.done}, {"messages", answer.messages}};
}

// In an example K is an address or @domain; in "lines" a line may also be {"base64":B}. Root's
// orders for held mail: hold.order charges, then the MTA's own tools act, then hold.ended says
// what they said; hold.dropped tells what they deleted.
constexpr auto kRequests = std::to_array<Request>({
    {"status", "{}", status},
    {"flow.show", R"({"sender":"a.example","provider":"gmail"})", show_flow},
    {"flow.pause", R"({"sender":"a.example","provider":"gmail","for":"2h"})", pause_flow},
    {"flow.resume", R"({"sender":"a.example","provider":"gmail"})", resume_flow},
    {"flow.reset", R"({"sender":"a.example","provider":"gmail"})", reset_flow},
    {"suppression.add",
     R"({"keys":["u@b.example"],"sender":"","reason":"text","for":"30d","dry_run":false})",
     add_suppressions},
    {"suppression.remove", R"({"keys":["u@b.example"],"sender":""})", remove_suppressions},
    {"suppression.why", R"({"key":"u@b.example"})", why_suppressed},
    // Without "pending": both kinds.
    {"suppression.list",
     R"({"reason":"hard","contains":"u","after":"","limit":10,"pending":true,"pending_at":"gmail"})",
     list_suppressions},
    {"suppression.import",
     R"({"keys":["u@b.example"],"sender":"","reason":"text","for":"30d","dry_run":true})",
     import_suppressions},
    // Or "provider":NAME, or "all":true.
    {"suppression.confirm", R"({"keys":["u@b.example"]})", confirm_pending},
    {"suppression.clear_pending", R"({"keys":["u@b.example"]})", clear_pending},
    {"replies", R"({"unknown":true,"provider":"gmail"})", list_replies},
    {"events", R"({"queue_id":"4Xk2Pq1z9R1"})", list_events},
    {"feed.lines", R"({"source":"stdin","lines":["a line",{"base64":"AA=="}]})", feed_lines},
    {"feed.message", R"({"base64":"AA=="})", feed_message},
    {"learn", R"({"flows":[],"domains":[],"dead":[]})", learn_past},
    {"hold.list", "{}", list_held},
    {"hold.release", R"({"ids":["4Xk2Pq1z9R1"]})", release_held},
    {"hold.drop", R"({"ids":["4Xk2Pq1z9R1"]})", drop_held},
    {"hold.order", R"({"ids":["4Xk2Pq1z9R1"]})", order_release, Privilege::Root},
    {"hold.ended", R"({"released":["4Xk2Pq1z9R1"],"gone":[],"still_held":[],"unknown":[]})",
     end_release, Privilege::Root},
    {"hold.dropped", R"({"ids":["4Xk2Pq1z9R1"]})", forget_dropped, Privilege::Root},
    {"config.reload", "{}", reload},
    {"sync", "{}", sync},
});

// One line; bytes that are no UTF-8 are replaced.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Request& find_request(const std::string& name, const Peer& peer) {
  const auto* found =
      std::find_if(kRequests.begin(), kRequests.end(),
                   [&](const Request& candidate) { return candidate.name == name; });
  if (found == kRequests.end()) {
    throw Refusal{"usage", "unknown command \"" + base::printable(name, 64) + "\""};
  }
  if (found->privilege == Privilege::Root && peer.uid != 0 && peer.uid != geteuid()) {
    throw Refusal{"denied", "only root can release held mail by itself"};
  }
  return *found;
}

}  // namespace

std::span<const Request> requests() {
  return kRequests;
}

Dispatcher::Dispatcher(engine::Engine& engine, Hooks hooks, std::string version)
    : engine_(engine), hooks_(std::move(hooks)), version_(std::move(version)) {}

std::string Dispatcher::answer(std::string_view request, const Peer& peer) {
  try {
    const Json json = Json::parse(request, nullptr, false);
    if (!json.is_object()) {
      throw Refusal{"usage", "the request is no JSON object"};
    }
    const Call call{json, peer, engine_, hooks_, version_};
    return dump(find_request(call.text("command", true), peer).run(call));
  } catch (const Refusal& refusal) {
    return error_answer(refusal.code, refusal.text);
  } catch (const std::exception& error) {
    telemetry::write(telemetry::Level::Error,
                     telemetry::Line("control").add("result", "internal error").text(error.what()));
    return error_answer("refused", "an internal error; the log has it");
  }
}

std::string error_answer(std::string_view code, std::string_view text) {
  return dump({{"error", {{"code", code}, {"text", text}}}});
}

}  // namespace rampart::control
