#include "rampart/history/replay.h"

#include <algorithm>
#include <deque>
#include <map>
#include <queue>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "rampart/provider/sender.h"

#include "replay_state.h"

namespace rampart::history {
namespace {

using base::Micros;
using base::WallTime;

std::uint64_t key_of(const Outcome& outcome) noexcept {
  return outcome.message * 0x9E3779B97F4A7C15ULL ^ std::hash<std::string_view>{}(outcome.recipient);
}

}  // namespace

struct Replay::Data {
  explicit Data(std::shared_ptr<const policy::Active> in_force)
      : active(std::move(in_force)), suppressed(active) {}

  std::optional<std::uint32_t> find_flow(const Outcome& outcome, const Correlator& correlator);
  void begin(const Outcome& outcome, std::uint32_t flow);
  void go_on(const Outcome& outcome, std::uint32_t flow);
  void pardon(const Suppressed::Judged& judged, WallTime at);
  void schedule(Event event);
  void run_until(WallTime time);
  void handle(const Event& event);

  void ask(std::uint32_t index);
  void put_in_line(std::uint32_t index, WallTime until);
  void hand_over(std::uint32_t index);
  void tell(Mail& mail, const Answer& answer);
  void forget(Mail& mail);
  void later(const Event& event);
  void aside(const Event& event);
  void ask_again(std::uint32_t flow);
  void wake(std::uint32_t flow, WallTime at);
  void release(std::uint32_t index);
  ramp::Admission admit(FlowState& flow, const Mail& mail);
  ramp::Effects learn(FlowState& flow, const Answer& answer, ramp::Standing standing);
  void count_throttle(FlowState& flow, const Answer& answer, bool as_then);

  [[nodiscard]] bool counts(WallTime time) const { return !since || time >= *since; }
  [[nodiscard]] ramp::Context context(const FlowState& flow) const;
  [[nodiscard]] ramp::Context host_context() const {
    return {active->host_plan(), active->options().constants, now};
  }
  ramp::Subject subject(FlowState& flow);

  std::shared_ptr<const policy::Active> active;
  std::optional<WallTime> since;
  std::size_t mails_max = kMailsMax;
  Suppressed suppressed;

