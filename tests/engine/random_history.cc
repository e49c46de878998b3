#include "random_history.h"

namespace rampart::test {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): tests only

constexpr std::string_view kBlocked =
    "dsn=5.7.1, status=bounced (host mx.google.example[203.0.113.5] said: 554 5.7.1 on our block "
    "list (in reply to RCPT TO command))";
constexpr base::Micros kLeapMax = 36h;  // ahead in all, while mail is queued

}  // namespace

RandomHistory::RandomHistory(std::uint64_t seed, Faults faults)
    : random_(seed), faults_(faults), inner_(store::open_memory()), options_(strict_options()) {
  static constexpr std::uint32_t kStarts[] = {3, 20, 200};
  ramp::Plan& plan = options_.plans["standard"];
  plan.start = kStarts[pick(3)];
  plan.growth = pick(2) == 0 ? 1.4 : 2.0;
  if (pick(4) == 0) {
    plan.schedule = {5, 10, 20, 40, 80};
  }
  if (pick(2) == 0) {
    options_ = without_probing(std::move(options_));
  }
  sources_.push_back({"log", {}, {}});
  if (pick(2) == 0) {
    sources_.push_back({"journal", {}, {}});
  }
  start();
}

void RandomHistory::step() {
  const std::uint64_t pace = pick(20);
  clock_.advance(pace == 0  ? base::Micros{std::chrono::minutes{pick(300)}}
                 : pace < 8 ? base::Micros{std::chrono::seconds{pick(3)}}
                            : base::Micros{std::chrono::seconds{pick(400)}});
  see_feed();
  const std::uint64_t what = pick(1000);
  if (what < 550) {
    send();
  } else if (what < 900) {
    attempt();
  } else if (outage_steps_ > 0) {
    outage_steps_ = 1;
  } else if (what < 920) {
    restart(false);
  } else if (what < 940) {
    restart(true);
  } else if (what < 950) {
    reload();
  } else if (what < 965 && faults_.stalls) {
    sources_[pick(sources_.size())].stalled_until =
        clock_.steady_now() + std::chrono::minutes{pick(8 * 60)};
  } else if (what < 985 && faults_.clock_steps) {
    step_clock();
  } else if (faults_.outages) {
    begin_outage();
  }
  if (outage_steps_ > 0 && --outage_steps_ == 0) {
    end_outage();
  }
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (clock_.steady_now() >= sources_[i].stalled_until) {
      read(i);
    }
  }
  check();
}

void RandomHistory::finish() {
  if (outage_steps_ > 0) {
    outage_steps_ = 0;
    end_outage();
  }
  clock_.advance(1s);
  empty_queue();
  for (const engine::FlowStatus& flow : engine_->status().flows) {
    CAPTURE(flow.key.sender, flow.key.provider);
    REQUIRE(flow.in_flight == 0);
    REQUIRE(flow.deferred_waiting == 0);
    check_takes_mail(flow.key);
  }
}

std::vector<std::string> RandomHistory::states() const {
  std::vector<std::string> all;
  for (const engine::FlowStatus& flow : engine_->status().flows) {
    const ramp::Allowance& a = flow.summary.allowance;
    all.push_back(flow.key.sender + ' ' + flow.key.provider + ' ' + std::to_string(a.used_day) +
                  ' ' + std::to_string(a.day) + ' ' + std::to_string(a.got_day) + ' ' +
                  std::to_string(a.level) + ' ' + std::to_string(a.hour) + ' ' +
                  std::to_string(flow.in_flight) + ' ' + std::to_string(flow.deferred_waiting) +
                  ' ' + base::format_utc(flow.summary.until));
  }
  return all;
}

void RandomHistory::start() {
  store_ = std::make_unique<FaultyStore>(inner_);
  const auto left = store_->load();
  REQUIRE(left.has_value());
  for (const store::FlowRecord& flow : left->flows) {
    if (flow.leased > 0) {
      view_.windows[flow.key].advance(flow.leased_at);  // counted at that time
    }
  }
  auto made = engine::Engine::create(build_policy(options_), *store_, clock_);
  REQUIRE(made.has_value());
  engine_ = std::move(*made);
  // The cursors and what was learned from the lines before them are of the same commit.
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto cursor = engine_->cursor(sources_[i].name);
    REQUIRE((cursor ? cursor->offset : 0) == view_.read[i]);
  }
  see_feed();
}

// A clean stop gives leases back, a kill leaves them counted.
void RandomHistory::restart(bool killed) {
  REQUIRE(engine_->sync(10s).has_value());
  store_->dead = killed;
  engine_.reset();
  start();
}

