// A request that was understood: its fields, who gave it, and what is done with a failure.
//
// Threads: a Call belongs to one thread.
// Errors: Refusal, which Dispatcher::answer turns into an answer; it never leaves this room.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "rampart/base/result.h"
#include "rampart/base/time.h"
#include "rampart/engine/engine.h"
#include "rampart/engine/suppressions.h"
#include "rampart/ramp/flow.h"

#include "dispatcher.h"
#include "peer.h"

namespace rampart::control {

struct Refusal {
  std::string code;  ///< "usage", "not_found", "refused", "unavailable", "denied"
  std::string text;
};

struct Dispatcher::Call {
  const Json& request;
  const Peer& peer;
  engine::Engine& engine;
  const Hooks& hooks;
  const std::string& version;

  [[nodiscard]] std::string who() const { return "operator " + peer.user; }
  [[nodiscard]] std::string text(const char* name, bool needed = false) const;
  /// The list of queue IDs of that name, at most kIdsMax. @param needed  it must be there
  [[nodiscard]] std::vector<mail::QueueId> queue_ids(const char* name, bool needed = true) const;
  [[nodiscard]] std::vector<std::string> texts(const char* name) const;
  [[nodiscard]] bool flag(const char* name) const;
  [[nodiscard]] bool has(const char* name) const { return request.contains(name); }
  [[nodiscard]] std::optional<base::Micros> duration() const;
  [[nodiscard]] ramp::FlowKey flow() const {
    return {text("sender", true), text("provider", true)};
  }
};

[[noreturn]] void refuse(const base::Error& error);

template <class T>
T value_or_refuse(base::Result<T> result) {
  if (!result) {
    refuse(result.error());
  }
  return std::move(*result);
}

/// Logs a change with the user who gave the command. @param key  address or "@domain", if one
void log_change(const Dispatcher::Call& call, std::string_view command, std::string_view key = {});

// --- suppression_commands.cc ---
Json add_suppressions(const Dispatcher::Call& call);
Json remove_suppressions(const Dispatcher::Call& call);
Json why_suppressed(const Dispatcher::Call& call);
Json list_suppressions(const Dispatcher::Call& call);
Json import_suppressions(const Dispatcher::Call& call);
Json confirm_pending(const Dispatcher::Call& call);
Json clear_pending(const Dispatcher::Call& call);

// --- hold_commands.cc ---
Json list_held(const Dispatcher::Call& call);
Json release_held(const Dispatcher::Call& call);
Json drop_held(const Dispatcher::Call& call);
Json order_release(const Dispatcher::Call& call);
Json end_release(const Dispatcher::Call& call);
Json forget_dropped(const Dispatcher::Call& call);

// --- learned_commands.cc ---
Json list_replies(const Dispatcher::Call& call);
Json list_events(const Dispatcher::Call& call);
Json feed_lines(const Dispatcher::Call& call);
Json feed_message(const Dispatcher::Call& call);

// --- past_command.cc ---
Json learn_past(const Dispatcher::Call& call);

}  // namespace rampart::control