  std::unordered_map<std::uint64_t, std::uint32_t> flow_numbers;
  std::deque<FlowState> flows;
  std::deque<ramp::HostFlow> hosts;  // by provider
  std::deque<ramp::Health> healths;  // by sender
  std::deque<std::string> sender_names;
  std::unordered_map<std::string, std::uint32_t> sender_numbers;
  std::deque<std::map<std::string, std::uint32_t>> pardons;
  std::deque<Mail> mails;
  std::vector<std::uint32_t> free_mails;
  std::unordered_map<std::uint64_t, std::uint32_t> open;  // deferred by the log -> mail
  std::priority_queue<Event, std::vector<Event>, After> events;
  std::uint64_t next_event = 0;
  WallTime now{};     // of the event being handled
  WallTime latest{};  // of the log
  bool over = false;  // the log has ended: nothing is handed over any more
  std::uint64_t passed_over = 0;
};

// --- what is known ---

ramp::Context Replay::Data::context(const FlowState& flow) const {
  ramp::Context context{flow.rule->plan, active->options().constants, now};
  context.provider_known = flow.provider_named;
  context.transactional = flow.rule->transactional;
  return context;
}

ramp::Subject Replay::Data::subject(FlowState& flow) {
  return {flow.flow, hosts[flow.provider], healths[flow.sender], sender_names[flow.sender]};
}

std::optional<std::uint32_t> Replay::Data::find_flow(const Outcome& outcome,
                                                     const Correlator& names) {
  const std::uint64_t key = std::uint64_t{outcome.sender} << 32U | outcome.provider;
  if (const auto known = flow_numbers.find(key); known != flow_numbers.end()) {
    return known->second;
  }
  if (flows.size() >= kFlowsMax) {
    return std::nullopt;
  }
  const ramp::FlowKey name{names.senders().text(outcome.sender),
                           names.providers().text(outcome.provider)};
  FlowState& flow = flows.emplace_back();
  flow.sender = outcome.sender;
  flow.provider = outcome.provider;
  flow.rule = &active->rule_for(name);
  flow.provider_named = active->policy().providers.is_named(name.provider);
  flow.null_sender = name.sender == provider::kNullSender;
  if (hosts.size() <= outcome.provider) {
    hosts.resize(outcome.provider + std::size_t{1});
  }
  if (healths.size() <= outcome.sender) {
    healths.resize(outcome.sender + std::size_t{1});
    sender_names.resize(healths.size());
  }
  sender_names[outcome.sender] = name.sender;
  sender_numbers.emplace(name.sender, outcome.sender);
  const auto number = static_cast<std::uint32_t>(flows.size() - 1);
  flow_numbers.emplace(key, number);
  return number;
}

void Replay::Data::release(std::uint32_t index) {
  Mail& mail = mails[index];
  const bool settled = mail.state == Mail::State::Gone || mail.state == Mail::State::Out;
  if (settled && mail.done && mail.events == 0) {
    mail = Mail{};
    free_mails.push_back(index);
  }
}

// --- from the log ---

void Replay::Data::begin(const Outcome& outcome, std::uint32_t number) {
  if (free_mails.empty() && mails.size() >= mails_max) {
    ++passed_over;
    return;
  }
  const FlowState& flow = flows[number];
  const policy::Options& options = active->options();
  const bool acts = options.suppression_mode == policy::Mode::Enforce &&
                    flow.rule->mode == policy::Mode::Enforce && !flow.null_sender &&
                    options.suppressed != policy::Action::Accept &&
                    options.suppressed != policy::Action::Tag;
  WallTime asked = outcome.arrived == WallTime{} ? outcome.time : outcome.arrived;
  asked = std::min(std::max({asked, outcome.time - kLookBack, now}), outcome.time);
  const Suppressed::Judged judged = suppressed.add(outcome, asked, acts && counts(asked));
  pardon(judged, outcome.time);

  std::uint32_t index = 0;
  if (free_mails.empty()) {
    index = static_cast<std::uint32_t>(mails.size());
    mails.emplace_back();
  } else {
    index = free_mails.back();
    free_mails.pop_back();
  }
  Mail& mail = mails[index];
  mail.asked = asked;
  mail.takes = outcome.time - asked;
  mail.message = outcome.message;
  mail.flow = number;
  mail.answer = {outcome.reported, judged.doubted};
  mail.answer_at = outcome.time;
  mail.suppressed = judged.refused;
  mail.alone = outcome.transaction_recipients == 1;
  if (!outcome.reported.final) {
    open.insert_or_assign(key_of(outcome), index);
  }
  ++mail.events;
  Event event;
  event.at = asked;
  event.index = index;
  schedule(event);
}

void Replay::Data::go_on(const Outcome& outcome, std::uint32_t number) {
  const Suppressed::Judged judged = suppressed.add(outcome, outcome.time, false);
  pardon(judged, outcome.time);
  Event event;
  event.at = std::max(outcome.time, now);
  event.answer = {outcome.reported, judged.doubted};
  event.forgotten = outcome.kind == Outcome::Kind::Forgotten;
  const auto known = open.find(key_of(outcome));
  if (event.forgotten && known == open.end()) {
    return;
  }
  if (outcome.kind != Outcome::Kind::RefusedToTalk && known != open.end()) {
    event.kind = Event::Kind::Later;
    event.index = known->second;
    Mail& mail = mails[event.index];
    ++mail.events;
    if (mail.next_at == WallTime{} && !event.forgotten) {
      mail.next_at = event.at;
      mail.next = event.answer;
    }
    if (outcome.reported.final) {
      open.erase(known);
    }
  } else {
    event.kind = Event::Kind::Aside;
    event.index = number;
    event.charges = outcome.kind == Outcome::Kind::Reply;
  }
  schedule(event);
}

// The answers that it is about have been told by then.
void Replay::Data::pardon(const Suppressed::Judged& judged, WallTime at) {
  for (const suppression::Guards::Turned& turned : judged.turned) {
    if (turned.leapt) {
      Event event;
      event.kind = Event::Kind::Pardon;
      event.at = std::max(now, at) + Micros{1};
      event.index = static_cast<std::uint32_t>(pardons.size());
      pardons.push_back(turned.blamed);
      schedule(event);
    }
  }
}

// --- time passes ---

void Replay::Data::schedule(Event event) {
  event.number = next_event++;
  events.push(event);
}

void Replay::Data::run_until(WallTime time) {
  while (!events.empty() && events.top().at <= time) {
    const Event event = events.top();
    events.pop();
    now = std::max(now, event.at);
    handle(event);
  }
}

void Replay::Data::handle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::Ask:
      --mails[event.index].events;
      ask(event.index);
      release(event.index);
      break;
    case Event::Kind::Tell: {
      Mail& mail = mails[event.index];
      const std::uint32_t flow = mail.flow;
      --mail.events;
      mail.told = true;
      tell(mail, mail.answer);
      release(event.index);
      ask_again(flow);
      break;
    }
    case Event::Kind::Later:
      later(event);
      break;
    case Event::Kind::Aside:
      aside(event);
      break;
    case Event::Kind::Pardon:
      for (const auto& [sender, dead] : pardons[event.index]) {
        if (const auto known = sender_numbers.find(sender); known != sender_numbers.end()) {
          ramp::forgive(healths[known->second], host_context(), dead);
        }
      }
      pardons[event.index].clear();
      break;
    case Event::Kind::Wake: {
      FlowState& flow = flows[event.index];
      if (flow.wake_at == event.at) {
        flow.wake_at = WallTime{};
        ask_again(event.index);
      }
      break;
    }
  }
}