void RandomHistory::begin_outage() {
  REQUIRE(engine_->sync(10s).has_value());
  options_.store_deadline = 1ms;  // nothing is worth waiting for
  engine_->reload(build_policy(options_));
  store_->fails = true;
  stored_ = view_;
  admitted_since_.clear();
  outage_at_ = clock_.wall_now();
  outage_steps_ = 1 + pick(25);
}

void RandomHistory::end_outage() {
  options_.store_deadline = strict_options().store_deadline;
  if (pick(4) == 0) {
    engine_->reload(build_policy(options_));
    store_->fails = false;
    REQUIRE(engine_->sync(10s).has_value());
    clock_.advance(options_.lease_time + 1s);  // which leases it still got, the threads decide
    see_feed();
    REQUIRE(engine_->sync(10s).has_value());
    return;
  }
  store_->dead = true;
  store_->fails = false;
  engine_.reset();
  view_ = std::move(stored_);
  for (const ramp::FlowKey& flow : admitted_since_) {
    view_.windows[flow].use(outage_at_);  // of a lease, which was counted then
  }
  start();
}

void RandomHistory::reload() {
  options_.constants.hourly_share = pick(2) == 0 ? 0.12 : 0.3;
  options_.constants.pause = std::chrono::minutes{5 + pick(20)};
  engine_->reload(build_policy(options_));
}

void RandomHistory::see_feed() {
  for (const Source& source : sources_) {
    engine_->set_source_status({source.name, true, base::Micros{0}, 0, 0, ""});
  }
  engine_->tick();
}

void RandomHistory::step_clock() {
  static constexpr base::Micros kSteps[] = {1min, 20min, 3h, 23h, 26h};
  const base::Micros by = kSteps[pick(5)] + std::chrono::seconds{pick(600)};
  const bool back = pick(2) == 0;
  if (back && sources_.size() > 1) {
    read_all();  // a line whose time lies ahead is dated now: whether two are one is then unknown
  }
  if (!back && (leapt_ += by) > kLeapMax) {
    empty_queue();  // mail that is queued for five days is forgotten, and no MTA has it
    leapt_ = by;
  }
  const std::vector<engine::FlowStatus> before = engine_->status().flows;
  const base::WallTime was = clock_.wall_now();
  clock_.set_wall(back ? was - by : was + by);
  for (const engine::FlowStatus& flow : before) {
    const auto after = engine_->find_flow(flow.key);
    REQUIRE(after.has_value());
    if (!back) {
      continue;
    }
    CAPTURE(flow.key.sender, flow.key.provider, base::format_duration(by));
    REQUIRE(after->summary.allowance.used_day >= flow.summary.allowance.used_day);
    REQUIRE(after->summary.allowance.got_day >= flow.summary.allowance.got_day);
    if (flow.summary.reason == ramp::Reason::Paused && !flow.summary.host) {
      REQUIRE(after->summary.status == ramp::FlowStatus::Paused);
      // A pause of the host that was over may be named first now.
      if (!after->summary.host) {
        REQUIRE(after->summary.until - clock_.wall_now() >= flow.summary.until - was);
      }
    }
  }
}

void RandomHistory::send() {
  static const char* const kSenders[] = {"a.example", "b.example"};
  static const char* const kProviders[] = {"gmail", "outlook"};
  Message message;
  message.flow = {kSenders[pick(2)], kProviders[pick(2)]};
  message.id = "A" + std::to_string(100000 + ++sent_);
  message.recipient = "u" + std::to_string(sent_) + '@' + message.flow.provider + ".example";
  const auto before = engine_->find_flow(message.flow);
  auto transaction = engine_->begin({"localhost", "192.0.2.9", "", false},
                                    *mail::parse_address("x@" + message.flow.sender));
  const auto verdict = engine_->decide(
      transaction, {*mail::parse_address(message.recipient), message.recipient, "smtp"});
  const bool taken = verdict.answer == engine::Verdict::Answer::Continue;
  WindowsModel& windows = view_.windows[message.flow];
  if (taken || !engine_->find_flow(message.flow)->summary.host) {  // else the flow was not asked
    windows.see(clock_.wall_now());
  }
  if (!taken) {
    engine_->abort(transaction);
    return;
  }
  if (before) {
    check_admission(*before, windows.used_day());
  }
  if (pick(10) == 0) {
    engine_->abort(transaction);
    return;
  }
  engine_->commit(transaction, *mail::parse_queue_id(message.id));
  windows.use(clock_.wall_now());
  admitted_since_.push_back(message.flow);
  view_.messages[message.id] = {Standing::InFlight, true, false, 0, message.flow};
  message.event = clock_.wall_now();
  const std::uint64_t who = pick(4);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (sources_.size() == 1 || who < 2 || who == i + 2) {
      message.told_by.push_back(i);
    }
  }
  write(message, Kind::Active, true);
  queue_.push_back(std::move(message));
}

