// What old logs showed, merged into the live state.

#include "rampart/engine/past.h"

#include "rampart/base/text.h"
#include "rampart/ramp/codec.h"
#include "rampart/ramp/merge.h"
#include "rampart/telemetry/log.h"

#include "data.h"

namespace rampart::engine {
namespace {

using base::Error;

constexpr base::Micros kSyncTimeout = std::chrono::seconds{30};
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

MergedFlow Engine::Data::merge(const PastFlow& past, base::WallTime now) {
  const std::shared_ptr<const Active> policy = active();
  MergedFlow merged{past.key, 0, 0, false};
  const auto raise = [&](ramp::Flow& live, const ramp::Context& at) {
    merged.level_before = level_of(live, at);
    merged.changed = ramp::merge_history(live, past.state, at);
    merged.level = level_of(live, at);
  };
  if (past.key.sender.empty()) {
    flows.change_host(past.key.provider, [&](ledger::LiveHost& host) {
      raise(host.state.flow, host_context(*policy, now));
    });
    return merged;
  }
  // Whoever sent mail before is not new today.
  senders.enter(past.key.sender, true, 0, now);
  flows.change(past.key, [&](const FlowTable::View& view) {
    raise(view.flow.state, context(*policy, past.key, now));
  });
  return merged;
}

bool Engine::is_new() const {
  return data_->sources.is_new();
}

base::Result<> Engine::begin_sources(const std::vector<store::CursorRecord>& cursors) {
  {
    const base::MutexLock gate(data_->writer->gate());
    std::vector<store::Operation> operations;
    for (const store::CursorRecord& cursor : cursors) {
      data_->sources.set_cursor(cursor);
      operations.emplace_back(cursor);
    }
    data_->writer->add(std::move(operations));
  }
  return sync(kSyncTimeout);
}

base::Result<std::vector<MergedFlow>> Engine::merge_past(const Past& past, std::string_view who) {
  const base::WallTime now = data_->clock.wall_now();
  std::vector<MergedFlow> merged;
  merged.reserve(past.flows.size());
  bool done = data_->in_pieces(past.domains.size(), [&](std::size_t i) {
    const auto& [name, provider] = past.domains[i];
    const auto domain = mail::parse_domain(name);
    std::vector<store::Operation> operations;
    if (domain && data_->active()->policy().providers.is_named(provider) &&
        data_->domains.learn(domain->text(), provider)) {
      operations.emplace_back(store::DomainProviderRecord{domain->text(), provider, now});
    }
    return operations;
  });
  done = done && data_->in_pieces(past.flows.size(), [&](std::size_t i) {
    merged.push_back(data_->merge(past.flows[i], now));
    return std::vector<store::Operation>{};
  });
  if (!done) {
    return Error{Error::Kind::Unavailable,
                 "the service is stopping; a part may have been learned: learn again"};
  }
  if (const auto stored = sync(kSyncTimeout); !stored) {
    return stored.error();
  }
  telemetry::write(telemetry::Level::Info, telemetry::Line("history")
                                               .add("flows", merged.size())
                                               .add("domains", past.domains.size())
                                               .add("by", who));
  return merged;
}

}  // namespace rampart::engine