ramp::Admission Replay::Data::admit(FlowState& flow, const Mail& mail) {
  const ramp::Context flow_context = context(flow);
  const bool together = !mail.alone;
  const ramp::Allowance before =
      together ? ramp::allowance(flow.flow, healths[flow.sender], flow_context) : ramp::Allowance{};
  ramp::Admission admission = ramp::admit(subject(flow), flow_context, host_context());
  if (!together) {
    return admission;
  }
  if (admission.admitted) {
    if (before.used_hour == 0 && flow.flow.in_flight == 0) {
      flow.debt = mail.message;
      flow.debt_day_empty = before.used_day == 0;
    }
    return admission;
  }
  using ramp::Reason;
  const Reason why = admission.reason;
  admission.admitted = !admission.host && flow.debt == mail.message &&
                       (why == Reason::Hour || why == Reason::Pace || why == Reason::InFlight ||
                        why == Reason::FirstContact || (why == Reason::Day && flow.debt_day_empty));
  return admission;
}

void Replay::Data::ask(std::uint32_t index) {
  Mail& mail = mails[index];
  FlowState& flow = flows[mail.flow];
  const bool counted = counts(mail.asked);
  flow.asked.add(now);
  flow.result.sent += counted ? 1 : 0;
  if (mail.suppressed) {
    flow.result.suppressed += counted ? 1 : 0;
    mail.state = Mail::State::Gone;
    mail.done = mail.answer.reported.final || mail.forgotten;
    return;
  }
  const policy::FlowRule& rule = *flow.rule;
  if (!counted || rule.exempt || flow.null_sender || rule.mode == policy::Mode::Observe ||
      rule.over == policy::Action::Accept || rule.over == policy::Action::Tag) {
    hand_over(index);
    return;
  }
  const bool rejects = rule.over == policy::Action::Reject || rule.over == policy::Action::Drop;
  if (!flow.line.empty()) {
    put_in_line(index, WallTime{});
    return;
  }
  const ramp::Admission admission = admit(flow, mail);
  if (admission.admitted) {
    hand_over(index);
  } else if (rejects) {
    ++flow.result.refused;
    mail.state = Mail::State::Gone;
    mail.done = mail.answer.reported.final || mail.forgotten;
  } else {
    put_in_line(index, admission.until);
  }
}