// What the allowance was at the instant before, and what really was sent, leave room for one more.
void RandomHistory::check_admission(const engine::FlowStatus& before, std::size_t used) const {
  const ramp::Allowance& a = before.summary.allowance;
  REQUIRE(before.summary.status != ramp::FlowStatus::Paused);
  if (a.used_day < a.day) {
    REQUIRE(used < a.day);
    REQUIRE(a.used_hour < a.hour);
    return;
  }
  // Beyond it, by a step of probing that was due.
  const ramp::ProbingFacts& probing = before.explanation->flow.probing;
  REQUIRE(probing.obstacle == ramp::ProbingFacts::Obstacle::None);
  REQUIRE(probing.due <= clock_.wall_now());
  REQUIRE_FALSE(probing.waits_for_report);
  REQUIRE(a.used_day < probing.step_to);
  REQUIRE(used < probing.step_to);
  REQUIRE(probing.step_to <= std::max(2 * a.level, 4 * plan().start));
}

// The MTA tries one recipient. Now and then no line of it reaches any log.
void RandomHistory::attempt() {
  if (queue_.empty()) {
    return;
  }
  const std::size_t which = pick(queue_.size());
  Message& message = queue_[which];
  const std::uint64_t how = pick(100);
  const Kind kind = how < 70   ? Kind::Delivered
                    : how < 80 ? Kind::TooFast
                    : how < 85 ? Kind::Full
                    : how < 88 ? Kind::Dead
                    : how < 89 ? Kind::Blocked
                               : Kind::Removed;
  message.event = clock_.wall_now();
  if (kind != Kind::Removed && pick(20) > 0) {
    ++events_;
    write(message, kind, false);
  }
  if (kind != Kind::TooFast && kind != Kind::Full) {
    clock_.advance(1ms);
    write(message, Kind::Removed, true);
    queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(which));
  }
  clock_.advance(3s);  // a queue asks again later, not within the same second
}

// Into the logs. @param everywhere  of two sources that tell of the message, none misses it
void RandomHistory::write(const Message& message, Kind kind, bool everywhere) {
  const bool gmail = message.flow.provider == "gmail";
  const auto report = [&](std::string_view end) {
    return Bench::delivery(message.id, message.recipient,
                           gmail ? "mx.google.example" : "mx.outlook-mx.example", end);
  };
  const std::string body = kind == Kind::Active    ? active(message.id, "x@" + message.flow.sender)
                           : kind == Kind::Removed ? "postfix/qmgr[1]: " + message.id + ": removed"
                           : kind == Kind::Delivered ? report(kSent)
                           : kind == Kind::TooFast   ? report(kTooFast)
                           : kind == Kind::Full      ? report(kFull)
                           : kind == Kind::Dead      ? report(kUnknownUser)
                                                     : report(kBlocked);
  const std::string text = base::format_utc(message.event) + " mta1 " + body;
  const std::size_t missed =
      !everywhere && message.told_by.size() > 1 && pick(8) == 0 ? pick(2) : sources_.size();
  for (const std::size_t source : message.told_by) {
    if (source != missed) {
      sources_[source].lines.push_back({kind, events_, text, message.id, message.flow});
    }
  }
}

// In one batch or in several.
void RandomHistory::read(std::size_t number) {
  Source& source = sources_[number];
  while (view_.read[number] < source.lines.size()) {
    const std::size_t left = source.lines.size() - view_.read[number];
    const std::size_t take = pick(2) == 0 ? left : 1 + pick(left);
    report::StampReader stamps({}, clock_.wall_now());
    std::vector<report::LogLine> batch;
    for (std::size_t i = 0; i < take; ++i) {
      const Line& line = source.lines[view_.read[number]++];
      batch.push_back(report::parse_line(line.text, stamps));
      learn(number, line, batch.back().time);
    }
    store::CursorRecord cursor;
    cursor.source = source.name;
    cursor.offset = view_.read[number];
    engine_->learn(batch, cursor);
  }
}

void RandomHistory::read_all() {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    sources_[i].stalled_until = {};
    read(i);
  }
}

