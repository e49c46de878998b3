#include "world.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace rampart::sim {
namespace {

// Postfix's defaults: minimal_backoff_time, maximal_backoff_time, queue_run_delay and
// maximal_queue_lifetime. The application in front is taken to have the same.
constexpr Millis kBackoffMin = 300 * kSecondMillis;
constexpr Millis kBackoffMax = 4000 * kSecondMillis;
constexpr Millis kScanEvery = 300 * kSecondMillis;
constexpr Millis kLifetime =
    std::chrono::duration_cast<std::chrono::milliseconds>(ramp::Constants{}.forget_after).count();
constexpr Millis kTickEvery = 600 * kSecondMillis;

constexpr Millis kConversation = 500;  // a delivery's time; 20 run at once to a destination
constexpr Millis kBetween = kConversation / 20;
constexpr Millis kResubmit = 30;  // between two messages that the application tries again
constexpr Millis kNever = std::numeric_limits<Millis>::max();

struct Domain {
  std::string_view name;
  std::string_view domain;
  std::string_view relay;
};
constexpr std::array<Domain, 5> kDomains{{
    {"gmail", "gmail.com", "gmail-smtp-in.l.google.com"},
    {"outlook", "outlook.com", "outlook-com.olc.protection.outlook.com"},
    {"yahoo", "yahoo.com", "mta5.am0.yahoodns.net"},
    {"gmx", "gmx.de", "mx00.emig.gmx.net"},
    {"apple", "icloud.com", "mx01.mail.icloud.com"},
}};

}  // namespace

void World::Deferred::add(std::uint32_t number, Millis due) {
  // Times of the history are below 0.
  const auto scan = static_cast<std::size_t>((due + 1000 * kDayMillis) / kScanEvery + 1);
  if (next_ == 0) {
    next_ = scan;
  }
  const std::size_t place = scan - std::min(scan, next_);
  if (scans_.size() <= place) {
    scans_.resize(place + 1);
  }
  scans_[place].push_back(number);
}

std::vector<std::uint32_t> World::Deferred::take(Millis now) {
  const auto scan = static_cast<std::size_t>((now + 1000 * kDayMillis) / kScanEvery);
  std::vector<std::uint32_t> due;
  if (next_ == 0 || scan < next_) {
    return due;
  }
  const std::size_t count = std::min(scan - next_ + 1, scans_.size());
  for (std::size_t i = 0; i < count; ++i) {
    due.insert(due.end(), scans_[i].begin(), scans_[i].end());
  }
  scans_.erase(scans_.begin(), scans_.begin() + static_cast<std::ptrdiff_t>(count));
  next_ = scan + 1;
  return due;
}

World::World(const Scenario& scenario, std::uint64_t seed)
    : scenario_(scenario),
      horizon_(scenario.days * kDayMillis),
      providers_(expand(scenario.providers)),
      messages_(make_traffic(scenario, providers_, seed)),
      states_(messages_.size()),
      destinations_(providers_.size()) {
  for (const Sender& sender : scenario.senders) {
    cast_.senders.push_back(sender.name);
  }
  for (std::size_t i = 0; i < providers_.size(); ++i) {
    const Provider& provider = providers_[i];
    const auto* known = std::find_if(kDomains.begin(), kDomains.end(), [&](const Domain& domain) {
      return domain.name == provider.name;
    });
    const bool named = known != kDomains.end();
    cast_.providers.push_back(provider.name);
    cast_.domains.emplace_back(named ? known->domain : provider.name);
    cast_.relays.push_back(fmt::format("{}[198.51.100.{}]",
                                       named ? std::string(known->relay) : "mx." + provider.name,
                                       i % 250 + 1));
  }
  // The most that was sent in a day before day 0.
  usual_.assign(scenario.senders.size(), std::vector<double>(providers_.size()));
  std::vector<std::vector<double>> today = usual_;
  Millis day = std::numeric_limits<Millis>::min();
  for (const Message& message : messages_) {
    if (message.submitted >= 0) {
      break;
    }
    if (message.submitted / kDayMillis != day) {
      day = message.submitted / kDayMillis;
      today.assign(scenario.senders.size(), std::vector<double>(providers_.size()));
    }
    double& most = usual_[message.sender][message.provider];
    most = std::max(most, ++today[message.sender][message.provider]);
  }
  for (std::size_t i = 0; i < providers_.size(); ++i) {
    const std::uint64_t own = mix(seed) + i;
    const Model model = draw_model(providers_[i], scenario.unseen, Draw(own, Purpose::Model));
    std::vector<double> usual;
    for (const std::vector<double>& sender : usual_) {
      usual.push_back(sender[i]);
    }
    receivers_.push_back(std::make_unique<Receiver>(providers_[i], model, usual, own));
  }
  for (std::size_t s = 0; s < cast_.senders.size(); ++s) {
    for (std::size_t p = 0; p < cast_.providers.size(); ++p) {
      outcome_.flows.push_back({cast_.senders[s], cast_.providers[p], {}});
      outcome_.flows.back().days.resize(scenario.days);
    }
  }
  waiting_.resize(outcome_.flows.size());
}

