// What the engine knows -> JSON, one function for each kind of thing.
//
// Threads: pure functions, from any thread.

#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "rampart/engine/engine.h"

namespace rampart::control {

using Json = nlohmann::ordered_json;

/// One line; bytes that are no UTF-8 are replaced.
std::string dump(const Json& json);
Json error_json(std::string_view code, std::string_view text);
/// Times of 1970 and times beyond the next thousand years are null: "never" and "for ever".
Json time_json(base::WallTime time);

/// A number of units; null without a limit.
Json count_json(std::uint32_t count);
double seconds(base::Micros duration);

/// With its explanation, if it has one.
Json flow_json(const engine::FlowStatus& flow);
Json status_json(const engine::Status& status);
Json entry_json(const suppression::Entry& entry);
Json change_json(const suppression::Change& change);
Json held_json(const engine::HeldMessage& message);
Json reply_json(const store::ReplyRecord& reply);
Json event_json(const ledger::Event& event);

}  // namespace rampart::control