// What the line must teach. It counts if the milter saw the message, or if the same source said
// that it is being delivered; and once.
void RandomHistory::learn(std::size_t source, const Line& line, base::WallTime at) {
  if (line.kind == Kind::Active) {
    Known& known = view_.messages[line.id];
    if (!known.told) {
      known.told = true;
      known.source = source;
    }
    known.flow = line.flow;
    return;
  }
  const auto found = view_.messages.find(line.id);
  if (found == view_.messages.end()) {
    return;
  }
  if (line.kind == Kind::Removed) {
    view_.messages.erase(found);
    return;
  }
  Known& known = found->second;
  const bool counts = known.admitted || (known.told && known.source == source);
  if (!counts || !view_.events.insert(line.event).second) {
    return;
  }
  WindowsModel& windows = view_.windows[line.flow];
  windows.bring_back(clock_.wall_now());
  windows.advance(at);
  if (known.standing == Standing::Unadmitted) {
    windows.use(at);
  }
  if (line.kind == Kind::Delivered) {
    windows.deliver(at);
  }
  known.standing = line.kind == Kind::TooFast ? Standing::Deferred : Standing::Neither;
}

void RandomHistory::empty_queue() {
  see_feed();
  read_all();
  while (!queue_.empty()) {
    Message& message = queue_.back();
    clock_.advance(2s);
    message.event = clock_.wall_now();
    ++events_;
    write(message, Kind::Delivered, true);
    write(message, Kind::Removed, true);
    queue_.pop_back();
  }
  read_all();
  check();
}

void RandomHistory::check() const {
  for (const engine::FlowStatus& flow : engine_->status().flows) {
    CAPTURE(flow.key.sender, flow.key.provider);
    check_flow(flow);
  }
}

void RandomHistory::check_flow(const engine::FlowStatus& flow) const {
  const base::WallTime now = clock_.wall_now();
  const ramp::Summary& summary = flow.summary;
  const ramp::Allowance& a = summary.allowance;
  // The bound of a day: twice the level, or what a new flow may try, or the next rung.
  if (plan().schedule.empty()) {
    REQUIRE(a.day <= std::max(2 * a.level, 4 * plan().start));
    const bool probes = options_.constants.probe_every < 24h;
    REQUIRE((probes || a.limited || a.day <= std::max(2 * a.level, plan().start)));
  } else {
    std::uint32_t rung = plan().schedule.front();
    for (std::size_t i = 1; i < plan().schedule.size(); ++i) {
      rung = 5 * a.level >= 4 * plan().schedule[i - 1] ? plan().schedule[i] : rung;
    }
    REQUIRE(a.day <= rung);
  }
  // What was admitted and delivered is counted, that once, and nothing else is a level.
  WindowsModel windows;
  if (const auto known = view_.windows.find(flow.key); known != view_.windows.end()) {
    windows = known->second;
  }
  windows.see(now);
  REQUIRE(a.used_day >= windows.used_day());
  REQUIRE(a.got_day == windows.got_day());
  REQUIRE(a.level <= windows.most_got());
  const auto in = [&](Standing standing) {
    return std::count_if(view_.messages.begin(), view_.messages.end(), [&](const auto& one) {
      return one.second.flow == flow.key && one.second.standing == standing;
    });
  };
  REQUIRE(flow.in_flight == in(Standing::InFlight));
  REQUIRE(flow.deferred_waiting == in(Standing::Deferred));
  if (summary.status != ramp::FlowStatus::Open) {
    REQUIRE(summary.until >= now);
    REQUIRE(summary.until <= now + options_.constants.stop_max);
  }
}

// No more reports: it takes mail at the latest when stops, pauses and the day are over.
void RandomHistory::check_takes_mail(const ramp::FlowKey& flow) {
  const base::WallTime began = clock_.wall_now();
  bool taken = false;
  for (int asked = 0; asked < 300 && !taken; ++asked) {
    auto transaction = engine_->begin({"localhost", "192.0.2.9", "", false},
                                      *mail::parse_address("x@" + flow.sender));
    const std::string recipient = "late@" + flow.provider + ".example";
    const auto verdict =
        engine_->decide(transaction, {*mail::parse_address(recipient), recipient, "smtp"});
    taken = verdict.answer == engine::Verdict::Answer::Continue;
    engine_->abort(transaction);
    if (!taken) {
      const auto status = engine_->find_flow(flow);
      REQUIRE(status.has_value());
      const bool open = status->summary.status == ramp::FlowStatus::Open;
      const base::Micros wait = status->summary.until - clock_.wall_now();
      clock_.advance(open ? base::Micros{1min} : std::max(wait, base::Micros{1min}));
      see_feed();
    }
  }
  REQUIRE(taken);
  REQUIRE(clock_.wall_now() <= began + options_.constants.stop_max + 24h);
}

}  // namespace rampart::test
