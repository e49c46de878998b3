// What old logs showed, merged into the live state.

#include "rampart/engine/past.h"

#include "rampart/base/text.h"
#include "rampart/ledger/domains.h"
#include "rampart/ledger/flow_table.h"
#include "rampart/ledger/in_force.h"
#include "rampart/ledger/senders.h"
#include "rampart/ledger/sources.h"
#include "rampart/ledger/writer.h"
#include "rampart/ramp/codec.h"
#include "rampart/ramp/merge.h"
#include "rampart/telemetry/log.h"

#include "orders.h"

namespace rampart::engine {

using ledger::FlowTable;
using policy::Active;

namespace {

using base::Error;

constexpr base::Micros kPastTimeout = std::chrono::seconds{30};
constexpr std::size_t kNameMax = 255;

bool is_name(std::string_view text) {
  return text.size() <= kNameMax && base::printable(text) == text;
}

std::uint32_t level_of(const ramp::Flow& flow, const ramp::Context& context) {
  return ramp::allowance(flow, ramp::Health{}, context).level;
}

}  // namespace

base::Result<PastFlow> decode_past(const ramp::FlowKey& key, std::string_view bytes) {
  if (!is_name(key.sender) || !is_name(key.provider) || key.provider.empty()) {
    return Error{Error::Kind::InvalidInput,
                 "\"" + base::printable(key.sender, kNameMax) + "\" to \"" +
                     base::printable(key.provider, kNameMax) + "\" is no flow"};
  }
  auto state = ramp::decode_flow(bytes);
  if (!state) {
    return Error{Error::Kind::InvalidInput, "the flow of \"" + key.sender + "\" to \"" +
                                                key.provider +
                                                "\" is damaged, or of a newer rampart"};
  }
  return PastFlow{key, *state};
}

MergedFlow Orders::merge(const PastFlow& past, base::WallTime now) {
  const std::shared_ptr<const Active> policy = with_.in_force.active();
  MergedFlow merged{past.key, 0, 0, false};
  const auto raise = [&](ramp::Flow& live, const ramp::Context& at) {
    merged.level_before = level_of(live, at);
    merged.changed = ramp::merge_history(live, past.state, at);
    merged.level = level_of(live, at);
  };
  if (past.key.sender.empty()) {
    with_.flows.change_host(past.key.provider, [&](ledger::LiveHost& host) {
      raise(host.state.flow, with_.in_force.host_context(*policy, now));
    });
    return merged;
  }
  // Whoever sent mail before is not new today.
  with_.senders.enter(past.key.sender, true, 0, now);
  with_.flows.change(past.key, [&](const FlowTable::View& view) {
    raise(view.flow.state, with_.in_force.context(*policy, past.key, now));
  });
  return merged;
}

base::Result<> Orders::begin_sources(const std::vector<store::CursorRecord>& cursors) {
  {
    const base::MutexLock gate(with_.writer.gate());
    std::vector<store::Operation> operations;
    for (const store::CursorRecord& cursor : cursors) {
      with_.sources.set_cursor(cursor);
      operations.emplace_back(cursor);
    }
    with_.writer.add(std::move(operations));
  }
  return with_.writer.sync(kPastTimeout);
}

base::Result<std::vector<MergedFlow>> Orders::merge_past(const Past& past, std::string_view who) {
  const base::WallTime now = with_.clock.wall_now();
  std::vector<MergedFlow> merged;
  merged.reserve(past.flows.size());
  auto done = in_pieces(past.domains.size(), [&](std::size_t i) -> base::Result<Operations> {
    const auto& [name, provider] = past.domains[i];
    const auto domain = mail::parse_domain(name);
    Operations operations;
    if (domain && with_.in_force.active()->policy().providers.is_named(provider) &&
        with_.domains.learn(domain->text(), provider)) {
      operations.emplace_back(store::DomainProviderRecord{domain->text(), provider, now});
    }
    return operations;
  });
  if (done) {
    done = in_pieces(past.flows.size(), [&](std::size_t i) -> base::Result<Operations> {
      merged.push_back(merge(past.flows[i], now));
      return Operations{};
    });
  }
  if (!done) {
    return done.error();
  }
  if (const auto stored = with_.writer.sync(kPastTimeout); !stored) {
    return stored.error();
  }
  telemetry::write(telemetry::Level::Info, telemetry::Line("history")
                                               .add("flows", merged.size())
                                               .add("domains", past.domains.size())
                                               .add("by", who));
  return merged;
}

}  // namespace rampart::engine
