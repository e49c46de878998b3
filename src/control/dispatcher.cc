#include "dispatcher.h"

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include <unistd.h>

#include "rampart/base/text.h"
#include "rampart/mail/address.h"
#include "rampart/mail/queue_id.h"
#include "rampart/telemetry/log.h"

#include "listener.h"
#include "show.h"

namespace rampart::control {

// Commands throw it; answer() turns it into an answer. It never leaves this file.
struct Refusal {
  std::string code;
  std::string text;
};

struct Dispatcher::Call {
  const Json& request;
  const Peer& peer;
  engine::Engine& engine;
  Dispatcher& dispatcher;

  [[nodiscard]] std::string who() const { return "operator " + peer.user; }
  [[nodiscard]] std::string text(const char* name, bool needed = false) const;
  [[nodiscard]] std::vector<std::string> texts(const char* name) const;
  [[nodiscard]] bool flag(const char* name) const;
  [[nodiscard]] std::optional<base::Micros> duration() const;
  [[nodiscard]] ramp::FlowKey flow() const {
    return {text("sender", true), text("provider", true)};
  }
};

namespace {

using base::Error;
using Call = Dispatcher::Call;

constexpr std::size_t kKeysMax = 1000;  ///< of add and remove; import takes as many as fit
constexpr std::size_t kIdsMax = 1000;
constexpr std::uint64_t kPageMax = 10'000;
constexpr base::Micros kSyncTimeout = std::chrono::seconds{10};

[[noreturn]] void refuse(const Error& error) {
  switch (error.kind) {
    case Error::Kind::NotFound:
      throw Refusal{"not_found", error.what};
    case Error::Kind::InvalidInput:
      throw Refusal{"usage", error.what};
    case Error::Kind::Denied:
      throw Refusal{"denied", error.what};
    case Error::Kind::Unsupported:
      throw Refusal{"refused", error.what};
    default:
      throw Refusal{"unavailable", error.what};
  }
}

template <class T>
T value_or_refuse(base::Result<T> result) {
  if (!result) {
    refuse(result.error());
  }
  return std::move(*result);
}

void log_change(const Call& call, std::string_view command, std::string_view key = {}) {
  telemetry::Line line("control");
  line.add("user", call.peer.user).add("uid", call.peer.uid).add("command", command);
  const auto address = mail::parse_address(key);
  if (!key.empty() && key.front() != '@' && address) {
    line.recipient("to", *address);
  } else if (!key.empty()) {
    line.add("domain", key);
  }
  telemetry::write(telemetry::Level::Info, line.add("result", "ok"));
}

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

// --- suppressions ---

std::vector<std::string> keys_of(const Call& call, std::size_t most) {
  std::vector<std::string> keys = call.texts("keys");
  if (keys.empty() || keys.size() > most) {
    throw Refusal{"usage", keys.empty() ? std::string("no address given")
                                        : "at most " + std::to_string(most) + " addresses at once"};
  }
  const auto policy = call.engine.policy();
  for (std::string& key : keys) {
    auto canonical = suppression::parse_key(key, policy->options.suppression);
    if (!canonical) {
      throw Refusal{"usage", "\"" + base::printable(key, 320) +
                                 "\" is no address; write user@example.org, or @example.org for a "
                                 "whole domain; nothing was changed"};
    }
    key = std::move(*canonical);
  }
  return keys;
}

// @return whether an entry for exactly this key and sender is in force
bool is_suppressed(const Call& call, const std::string& key, const std::string& sender) {
  const auto answer = value_or_refuse(call.engine.why_suppressed(key));
  return std::any_of(answer.entries.begin(), answer.entries.end(), [&](const auto& entry) {
    return entry.key == key && (entry.sender.empty() || entry.sender == sender);
  });
}

engine::Engine::SuppressionRequest request_of(const Call& call, const std::string& key) {
  engine::Engine::SuppressionRequest request;
  request.key = key;
  request.sender = call.text("sender");
  request.text = base::printable(call.text("reason"), 1024);
  request.lifetime = call.duration();
  return request;
}

Json add_suppressions(const Call& call) {
  Json added = Json::array();
  const bool dry_run = call.flag("dry_run");
  for (const std::string& key : keys_of(call, kKeysMax)) {
    const auto request = request_of(call, key);
    const bool known = is_suppressed(call, key, request.sender);
    Json one{{"key", key}};
    if (!dry_run) {
      one = entry_json(value_or_refuse(call.engine.add_suppression(request, call.who())));
      log_change(call, "suppression add", key);
    }
    one["was_suppressed"] = known;
    added.push_back(std::move(one));
  }
  return {{"added", std::move(added)}, {"dry_run", dry_run}};
}

Json remove_suppressions(const Call& call) {
  Json removed = Json::array();
  Json missing = Json::array();
  for (const std::string& key : keys_of(call, kKeysMax)) {
    const auto result = call.engine.remove_suppression(key, call.text("sender"), call.who());
    if (result) {
      log_change(call, "suppression remove", key);
      removed.push_back(key);
    } else if (result.error().kind == Error::Kind::NotFound) {
      missing.push_back(key);
    } else {
      refuse(result.error());
    }
  }
  return {{"removed", std::move(removed)}, {"not_found", std::move(missing)}};
}

Json why_suppressed(const Call& call) {
  const auto answer = value_or_refuse(call.engine.why_suppressed(call.text("key", true)));
  Json entries = Json::array();
  for (const auto& entry : answer.entries) {
    entries.push_back(entry_json(entry));
  }
  Json history = Json::array();
  for (const auto& change : answer.history) {
    history.push_back(change_json(change));
  }
  return {{"key", answer.key},
          {"suppressed", !answer.entries.empty()},
          {"entries", std::move(entries)},
          {"history", std::move(history)}};
}

Json list_suppressions(const Call& call) {
  store::SuppressionFilter filter;
  filter.contains = call.text("contains");
  filter.after = call.text("after");
  if (const std::string reason = call.text("reason"); !reason.empty()) {
    filter.reason = suppression::parse_reason(reason);
    if (!filter.reason) {
      throw Refusal{"usage",
                    "\"" + base::printable(reason, 64) +
                        "\" is no reason; there are hard, soft, import, operator, complaint"};
    }
  }
  if (const auto limit = call.request.find("limit"); limit != call.request.end()) {
    if (!limit->is_number_unsigned() || *limit == 0U || *limit > kPageMax) {
      throw Refusal{"usage", "\"limit\" must be 1 to " + std::to_string(kPageMax)};
    }
    filter.limit = limit->get<std::size_t>();
  }
  const auto page = value_or_refuse(call.engine.list_suppressions(filter));
  Json entries = Json::array();
  for (const auto& entry : page) {
    entries.push_back(entry_json(entry));
  }
  return {{"entries", std::move(entries)}, {"more", page.size() >= filter.limit}};
}

Json import_suppressions(const Call& call) {
  const std::vector<std::string> keys = keys_of(call, kRequestBytesMax);
  if (call.flag("dry_run")) {
    const auto known = static_cast<std::size_t>(std::count_if(
        keys.begin(), keys.end(),
        [&](const std::string& key) { return is_suppressed(call, key, call.text("sender")); }));
    return {{"addresses", keys.size()},
            {"new", keys.size() - known},
            {"known", known},
            {"dry_run", true}};
  }
  std::vector<engine::Engine::SuppressionRequest> requests;
  requests.reserve(keys.size());
  for (const std::string& key : keys) {
    requests.push_back(request_of(call, key));
    requests.back().reason = suppression::Reason::Import;
  }
  const std::uint64_t added =
      value_or_refuse(call.engine.import_suppressions(requests, call.who()));
  log_change(call, "suppression import, new addresses: " + std::to_string(added));
  return {{"addresses", keys.size()},
          {"new", added},
          {"known", keys.size() - added},
          {"dry_run", false}};
}

// --- held mail, upkeep ---

Json list_held(const Call& call) {
  Json held = Json::array();
  for (const auto& record : call.engine.held()) {
    held.push_back(held_json(record));
  }
  return {{"now", time_json(call.engine.status().now)}, {"held", std::move(held)}};
}

// Whoever says this gets the messages charged: only those who can have released them may.
Json mark_released(const Call& call) {
  if (call.peer.uid != 0 && call.peer.uid != geteuid()) {
    throw Refusal{"denied", "only root can release held mail"};
  }
  std::vector<mail::QueueId> ids;
  for (const std::string& text : call.texts("ids")) {
    const auto id = mail::parse_queue_id(text);
    if (!id || ids.size() >= kIdsMax) {
      throw Refusal{"usage", id ? "at most " + std::to_string(kIdsMax) + " queue IDs at once"
                                : "\"" + base::printable(text, 64) + "\" is no queue ID"};
    }
    ids.push_back(*id);
  }
  call.engine.released(ids, call.who());
  value_or_refuse(call.engine.sync(kSyncTimeout));
  log_change(call, "hold release, messages: " + std::to_string(ids.size()));
  return {{"released", ids.size()}};
}

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

constexpr std::array<Command, 12> kCommands{{
    {"flow.show", show_flow},
    {"flow.pause", pause_flow},
    {"flow.resume", resume_flow},
    {"flow.reset", reset_flow},
    {"suppression.add", add_suppressions},
    {"suppression.remove", remove_suppressions},
    {"suppression.why", why_suppressed},
    {"suppression.list", list_suppressions},
    {"suppression.import", import_suppressions},
    {"hold.list", list_held},
    {"hold.released", mark_released},
    {"sync", sync},
}};

}  // namespace

std::string Dispatcher::Call::text(const char* name, bool needed) const {
  const auto found = request.find(name);
  if (found == request.end() || found->is_null()) {
    if (needed) {
      throw Refusal{"usage", std::string("\"") + name + "\" is missing"};
    }
    return {};
  }
  if (!found->is_string() || (needed && found->get_ref<const std::string&>().empty())) {
    throw Refusal{"usage", std::string("\"") + name + "\" must be a text"};
  }
  return found->get<std::string>();
}

std::vector<std::string> Dispatcher::Call::texts(const char* name) const {
  const auto found = request.find(name);
  std::vector<std::string> list;
  if (found == request.end() || !found->is_array()) {
    throw Refusal{"usage", std::string("\"") + name + "\" must be a list of texts"};
  }
  for (const Json& one : *found) {
    if (!one.is_string()) {
      throw Refusal{"usage", std::string("\"") + name + "\" must be a list of texts"};
    }
    list.push_back(one.get<std::string>());
  }
  return list;
}

bool Dispatcher::Call::flag(const char* name) const {
  const auto found = request.find(name);
  if (found == request.end()) {
    return false;
  }
  if (!found->is_boolean()) {
    throw Refusal{"usage", std::string("\"") + name + "\" must be true or false"};
  }
  return found->get<bool>();
}

std::optional<base::Micros> Dispatcher::Call::duration() const {
  const std::string written = text("for");
  if (written.empty()) {
    return std::nullopt;
  }
  const auto duration = base::parse_duration(written);
  if (!duration || *duration <= base::Micros{0}) {
    throw Refusal{"usage", "\"" + base::printable(written, 64) +
                               "\" is no duration; write 90s, 15m, 6h or 30d"};
  }
  return duration;
}

Dispatcher::Dispatcher(engine::Engine& engine, ReloadHook reload_hook, std::string version)
    : engine_(engine), reload_(std::move(reload_hook)), version_(std::move(version)) {}

std::string Dispatcher::answer(std::string_view request, const Peer& peer) {
  try {
    const Json json = Json::parse(request, nullptr, false);
    if (!json.is_object()) {
      throw Refusal{"usage", "the request is no JSON object"};
    }
    const Call call{json, peer, engine_, *this};
    const std::string name = call.text("command", true);
    if (name == "status") {
      return dump(status(call, version_));
    }
    if (name == "config.reload") {
      const base::MutexLock lock(reload_mutex_);
      return dump(reload(call, reload_));
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
