// learn: what old logs showed, worked out by whoever read them

#include <algorithm>

#include "rampart/base/base64.h"
#include "rampart/base/text.h"
#include "rampart/base/time.h"
#include "rampart/control/answers.h"
#include "rampart/engine/past.h"
#include "rampart/policy/policy.h"

#include "call.h"

namespace rampart::control {
namespace {

using Call = Dispatcher::Call;

constexpr std::size_t kFlowsMax = 1000;
constexpr std::size_t kOthersMax = 10'000;  // domains, addresses
constexpr std::size_t kEvidenceMax = 300;

const Json& list_of(const Call& call, const char* name, std::size_t most) {
  static const Json kNone = Json::array();
  const auto found = call.request.find(name);
  if (found == call.request.end()) {
    return kNone;
  }
  if (!found->is_array() || found->size() > most) {
    throw Refusal{
        "usage", "\"" + std::string(name) + "\" must be a list of at most " + std::to_string(most)};
  }
  return *found;
}

const std::string& text_in(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (found == object.end() || !found->is_string()) {
    throw Refusal{"usage", "\"" + std::string(name) + "\" must be a text"};
  }
  return found->get_ref<const std::string&>();
}

engine::Past past_of(const Call& call) {
  engine::Past past;
  for (const Json& flow : list_of(call, "flows", kFlowsMax)) {
    const auto bytes = base::decode_base64(text_in(flow, "state"));
    if (!bytes) {
      throw Refusal{"usage", "\"state\" is no base64"};
    }
    past.flows.push_back(value_or_refuse(
        engine::decode_past({text_in(flow, "sender"), text_in(flow, "provider")}, *bytes)));
  }
  for (const Json& domain : list_of(call, "domains", kOthersMax)) {
    past.domains.emplace_back(text_in(domain, "domain"), text_in(domain, "provider"));
  }
  return past;
}

std::vector<engine::SuppressionRequest> dead_of(const Call& call) {
  const base::WallTime now = base::SystemClock().wall_now();
  const base::Micros expiry = call.engine.policy()->options.suppression.hard_expiry;
  std::vector<engine::SuppressionRequest> requests;
  for (const Json& dead : list_of(call, "dead", kOthersMax)) {
    const auto time = base::parse_rfc3339(text_in(dead, "time"));
    if (!time) {
      throw Refusal{"usage", "\"time\" is no time"};
    }
    const base::Micros left = std::min(*time, now) + expiry - now;
    if (left <= base::Micros{0}) {
      continue;
    }
    engine::SuppressionRequest request;
    request.key = text_in(dead, "key");
    request.text = base::printable(text_in(dead, "evidence"), kEvidenceMax);
    request.lifetime = left;
    request.reason = suppression::Reason::Hard;
    requests.push_back(std::move(request));
  }
  return requests;
}

}  // namespace

Json learn_past(const Call& call) {
  const engine::Past past = past_of(call);
  const auto dead = dead_of(call);
  const auto merged = value_or_refuse(call.engine.merge_past(past, call.who()));
  LearnedAnswer answer{merged, 0, 0};
  answer.changed = static_cast<std::uint64_t>(std::count_if(
      merged.begin(), merged.end(), [](const engine::MergedFlow& flow) { return flow.changed; }));
  if (!dead.empty()) {
    answer.suppressed = value_or_refuse(call.engine.import_suppressions(dead, "learn"));
  }
  log_change(call, "learn, flows changed: " + std::to_string(answer.changed) +
                       ", addresses suppressed: " + std::to_string(answer.suppressed));
  return encode(answer);
}

}  // namespace rampart::control
