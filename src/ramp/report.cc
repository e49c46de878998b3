#include <algorithm>
#include <utility>

#include "rampart/ramp/flow.h"

#include "window.h"

namespace rampart::ramp {
namespace {

using base::Micros;
using base::WallTime;
using reply::FlowEffect;

// What a reply is to the control.
struct Reading {
  FlowEffect meaning = FlowEffect::None;
  bool guessed = false;
};

Reading read_unexplained(Flow& flow, const Reported& reported, const Constants& constants) {
  if (reported.permanent && reported.stage == mail::Stage::Rcpt) {
    return {FlowEffect::Bounce, false};
  }
  if (reported.standing != Standing::InFlight) {
    return {FlowEffect::None, true};
  }
  add(flow.unknown, 1);
  if (flow.unknown < constants.unknown_run) {
    return {FlowEffect::None, true};
  }
  return {reported.permanent ? FlowEffect::Block : FlowEffect::RateLimited, true};
}

Reading read(Flow& flow, const Reported& reported, const Constants& constants) {
  const FlowEffect effect = reply::flow_effect(reported.reply_class, reported.scope);
  return effect == FlowEffect::Unexplained ? read_unexplained(flow, reported, constants)
                                           : Reading{effect, false};
}

void lift(WallTime& time, WallTime to) noexcept {
  time = std::max(time, to);
}

// Every reply ends `in flight`; every reply but another rate_limited ends `deferred`.
Standing keep_books(const Subject& subject,
                    const Reported& reported,
                    Reading reading,
                    WallTime now) {
  Flow& flow = subject.flow;
  const bool waits = reading.meaning == FlowEffect::RateLimited && !reported.final;
  Standing after = Standing::Neither;
  if (reported.standing == Standing::InFlight) {
    subtract(flow.in_flight, 1);
    subtract(subject.host.flow.in_flight, 1);
  } else if (reported.standing == Standing::Deferred) {
    if (waits) {
      after = Standing::Deferred;
    } else {
      subtract(flow.deferred, 1);
    }
  }
  if (waits && !reading.guessed && reported.standing != Standing::Deferred) {
    after = Standing::Deferred;
    if (flow.deferred == 0) {
      flow.deferred_at = now;
    }
    add(flow.deferred, 1);
  }
  return after;
}

// A queue retries a recipient that a 4xx calls unknown again and again: it counts once.
bool counts_for_health(FlowEffect meaning, const Reported& reported) noexcept {
  if (meaning == FlowEffect::Delivered) {
    return true;
  }
  return meaning == FlowEffect::Bounce &&
         (reported.permanent || reported.final || reported.standing == Standing::InFlight ||
          reported.standing == Standing::Unadmitted);
}

bool learn_health(Health& health, bool bounce, const Context& context) {
  const Constants& constants = context.constants;
  health.n += 1;
  health.bad += bounce ? 1 : 0;
  if (health.n > constants.health_window) {
    health.n /= 2;
    health.bad /= 2;
  }
  if (context.now < health.stop_until || health.bad < constants.stop_min ||
      health.bad <= constants.stop_share * health.n) {
    return false;
  }
  health.stop_len = health.stop_len == Micros{0}
                        ? constants.stop_pause
                        : std::min(constants.stop_max, 2 * health.stop_len);
  health.stop_until = context.now + health.stop_len;
  health.stop_n = std::exchange(health.n, 0);
  health.stop_bad = std::exchange(health.bad, 0);
  return true;
}

bool pause(Flow& flow, const Context& context) {
  if (context.now < flow.pause_until) {
    return false;
  }
  const Constants& constants = context.constants;
  flow.pause_len = flow.pause_len == Micros{0} ? std::min(constants.max_pause, constants.pause)
                                               : std::min(constants.max_pause, 2 * flow.pause_len);
  flow.pause_until = context.now + flow.pause_len;
  flow.paused_by_block = false;
  flow.careful = true;
  return true;
}

bool pause_for_block(Flow& flow, const Context& context) {
  if (context.now < flow.pause_until) {
    return false;
  }
  const Constants& constants = context.constants;
  flow.block_len = flow.block_len == Micros{0}
                       ? std::min(constants.block_max, constants.block_pause)
                       : std::min(constants.block_max, 2 * flow.block_len);
  flow.pause_until = context.now + flow.block_len;
  flow.paused_by_block = true;
  flow.careful = true;
  return true;
}

void on_delivered(Flow& flow, const Reported& reported, const Context& context) {
  if (reported.volume_counts) {
    book_got(flow, context);
  }
  flow.unknown = 0;
  flow.run = false;
  if (context.now >= flow.pause_until) {
    flow.pause_len = Micros{0};
    flow.careful = false;
    flow.block_len =
        flow.block_len > context.constants.block_pause ? flow.block_len / 2 : Micros{0};
  }
}

// What "too fast" teaches. @return whether a limit was learned
bool learn_deferral(Flow& flow, const Context& context) {
  const Constants& constants = context.constants;
  lift(flow.last_deferral, context.now);
  if (context.now > flow.deferred_at + constants.wait_deferred) {
    flow.deferred_at = context.now;
  }
  flow.extra = 0;
  if (!flow.run) {
    flow.run = true;
    flow.run_at = context.now;
    flow.run_got = sum_got_day(flow);
    flow.run_learned = false;
    return false;
  }
  if (flow.run_learned || context.now < flow.run_at + constants.limit_after) {
    return false;
  }
  flow.run_learned = true;
  flow.limit = std::max(1U, flow.run_got);
  flow.limit_by_block = false;
  lift(flow.limit_at, context.now);
  return true;
}

// What a block teaches. @return whether a limit was learned
bool learn_block(Flow& flow, const Context& context) {
  const Constants& constants = context.constants;
  const bool first =
      flow.last_block == WallTime{} || context.now > flow.last_block + constants.hour;
  if (first) {
    flow.limit = std::max(1U, static_cast<std::uint32_t>(std::min<double>(
                                  kCountMax, constants.block_cut * sum_got_day(flow))));
    flow.limit_by_block = true;
    lift(flow.limit_at, context.now);
    flow.extra = 0;
  }
  lift(flow.last_block, context.now);
  return first;
}

HostFlow::Suffering& entry_of(HostFlow& host, std::string_view sender) {
  for (auto& entry : host.senders) {
    if (entry.sender == sender) {
      return entry;
    }
  }
  if (host.senders.size() >= kSufferingMax) {
    const auto last = [](const HostFlow::Suffering& entry) {
      return std::max(entry.last_bad, entry.last_ok);
    };
    host.senders.erase(
        std::min_element(host.senders.begin(), host.senders.end(),
                         [&](const auto& a, const auto& b) { return last(a) < last(b); }));
  }
  host.senders.push_back({std::string(sender), {}, {}});
  return host.senders.back();
}

// Notes who was served how. @return whether several senders suffer at this provider
bool note_suffering(HostFlow& host, std::string_view sender, bool suffers, const Context& context) {
  const WallTime oldest = context.now - context.constants.hour;
  std::erase_if(host.senders, [&](const HostFlow::Suffering& entry) {
    return std::max(entry.last_bad, entry.last_ok) < oldest;
  });
  auto& mine = entry_of(host, sender);
  lift(suffers ? mine.last_bad : mine.last_ok, context.now);
  const auto bad = std::count_if(host.senders.begin(), host.senders.end(),
                                 [](const auto& entry) { return entry.last_bad > entry.last_ok; });
  return bad >= static_cast<std::ptrdiff_t>(context.constants.host_senders) &&
         static_cast<double>(bad) >=
             context.constants.host_share * static_cast<double>(host.senders.size());
}

void on_slowed(const Subject& subject,
               FlowEffect meaning,
               const Context& context,
               const Context& host_context,
               Effects& effects) {
  Flow& host = subject.host.flow;
  const bool several = note_suffering(subject.host, subject.sender, true, host_context);
  book_harm(subject.flow, context);
  book_harm(host, host_context);
  if (meaning == FlowEffect::RateLimited) {
    effects.limit_learned = learn_deferral(subject.flow, context);
    effects.flow_paused = pause(subject.flow, context);
    if (several) {
      learn_deferral(host, host_context);
      effects.host_paused = pause(host, host_context);
    }
    return;
  }
  effects.flow_paused = pause_for_block(subject.flow, context);
  effects.limit_learned = learn_block(subject.flow, context);
  if (several) {
    effects.host_paused = pause_for_block(host, host_context);
    learn_block(host, host_context);
  }
}

}  // namespace

Effects on_report(const Subject& subject,
                  const Reported& reported,
                  const Context& context,
                  const Context& host_context) {
  advance(subject.flow, context);
  advance(subject.host.flow, host_context);
  Effects effects;
  const Reading reading = read(subject.flow, reported, context.constants);
  effects.standing = keep_books(subject, reported, reading, context.now);
  if (counts_for_health(reading.meaning, reported)) {
    effects.sender_stopped =
        learn_health(subject.health, reading.meaning == FlowEffect::Bounce, context);
  }
  if (reading.meaning == FlowEffect::Delivered) {
    note_suffering(subject.host, subject.sender, false, host_context);
    on_delivered(subject.flow, reported, context);
    on_delivered(subject.host.flow, reported, host_context);
  } else if (reading.meaning == FlowEffect::RateLimited || reading.meaning == FlowEffect::Block) {
    on_slowed(subject, reading.meaning, context, host_context, effects);
  }
  for (Flow* flow : {&subject.flow, &subject.host.flow}) {
    lift(flow->touched, context.now);
    lift(flow->reported_at, context.now);
  }
  return effects;
}

bool is_sound(const Health& health, const Context& context, std::uint32_t run) {
  constexpr double kEnough = 30;
  const double n = health.n - run;
  return n >= kEnough && health.bad - run <= context.constants.bounce_share * n;
}

void forgive(Health& health, const Context& context, std::uint32_t dead) {
  if (!is_sound(health, context, dead)) {
    return;
  }
  health.n = std::max(0.0, health.n - dead);
  health.bad = std::max(0.0, health.bad - dead);
  health.stop_until = WallTime{};
  health.stop_len = Micros{0};
  health.stop_n = health.stop_bad = 0;
}

void retract(Flow& flow, const Context& context) {
  unbook_got(flow, context);
}

void forget(Flow& flow, HostFlow& host, Standing standing) {
  if (standing == Standing::InFlight) {
    subtract(flow.in_flight, 1);
    subtract(host.flow.in_flight, 1);
  } else if (standing == Standing::Deferred) {
    subtract(flow.deferred, 1);
  }
}

}  // namespace rampart::ramp