base::Result<Outcome> World::run(Control control, std::shared_ptr<const policy::Policy> policy) {
  if (control == Control::Rampart) {
    auto made = make_rampart(cast_, std::move(policy));
    if (!made) {
      return made.error();
    }
    gate_ = std::move(*made);
  } else {
    gate_ = make_baseline(control, receivers_, usual_);
  }
  loop();
  finish();
  gate_.reset();
  return std::move(outcome_);
}

FlowDay* World::day_of(const Message& message, Millis now) {
  if (now < 0 || now >= horizon_) {
    return nullptr;
  }
  FlowOutcome& flow = outcome_.flows[message.sender * providers_.size() + message.provider];
  return &flow.days[static_cast<std::size_t>(now / kDayMillis)];
}

bool World::is_judged(const Message& message) const {
  return message.submitted >= 0 && message.submitted < horizon_ - kDayMillis &&
         scenario_.senders[message.sender].judged;
}

// The application hands a message over, or tries to.
void World::submit(std::uint32_t number, Millis now) {
  const Message& message = messages_[number];
  State& state = states_[number];
  if (state.place == Place::None && message.submitted >= 0) {
    ++outcome_.submitted;
    ++day_of(message, now)->submitted;
    ++waiting_[message.sender * providers_.size() + message.provider];
  }
  const Gate::Answer answer =
      message.submitted < 0 ? Gate::Answer::Accept : gate_->ask(queued(number), now);
  if (answer == Gate::Answer::Accept) {
    state.place = Place::Queue;
    state.accepted = now;
    activate(number, now);
    return;
  }
  state.place = Place::Application;
  const Millis age = now - message.submitted;
  if (answer == Gate::Answer::Reject || age > kLifetime) {
    state.place = Place::Done;
    --waiting_[message.sender * providers_.size() + message.provider];
    if (answer == Gate::Answer::Reject) {
      ++outcome_.rejected;
      outcome_.rejected_alive += message.dead ? 0 : 1;
    } else {
      ++outcome_.lost;
    }
    return;
  }
  at_application_.add(number, now + std::clamp(age, kBackoffMin, kBackoffMax));
}

void World::activate(std::uint32_t number, Millis now) {
  gate_->on_active(queued(number), now);
  Destination& destination = destinations_[messages_[number].provider];
  if (destination.active.empty()) {
    destination.next = std::max(destination.next + kBetween, now + kConversation);
  }
  destination.active.push_back(number);
}

void World::attempt(Destination& destination, Millis now) {
  const std::uint32_t number = destination.active.front();
  destination.active.pop_front();
  destination.next = now + kBetween;
  const Message& message = messages_[number];
  Receiver& receiver = *receivers_[message.provider];
  State& state = states_[number];
  const Kind kind = receiver.answer(
      {message.sender, message.recipient, state.tries, message.dead, message.complains},
      (now + 1000 * kDayMillis) / kSecondMillis - 1000 * kDay);
  state.tries = static_cast<std::uint8_t>(std::min(255, state.tries + 1));
  if (now >= 0) {
    ++outcome_.attempts;
    FlowDay* day = day_of(message, now);
    if (kind == Kind::Throttled) {
      ++outcome_.throttled;
      ++day->throttled;
    } else if (kind == Kind::Blocked) {
      ++outcome_.refused;
      ++day->refused;
    }
  }
  settle(number, kind, receiver.words(kind), now);
}

