#include "dispatcher.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>
#include <vector>

#include <unistd.h>

#include "rampart/base/text.h"
#include "rampart/telemetry/log.h"

#include "call.h"
#include "listener.h"
#include "show.h"

namespace rampart::control {

namespace {

using Call = Dispatcher::Call;

constexpr base::Micros kSyncTimeout = std::chrono::seconds{10};

// --- status and flows ---

Json status(const Call& call, const std::string& version) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  Json answer{{"version", version}, {"host", host.data()}};
  answer.update(status_json(call.engine.status()));
  return answer;
}

Json show_flow(const Call& call) {
  const ramp::FlowKey key = call.flow();
  const auto flow = call.engine.find_flow(key);
  if (!flow) {
    throw Refusal{"not_found", "no flow \"" + base::printable(key.sender, 255) + "\" to \"" +
                                   base::printable(key.provider, 255) +
                                   "\"; rampart status --all lists them"};
  }
  return {{"now", time_json(call.engine.status().now)}, {"flow", flow_json(*flow)}};
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

Json reload(const Call& call, const ReloadHook& hook) {
  const ReloadAnswer answer = hook();
  if (answer.done) {
    log_change(call, "config reload");
  }
  return {{"reloaded", answer.done}, {"messages", answer.messages}};
}

struct Command {
  std::string_view name;
  Json (*run)(const Call& call);
};

constexpr std::array<Command, 23> kCommands{{
    {"flow.show", show_flow},
    {"flow.pause", pause_flow},
    {"flow.resume", resume_flow},
    {"flow.reset", reset_flow},
    {"suppression.add", add_suppressions},
    {"suppression.remove", remove_suppressions},
    {"suppression.why", why_suppressed},
    {"suppression.list", list_suppressions},
    {"suppression.import", import_suppressions},
    {"suppression.confirm", confirm_pending},
    {"suppression.clear_pending", clear_pending},
    {"replies", list_replies},
    {"events", list_events},
    {"feed.lines", feed_lines},
    {"feed.message", feed_message},
    {"learn", learn_past},
    {"hold.list", list_held},
    {"hold.release", release_held},
    {"hold.drop", drop_held},
    {"hold.order", order_release},
    {"hold.ended", end_release},
    {"hold.dropped", forget_dropped},
    {"sync", sync},
}};

}  // namespace

Dispatcher::Dispatcher(engine::Engine& engine, Hooks hooks, std::string version)
    : engine_(engine), hooks_(std::move(hooks)), version_(std::move(version)) {}

std::string Dispatcher::answer(std::string_view request, const Peer& peer) {
  try {
    const Json json = Json::parse(request, nullptr, false);
    if (!json.is_object()) {
      throw Refusal{"usage", "the request is no JSON object"};
    }
    const Call call{json, peer, engine_, hooks_};
    const std::string name = call.text("command", true);
    if (name == "status") {
      return dump(status(call, version_));
    }
    if (name == "config.reload") {
      const base::MutexLock lock(reload_mutex_);
      return dump(reload(call, hooks_.reload));
    }
    const auto* command =
        std::find_if(kCommands.begin(), kCommands.end(),
                     [&](const Command& candidate) { return candidate.name == name; });
    if (command == kCommands.end()) {
      throw Refusal{"usage", "unknown command \"" + base::printable(name, 64) + "\""};
    }
    return dump(command->run(call));
  } catch (const Refusal& refusal) {
    return error_answer(refusal.code, refusal.text);
  } catch (const std::exception& error) {
    telemetry::write(telemetry::Level::Error,
                     telemetry::Line("control").add("result", "internal error").text(error.what()));
    return error_answer("refused", "an internal error; the log has it");
  }
}

std::string error_answer(std::string_view code, std::string_view text) {
  return dump(error_json(code, text));
}

}  // namespace rampart::control
