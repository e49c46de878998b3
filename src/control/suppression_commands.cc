// suppression.add|remove|why|list|import|confirm|clear_pending

#include <algorithm>

#include "rampart/base/text.h"
#include "rampart/control/answers.h"
#include "rampart/control/client.h"
#include "rampart/policy/policy.h"
#include "rampart/store/state_store.h"

#include "call.h"

namespace rampart::control {
namespace {

using base::Error;
using Call = Dispatcher::Call;

constexpr std::size_t kKeysMax = 1000;  ///< of add and remove; import takes as many as fit
constexpr std::uint64_t kPageMax = 10'000;

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
    return entry.pending.empty() && entry.key == key &&
           (entry.sender.empty() || entry.sender == sender);
  });
}

// What the guard of a provider says; "" if it has calmed down.
std::string guard_text(const Call& call, const std::string& provider) {
  for (const engine::GuardStatus& guard : call.engine.status().guards) {
    if (guard.provider == provider) {
      return guard.text;
    }
  }
  return {};
}

using PendingChange = base::Result<std::uint64_t> (engine::Engine::*)(
    const engine::PendingOrder& order, std::string_view who);

// One order for a provider or all, or one for each address.
std::vector<engine::PendingOrder> pending_orders(const Call& call) {
  engine::PendingOrder order;
  order.provider = call.text("provider");
  order.all = call.flag("all");
  const int ways = (order.all ? 1 : 0) + (order.provider.empty() ? 0 : 1) + call.has("keys");
  if (ways != 1) {
    throw Refusal{"usage", "give addresses, or a provider, or all"};
  }
  if (!call.has("keys")) {
    return {order};
  }
  std::vector<engine::PendingOrder> orders;
  for (std::string& key : keys_of(call, kKeysMax)) {
    orders.push_back({std::move(key), "", false});
  }
  return orders;
}

Json change_pending(const Call& call, std::string_view command, PendingChange change) {
  std::uint64_t changed = 0;
  Json missing = Json::array();
  for (const auto& order : pending_orders(call)) {
    const auto result = (call.engine.*change)(order, call.who());
    if (result) {
      changed += *result;
      log_change(call,
                 std::string(command) + (order.all           ? " all"
                                         : order.key.empty() ? " " + order.provider
                                                             : ""),
                 order.key);
    } else if (result.error().kind == Error::Kind::NotFound) {
      missing.push_back(order.all ? "all" : order.key.empty() ? order.provider : order.key);
    } else {
      refuse(result.error());
    }
  }
  return {{"changed", changed}, {"not_found", std::move(missing)}};
}

engine::SuppressionRequest request_of(const Call& call, const std::string& key) {
  engine::SuppressionRequest request;
  request.key = key;
  request.sender = call.text("sender");
  request.text = base::printable(call.text("reason"), 1024);
  request.lifetime = call.duration();
  return request;
}

}  // namespace

Json add_suppressions(const Call& call) {
  AddedAnswer answer;
  answer.dry_run = call.flag("dry_run");
  for (const std::string& key : keys_of(call, kKeysMax)) {
    const auto request = request_of(call, key);
    AddedSuppression added;
    added.dry_run = answer.dry_run;
    added.was_suppressed = is_suppressed(call, key, request.sender);
    if (answer.dry_run) {
      added.entry.key = key;
    } else {
      added.entry = value_or_refuse(call.engine.add_suppression(request, call.who()));
      log_change(call, "suppression add", key);
    }
    answer.added.push_back(std::move(added));
  }
  return encode(answer);
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
  auto why = value_or_refuse(call.engine.why_suppressed(call.text("key", true)));
  WhyAnswer answer{why.key, false, {}, std::move(why.history)};
  for (suppression::Entry& entry : why.entries) {
    const bool in_force = entry.pending.empty();
    answer.suppressed = answer.suppressed || in_force;
    std::string pending_text = in_force ? "" : guard_text(call, entry.pending);
    answer.entries.push_back({std::move(entry), std::move(pending_text)});
  }
  return encode(answer);
}

Json list_suppressions(const Call& call) {
  store::SuppressionFilter filter;
  filter.contains = call.text("contains");
  filter.after = call.text("after");
  filter.pending_at = call.text("pending_at");
  if (call.has("pending")) {
    filter.pending = call.flag("pending");
  }
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
  SuppressionPage page{value_or_refuse(call.engine.list_suppressions(filter)), false};
  page.more = page.entries.size() >= filter.limit;
  return encode(page);
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
  std::vector<engine::SuppressionRequest> requests;
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

Json confirm_pending(const Call& call) {
  return change_pending(call, "suppression confirm", &engine::Engine::confirm_pending);
}

Json clear_pending(const Call& call) {
  return change_pending(call, "suppression clear-pending", &engine::Engine::clear_pending);
}

}  // namespace rampart::control