void World::settle(std::uint32_t number, Kind kind, const Words& words, Millis now) {
  const Message& message = messages_[number];
  State& state = states_[number];
  gate_->on_reply(queued(number), kind, words, now);
  // Of a 5xx greeting Postfix makes a 4xx, and tries again.
  const bool stays =
      kind != Kind::Accepted && (words.text.front() == '4' || words.stage == mail::Stage::Connect);
  if (stays) {
    retry(number, now);
    return;
  }
  state.place = Place::Done;
  if (message.submitted < 0) {
    return;
  }
  --waiting_[message.sender * providers_.size() + message.provider];
  if (kind == Kind::Accepted) {
    ++outcome_.delivered;
    ++day_of(message, now)->delivered;
    if (is_judged(message)) {
      deliveries_.push_back(now);
    }
  } else if (kind == Kind::Dead && message.dead) {
    ++outcome_.dead;
  } else {
    ++outcome_.returned;
  }
}

void World::retry(std::uint32_t number, Millis now) {
  State& state = states_[number];
  const Millis age = now - state.accepted;
  if (age <= kLifetime) {
    in_queue_.add(number, now + std::clamp(age, kBackoffMin, kBackoffMax));
    return;
  }
  gate_->on_expired(queued(number), now);
  state.place = Place::Done;
  const Message& message = messages_[number];
  if (message.submitted >= 0) {
    ++outcome_.lost;
    --waiting_[message.sender * providers_.size() + message.provider];
  }
}

void World::scan(Millis now) {
  for (const std::uint32_t number : in_queue_.take(now)) {
    activate(number, now);
  }
  const std::vector<std::uint32_t> due = at_application_.take(now);
  again_.insert(again_.end(), due.begin(), due.end());
  again_at_ = std::max(again_at_, now);
}

void World::end_day(Millis day) {
  for (std::size_t i = 0; i < outcome_.flows.size(); ++i) {
    outcome_.flows[i].days[static_cast<std::size_t>(day)].waiting = waiting_[i];
  }
}

void World::loop() {
  std::size_t arrival = 0;
  const Millis start = -static_cast<Millis>(scenario_.history) * kDayMillis;
  Millis next_scan = start;
  Millis next_tick = start;
  Millis next_noon = kDayMillis / 2;
  for (;;) {
    const Millis arrives = arrival < messages_.size() ? messages_[arrival].submitted : kNever;
    const Millis again = again_.empty() ? kNever : again_at_;
    Destination* destination = nullptr;
    for (Destination& one : destinations_) {
      if (!one.active.empty() && (destination == nullptr || one.next < destination->next)) {
        destination = &one;
      }
    }
    const Millis ends = destination == nullptr ? kNever : destination->next;
    const Millis now = std::min({arrives, again, ends, next_scan, next_tick, next_noon});
    if (now >= horizon_) {
      return;
    }
    if (now == next_tick) {
      gate_->tick(now);
      next_tick += kTickEvery;
    } else if (now == next_noon) {
      for (std::size_t i = 0; i < outcome_.flows.size(); ++i) {
        outcome_.flows[i].days[static_cast<std::size_t>(now / kDayMillis)].allowance =
            gate_->allowance(i / providers_.size(), i % providers_.size(), now);
      }
      next_noon += kDayMillis;
    } else if (now == next_scan) {
      if (now > 0 && now % kDayMillis == 0) {
        end_day(now / kDayMillis - 1);
      }
      scan(now);
      next_scan += kScanEvery;
    } else if (now == ends) {
      attempt(*destination, now);
    } else if (now == arrives) {
      submit(static_cast<std::uint32_t>(arrival++), now);
    } else {
      const std::uint32_t number = again_.front();
      again_.pop_front();
      again_at_ = now + kResubmit;
      submit(number, now);
    }
  }
}

void World::finish() {
  end_day(scenario_.days - 1);
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    const Message& message = messages_[i];
    const bool ours = message.submitted >= 0 && message.submitted < horizon_;
    if (is_judged(message) && !message.dead) {
      ++outcome_.deliverable;
    }
    if (ours && states_[i].place != Place::Done) {
      ++outcome_.waiting;
    }
  }
  outcome_.delivered_in_time = deliveries_.size();
  const auto hours_to = [&](double share) -> std::optional<double> {
    const auto count = static_cast<std::size_t>(share * static_cast<double>(outcome_.deliverable));
    if (count == 0 || deliveries_.size() < count) {
      return std::nullopt;
    }
    return static_cast<double>(deliveries_[count - 1]) / (kHour * kSecondMillis);
  };
  outcome_.hours_to_half = hours_to(0.5);
  outcome_.hours_to_most = hours_to(0.95);
  for (const auto& receiver : receivers_) {
    outcome_.hours_blocked += receiver->hours_blocked(0, horizon_ / kSecondMillis);
  }
}

}  // namespace rampart::sim
