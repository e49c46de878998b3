// What the service answers, as values. Each has one list of fields, in answers.cc, by which it is
// written as JSON and read back: the JSON that people see with --json, and the words that are made
// from the same values.
//
// Pure: any thread.
// Units in JSON: times are RFC 3339 in UTC, whole seconds; null: none, or for ever. Durations are
// seconds, and their names end so. Numbers of units are null without a limit.
// Errors: of JSON from another version what is missing or of another type keeps its default.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "rampart/base/time.h"
#include "rampart/engine/past.h"
#include "rampart/engine/status.h"
#include "rampart/mail/trail_event.h"
#include "rampart/store/records.h"
#include "rampart/suppression/entry.h"

namespace rampart::control {

struct StatusAnswer {
  std::string version;
  std::string host;
  engine::Status status;
};

/// Of flow.show, flow.pause and flow.resume.
struct FlowAnswer {
  base::WallTime now{};
  engine::FlowStatus flow;  ///< with its explanation
};

struct HeldAnswer {
  base::WallTime now{};
  std::vector<engine::HeldMessage> held;
};

struct AddedSuppression {
  suppression::Entry entry;  ///< of a dry run its key alone
  bool was_suppressed = false;
  bool dry_run = false;  ///< not written: only the key and the flag are
};
struct AddedAnswer {
  std::vector<AddedSuppression> added;
  bool dry_run = false;
};

struct WhySuppressed {
  suppression::Entry entry;
  /// Of a pending entry, why its provider's word is doubted now; "" if it is not any more.
  std::string pending_text;
};
struct WhyAnswer {
  std::string key;
  bool suppressed = false;
  std::vector<WhySuppressed> entries;
  std::vector<suppression::Change> history;
};

struct SuppressionPage {
  std::vector<suppression::Entry> entries;
  bool more = false;  ///< behind the last of these
};

struct RepliesAnswer {
  std::vector<store::ReplyRecord> replies;
};

struct EventsAnswer {
  std::string queue_id;
  std::string keep;  ///< how long events are known, in words
  std::vector<mail::TrailEvent> events;
};

struct LearnedAnswer {
  std::vector<engine::MergedFlow> flows;
  std::uint64_t changed = 0;  ///< of them
  std::uint64_t suppressed = 0;
};

/// What became of an order for one held message.
struct HoldOutcome {
  std::string queue_id;
  std::string result;  ///< "released", "deleted", "still_held", "gone", ...
  std::string text;
};
struct OrdersAnswer {
  std::vector<HoldOutcome> messages;
};

/// Of each of the answers above.
template <class Answer>
nlohmann::ordered_json encode(const Answer& answer);
template <class Answer>
Answer decode(const nlohmann::ordered_json& json);

/// The time, if it is one: not 1970, which stands for none, nor beyond the year 3000, "for ever".
std::optional<base::WallTime> known(base::WallTime time) noexcept;

}  // namespace rampart::control