void Replay::Data::put_in_line(std::uint32_t index, WallTime until) {
  Mail& mail = mails[index];
  FlowState& flow = flows[mail.flow];
  mail.state = Mail::State::Waiting;
  ++flow.result.held;
  flow.line.push_back(index);
  if (until != WallTime{}) {
    wake(mail.flow, until);
  }
}

void Replay::Data::hand_over(std::uint32_t index) {
  Mail& mail = mails[index];
  FlowState& flow = flows[mail.flow];
  ramp::take(flow.flow, context(flow));
  ramp::take(hosts[flow.provider].flow, host_context());
  flow.went.add(now);
  mail.state = Mail::State::Out;
  mail.standing = ramp::Standing::InFlight;
  mail.told_at = now + mail.takes;
  if (mail.next_at != WallTime{} && mail.next_at - now < now - mail.answer_at) {
    mail.answer = mail.next;
    mail.told_next = mail.next_at;
  }
  ++mail.events;
  Event event;
  event.kind = Event::Kind::Tell;
  event.at = mail.told_at;
  event.index = index;
  schedule(event);
}

ramp::Effects Replay::Data::learn(FlowState& flow, const Answer& answer, ramp::Standing standing) {
  ramp::Reported reported = answer.reported;
  reported.standing = standing;
  // What a provider says of everybody is not the sender's fault.
  if (answer.doubted && ramp::is_sound(healths[flow.sender], host_context(),
                                       suppression::FailureGuard::kSuspectRun)) {
    reported.reply_class = reply::ReplyClass::Policy;
  }
  return ramp::on_report(subject(flow), reported, context(flow), host_context());
}

void Replay::Data::count_throttle(FlowState& flow, const Answer& answer, bool as_then) {
  if (!answer.throttles() || !counts(now)) {
    return;
  }
  ++flow.result.throttled_high;
  if (as_then && flow.went.sum(now) >= flow.asked.sum(now)) {
    ++flow.result.throttled_low;
  }
}

void Replay::Data::tell(Mail& mail, const Answer& answer) {
  FlowState& flow = flows[mail.flow];
  count_throttle(flow, answer, mail.told_at == mail.asked + mail.takes);
  mail.standing = learn(flow, answer, mail.standing).standing;
  mail.done = answer.reported.final;
  if (mail.forgotten) {
    forget(mail);
  }
}

void Replay::Data::forget(Mail& mail) {
  FlowState& flow = flows[mail.flow];
  ramp::forget(flow.flow, hosts[flow.provider],
               std::exchange(mail.standing, ramp::Standing::Neither));
  mail.done = true;
}

void Replay::Data::later(const Event& event) {
  Mail& mail = mails[event.index];
  const std::uint32_t flow = mail.flow;
  --mail.events;
  if (!event.forgotten && mail.next_at == event.at) {
    mail.next_at = WallTime{};
  }
  if (!event.forgotten && mail.told_next == event.at) {
    release(event.index);
    return;
  }
  switch (mail.state) {
    case Mail::State::Due:
    case Mail::State::Waiting:
      mail.forgotten = event.forgotten;
      if (!event.forgotten) {
        mail.answer = event.answer;  // the log's earlier attempts did not take place
        mail.answer_at = event.at;
      }
      return;
    case Mail::State::Gone:
      mail.done = event.answer.reported.final;
      release(event.index);
      return;
    case Mail::State::Out:
      break;
  }
  if (!mail.told) {
    Event again = event;
    again.at = std::max(now, mail.told_at);
    ++mail.events;
    schedule(again);
    return;
  }
  if (event.forgotten) {
    forget(mail);
  } else {
    tell(mail, event.answer);
  }
  release(event.index);
  ask_again(flow);
}

