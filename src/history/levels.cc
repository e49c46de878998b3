#include "rampart/history/levels.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

namespace rampart::history {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using reply::ReplyClass;

constexpr base::Micros kSilent = 72h;  // by then the windows are empty

struct Scratch {
  FlowHistory history;
  const policy::FlowRule* rule = nullptr;
  bool provider_named = false;
  long long last_day = -1;
};

struct SenderScratch {
  SenderHistory history;
  ramp::Health health;
  long long last_day = -1;
};

// Counts a day that is not the last one counted.
void count_day(base::WallTime time, long long& last_day, std::uint32_t& days) {
  const long long day = base::day_number(time);
  if (day > last_day) {
    last_day = day;
    ++days;
  }
}

void count(FlowHistory& history, const Outcome& outcome) {
  history.last = std::max(history.last, outcome.time);
  const ramp::Reported& reported = outcome.reported;
  if (reported.reply_class == ReplyClass::Delivered) {
    ++history.delivered;
  } else if (reply::slows_flow(reported.reply_class, reported.scope)) {
    ++history.deferrals;
  } else if (reported.permanent) {
    ++history.refused;
  }
}

}  // namespace

struct Levels::Data {
  Scratch* find(const Outcome& outcome, const Correlator& correlator);
  void make_room(base::WallTime now);
  SenderScratch& sender(std::uint32_t number);
  ramp::HostFlow& host(std::uint32_t number);

  std::shared_ptr<const policy::Active> active;
  std::size_t flows_max = kFlowsMax;
  std::unordered_map<std::uint64_t, std::unique_ptr<Scratch>> flows;
  std::deque<SenderScratch> senders;                   // by number
  std::vector<std::unique_ptr<ramp::HostFlow>> hosts;  // by number
  std::uint64_t passed_over = 0;
  base::WallTime made_room{};
};

namespace {

std::uint64_t key_of(std::uint32_t sender, std::uint32_t provider) {
  return std::uint64_t{sender} << 32U | provider;
}

}  // namespace

// Nothing depends on so few: a flow without history may be sent more.
void Levels::Data::make_room(base::WallTime now) {
  if (now < made_room + kSilent / 3) {
    return;
  }
  made_room = now;
  std::erase_if(flows, [&](const auto& entry) {
    const FlowHistory& history = entry.second->history;
    return history.delivered < kFewUnits && history.last + kSilent < now;
  });
}

Scratch* Levels::Data::find(const Outcome& outcome, const Correlator& correlator) {
  const std::uint64_t key = key_of(outcome.sender, outcome.provider);
  const auto known = flows.find(key);
  if (known != flows.end()) {
    return known->second.get();
  }
  if (flows.size() >= flows_max) {
    make_room(outcome.time);
    if (flows.size() >= flows_max) {
      return nullptr;
    }
  }
  auto scratch = std::make_unique<Scratch>();
  const ramp::FlowKey names{correlator.senders().text(outcome.sender),
                            correlator.providers().text(outcome.provider)};
  scratch->rule = &active->rule_for(names);
  scratch->provider_named = active->policy().providers.is_named(names.provider);
  scratch->history.first = outcome.time;
  return flows.emplace(key, std::move(scratch)).first->second.get();
}

SenderScratch& Levels::Data::sender(std::uint32_t number) {
  if (senders.size() <= number) {
    senders.resize(number + std::size_t{1});
  }
  return senders[number];
}

ramp::HostFlow& Levels::Data::host(std::uint32_t number) {
  if (hosts.size() <= number) {
    hosts.resize(number + std::size_t{1});
  }
  if (!hosts[number]) {
    hosts[number] = std::make_unique<ramp::HostFlow>();
  }
  return *hosts[number];
}

Levels::Levels(std::shared_ptr<const policy::Active> active, std::size_t flows_max)
    : data_(std::make_unique<Data>()) {
  data_->active = std::move(active);
  data_->flows_max = flows_max;
}
Levels::~Levels() = default;
Levels::Levels(Levels&&) noexcept = default;
Levels& Levels::operator=(Levels&&) noexcept = default;

void Levels::add(Outcome& outcome, const Correlator& correlator) {
  Scratch* const scratch = data_->find(outcome, correlator);
  if (scratch == nullptr) {
    ++data_->passed_over;
    outcome.standing = ramp::Standing::Neither;
    return;
  }
  const ramp::Constants& constants = data_->active->options().constants;
  ramp::Context context{scratch->rule->plan, constants, outcome.time};
  context.provider_known = scratch->provider_named;
  context.transactional = scratch->rule->transactional;
  const ramp::Context host_context{data_->active->host_plan(), constants, outcome.time};
  ramp::Flow& flow = scratch->history.state;
  ramp::HostFlow& host = data_->host(outcome.provider);
  if (outcome.kind == Outcome::Kind::Forgotten) {
    ramp::forget(flow, host, outcome.reported.standing);
    return;
  }
  SenderScratch& sender = data_->sender(outcome.sender);
  if (outcome.charges()) {
    ramp::charge(flow, context);
    ramp::charge(host.flow, host_context);
  }
  outcome.standing =
      ramp::on_report({flow, host, sender.health, correlator.senders().text(outcome.sender)},
                      outcome.reported, context, host_context)
          .standing;
  count(scratch->history, outcome);
  if (outcome.reported.reply_class == ReplyClass::Delivered) {
    count_day(outcome.time, scratch->last_day, scratch->history.days);
    count_day(outcome.time, sender.last_day, sender.history.days);
    ++sender.history.delivered;
    sender.history.last = std::max(sender.history.last, outcome.time);
  }
}

std::vector<Levels::Place> Levels::flows() const {
  std::vector<Place> places;
  places.reserve(data_->flows.size());
  for (const auto& [key, scratch] : data_->flows) {
    places.push_back({static_cast<std::uint32_t>(key >> 32U), static_cast<std::uint32_t>(key),
                      &scratch->history});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    if (a.history->delivered != b.history->delivered) {
      return a.history->delivered > b.history->delivered;
    }
    return std::pair(a.sender, a.provider) < std::pair(b.sender, b.provider);
  });
  return places;
}

const ramp::Flow* Levels::host(std::uint32_t provider) const {
  return provider < data_->hosts.size() && data_->hosts[provider] ? &data_->hosts[provider]->flow
                                                                  : nullptr;
}

SenderHistory Levels::sender(std::uint32_t number) const {
  return number < data_->senders.size() ? data_->senders[number].history : SenderHistory{};
}

std::uint64_t Levels::passed_over() const noexcept {
  return data_->passed_over;
}

std::vector<Seed> seeds_of(const Levels& levels, const Correlator& correlator) {
  std::vector<Seed> seeds;
  std::set<std::uint32_t> providers;
  for (const Levels::Place& place : levels.flows()) {
    if (place.history->delivered == 0 || !levels.sender(place.sender).established()) {
      continue;
    }
    seeds.push_back(
        {{correlator.senders().text(place.sender), correlator.providers().text(place.provider)},
         place.history->state});
    providers.insert(place.provider);
  }
  for (const std::uint32_t provider : providers) {
    if (const ramp::Flow* host = levels.host(provider)) {
      seeds.push_back({{"", correlator.providers().text(provider)}, *host});
    }
  }
  return seeds;
}

}  // namespace rampart::history