// A host's refusal to talk, or mail whose beginning lies before the log.
void Replay::Data::aside(const Event& event) {
  FlowState& flow = flows[event.index];
  const bool as_then = flow.line.empty();
  count_throttle(flow, event.answer, as_then);
  if (!as_then && !event.charges) {
    return;  // it hardly would have been asked
  }
  if (event.charges) {
    ramp::charge(flow.flow, context(flow));
    ramp::charge(hosts[flow.provider].flow, host_context());
  }
  Answer answer = event.answer;
  answer.reported.final = true;  // nobody follows it
  learn(flow, answer, ramp::Standing::Unadmitted);
  ask_again(event.index);
}

void Replay::Data::ask_again(std::uint32_t number) {
  FlowState& flow = flows[number];
  while (!over && !flow.line.empty()) {
    const std::uint32_t index = flow.line.front();
    const ramp::Admission admission = admit(flow, mails[index]);
    if (!admission.admitted) {
      wake(number, admission.until);
      return;
    }
    flow.line.pop_front();
    const base::Micros waited = now - mails[index].asked;
    flow.result.longest_wait = std::max(flow.result.longest_wait, waited);
    hand_over(index);
  }
}

void Replay::Data::wake(std::uint32_t number, WallTime at) {
  FlowState& flow = flows[number];
  if (flow.wake_at != WallTime{} && flow.wake_at <= at) {
    return;  // asks earlier
  }
  flow.wake_at = at;
  Event event;
  event.kind = Event::Kind::Wake;
  event.at = at;
  event.index = number;
  schedule(event);
}

// --- the door ---

Replay::Replay(std::shared_ptr<const policy::Active> active,
               std::optional<base::WallTime> since,
               std::size_t mails_max)
    : data_(std::make_unique<Data>(std::move(active))) {
  data_->since = since;
  data_->mails_max = mails_max;
}
Replay::~Replay() = default;
Replay::Replay(Replay&&) noexcept = default;
Replay& Replay::operator=(Replay&&) noexcept = default;

void Replay::add(const Outcome& outcome, const Correlator& correlator) {
  Data& data = *data_;
  data.latest = std::max(data.latest, outcome.time);
  data.run_until(data.latest - kLookBack);
  const auto number = data.find_flow(outcome, correlator);
  if (!number) {
    ++data.passed_over;
    return;
  }
  FlowReplay& result = data.flows[*number].result;
  if (Answer{outcome.reported}.throttles() && data.counts(outcome.time)) {
    ++result.throttled_then;
  }
  if (outcome.kind == Outcome::Kind::Reply && outcome.attempts == 1) {
    data.begin(outcome, *number);
  } else {
    data.go_on(outcome, *number);
  }
}

void Replay::finish() {
  Data& data = *data_;
  data.run_until(data.latest);
  data.over = true;
  data.run_until(WallTime::max());
  for (FlowState& flow : data.flows) {
    for (const std::uint32_t index : flow.line) {
      ++flow.result.waiting;
      const base::Micros waited = data.latest - data.mails[index].asked;
      if (waited >= flow.result.longest_wait) {
        flow.result.longest_wait = waited;
        flow.result.longest_goes_on = true;
      }
    }
  }
}

std::vector<Replay::Place> Replay::flows() const {
  std::vector<Place> places;
  for (const FlowState& flow : data_->flows) {
    if (flow.result.sent > 0 || flow.result.throttled_then > 0) {
      places.push_back({flow.sender, flow.provider, flow.result});
    }
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::tie(b.result.sent, a.sender, a.provider) <
           std::tie(a.result.sent, b.sender, b.provider);
  });
  return places;
}

const Suppressed& Replay::suppressed() const noexcept {
  return data_->suppressed;
}

std::uint64_t Replay::passed_over() const noexcept {
  return data_->passed_over;
}

}  // namespace rampart::history
