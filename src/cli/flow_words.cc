#include "flow_words.h"

#include <utility>

#include <fmt/format.h>

#include "flow_facts.h"
#include "status.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

using base::WallTime;
using control::known;
using ramp::Reason;
using Cause = ramp::PauseFacts::Cause;
using Obstacle = ramp::ProbingFacts::Obstacle;

// What is asked about: the flow, and whoever of flow and host flow takes nothing.
struct Scene {
  const engine::FlowStatus& flow;
  const ramp::Explanation& all;
  const ramp::FlowFacts& facts;  ///< of the one that takes nothing
  bool host = false;
  WallTime now{};

  [[nodiscard]] std::string when(WallTime time) const { return moment(time, now); }
  /// Of a time that may not be known: now.
  [[nodiscard]] std::string clock(WallTime time) const {
    return local_clock(known(time).value_or(now), now);
  }
  [[nodiscard]] std::string resume() const {
    return "rampart flow resume " + flow.key.sender + ' ' + flow.key.provider;
  }
  [[nodiscard]] std::string_view whole() const { return host ? " of this whole host" : ""; }
};

// What one scene comes down to.
struct Story {
  std::string why;
  std::string next;
  std::string act;  ///< what a person can do; "" for nothing
};

std::string again(const Scene& scene) {
  const ramp::PauseFacts& pause = scene.facts.pause;
  return pause.cause == Cause::Block
             ? "another block pauses for " + base::format_duration(pause.next_block)
             : "\"too fast\" again pauses for " + base::format_duration(pause.next_too_fast);
}

// What follows when a pause is over.
std::string after_pause(const Scene& scene) {
  if (!scene.all.feed_healthy) {
    return "then mail goes within its limits, without a test: the log is not read";
  }
  const auto until = known(scene.flow.summary.until);
  if (scene.facts.deferred > 0 && until && scene.facts.waits_until > *until) {
    return fmt::format(
        "then the MTA's queue asks first: new mail waits for its {} until {} at most, then goes "
        "one message at a time until one is delivered",
        count_of(scene.facts.deferred, "deferred recipient"),
        local_clock(scene.facts.waits_until, scene.now));
  }
  return "then one message as a test, one at a time until one is delivered";
}

Story tell_stopped(const Scene& scene) {
  const std::string bound = percent(scene.all.stop_share);
  const std::uint64_t n = rounded(scene.all.recipients);
  const std::uint64_t dead = rounded(scene.all.dead);
  Story story;
  story.why =
      n == 0 ? fmt::format("too many recipients of this sender do not exist (more than {})", bound)
             : fmt::format(
                   "{} of the last {} of this sender do not exist ({}, more than "
                   "{} stops it at all providers), told at {}",
                   grouped(dead), count_of(n, "recipient"), share(dead, n), bound,
                   scene.clock(scene.all.stop_since));
  story.next =
      fmt::format("nothing to any provider until {}, then as before; the next stop would last {}",
                  scene.when(scene.all.stop_until), base::format_duration(scene.all.next_stop));
  story.act = "clean the list; at once, for all flows of this sender: " + scene.resume();
  return story;
}

Story tell_paused_by_person(const Scene& scene) {
  const WallTime until = scene.facts.pause.until;
  Story story;
  story.why = "a person paused it";
  story.next = is_for_ever(until, scene.now) ? "nothing until a person resumes it"
                                             : "nothing until " + scene.when(until);
  story.act = "at once: " + scene.resume();
  return story;
}

Story tell_paused(const Scene& scene) {
  const ramp::PauseFacts& pause = scene.facts.pause;
  if (pause.cause == Cause::Person) {
    return tell_paused_by_person(scene);
  }
  Story story;
  story.act = "wait; or at once: " + scene.resume();
  const bool since = known(pause.since).has_value();
  const std::string paused = since ? "; paused since " + scene.clock(pause.since) : std::string{};
  if (pause.cause == Cause::Block) {
    story.why = "the provider blocked mail, last told at " + scene.clock(pause.last_block) + paused;
    story.act = "find the cause (rampart explain REPLY); wait; or at once: " + scene.resume();
  } else {
    story.why =
        "the provider said \"too fast\", last at " + scene.clock(pause.last_deferral) + paused;
    if (since && known(pause.last_block) && pause.last_block >= pause.since) {
      story.why += "; it blocked mail too, at " + scene.clock(pause.last_block);
    }
  }
  story.next = fmt::format("nothing new until {}, {}; {}", scene.when(pause.until),
                           after_pause(scene), again(scene));
  if (pause.cause == Cause::Block && scene.facts.limit > 0) {
    story.next +=
        fmt::format("; at most {} in 24 hours until {}", grouped(scene.facts.allowance.day),
                    scene.clock(scene.facts.limit_until));
  }
  return story;
}

Story tell_host_paused(const Scene& scene) {
  const std::vector<std::string>& names = scene.all.suffering;
  Story story = tell_paused(scene);
  story.why = fmt::format("this host is paused at this provider: {} of {} suffer{}; {}",
                          names.size(), count_of(scene.all.senders_heard, "sender"),
                          names.empty() ? "" : ": " + joined(names), story.why);
  story.act = "wait: a pause of the whole host ends by itself";
  return story;
}

Story tell_one_at_a_time(const Scene& scene) {
  const std::uint32_t in_flight = scene.facts.in_flight;
  const auto ended = known(scene.facts.pause.until);
  const std::string what = scene.host ? "this host's mail" : "mail";
  Story story;
  story.why = fmt::format("nothing was delivered since the pause{}: {} goes one at a time",
                          ended ? " that ended at " + local_clock(*ended, scene.now) : "", what);
  story.next = (in_flight == 0 ? "one message may go now, as a test; "
                               : fmt::format("{} under way as a test; ",
                                             in_flight == 1 ? "one message is"
                                                            : grouped(in_flight) + " are")) +
               "a delivery ends this, " + again(scene);
  return story;
}

Story tell_waiting(const Scene& scene) {
  const std::uint32_t deferred = scene.facts.deferred;
  Story story;
  story.why = fmt::format(
      "{} that the provider deferred as \"too fast\" {} in the MTA's queue, "
      "whose own retry asks first",
      count_of(deferred, "recipient"), deferred == 1 ? "waits" : "wait");
  story.next = fmt::format(
      "new mail goes when {} through; at {} {} all the same", deferred == 1 ? "it is" : "they are",
      scene.when(scene.facts.waits_until), scene.facts.careful ? "one message may ask" : "it goes");
  story.act = "postqueue -p shows them; or at once: " + scene.resume();
  return story;
}

// When the next step of probing comes, and after what.
std::string tell_step(const Scene& scene) {
  const ramp::ProbingFacts& probing = scene.facts.probing;
  if (!known(probing.due)) {
    return {};
  }
  const std::string from = probing.due > scene.now    ? "from " + scene.when(probing.due)
                           : probing.waits_for_report ? "when the mail under way is reported"
                                                      : "now";
  const ramp::PauseFacts& pause = scene.facts.pause;
  const auto since =
      known(probing.obstacle == Obstacle::Block ? pause.last_block : pause.last_deferral);
  const std::string why = probing.obstacle == Obstacle::None || !since
                              ? ""
                              : fmt::format(" after the {} at {}", to_string(probing.obstacle),
                                            local_clock(*since, scene.now));
  return fmt::format("probing {}{}: {} in 24 hours, then more every {}, up to {}", from, why,
                     grouped(probing.step_to), base::format_duration(probing.every),
                     grouped(probing.bound));
}

std::string tell_probing(const Scene& scene) {
  switch (scene.facts.probing.obstacle) {
    case Obstacle::Schedule:
      return "no probing: a schedule's rung is never exceeded";
    case Obstacle::Limit:
      return "no probing under a learned limit, which ends at " +
             scene.when(scene.facts.limit_until);
    case Obstacle::Bound:
      return "no probing: it has come to its bound of " + grouped(scene.facts.probing.bound);
    case Obstacle::Feed:
      return "no probing: the log is not read";
    default:
      return tell_step(scene);
  }
}

Story tell_day(const Scene& scene) {
  const ramp::FlowFacts& facts = scene.facts;
  Story story;
  story.why = fmt::format("the day's allowance{} is used: {} of {} in 24 hours", scene.whole(),
                          grouped(facts.allowance.used_day), grouped(facts.allowance.day));
  const std::string probing = tell_probing(scene);
  const bool frees = known(facts.frees_at).has_value();
  const std::string more = frees ? fmt::format("{} more at {} as the oldest hour leaves the window",
                                               grouped(facts.frees), scene.when(facts.frees_at))
                                 : std::string{};
  const auto due = known(facts.probing.due);
  story.next =
      due && (!frees || *due < facts.frees_at) ? either(probing, more) : either(more, probing);
  return story;
}

Story tell_hour(const Scene& scene) {
  const ramp::Allowance& allowance = scene.facts.allowance;
  Story story;
  story.why =
      scene.flow.summary.reason == Reason::Hour
          ? fmt::format("this hour's part of the allowance{} is used: {} of {}", scene.whole(),
                        grouped(allowance.used_hour), grouped(allowance.hour))
          : fmt::format("mail{} is spaced evenly: {} an hour, one every {}", scene.whole(),
                        grouped(allowance.hour), interval(scene.facts.interval));
  story.next = "the next recipient may go at " + scene.when(scene.flow.summary.until);
  return story;
}

Story tell_in_flight(const Scene& scene) {
  const std::uint32_t in_flight = scene.facts.in_flight;
  Story story;
  story.why = fmt::format("{} of {}{} {} whose fate is not known yet", grouped(in_flight),
                          grouped(scene.facts.allowance.flight), scene.whole(),
                          in_flight == 1 ? "is under way" : "are under way");
  if (scene.facts.allowance.new_ground) {
    story.why += fmt::format(
        "; this is more in 24 hours than was ever delivered ({}), so it goes "
        "slowly",
        grouped(scene.facts.allowance.level));
  }
  story.next = "the next goes as soon as the log tells what became of one";
  return story;
}

Story tell_first_contact(const Scene& scene) {
  return {fmt::format("nobody knows yet which provider runs this domain's mail: {} until the first "
                      "answer",
                      count_of(scene.all.first_contact, "recipient")),
          fmt::format("{} under way; the first answer opens the flow",
                      count_of(scene.facts.in_flight, "recipient")),
          {}};
}

Story tell_limited(const Scene& scene) {
  return {"a learned limit is in force; mail goes within it",
          fmt::format("{} more in these 24 hours; the limit ends at {}",
                      grouped(left_of(scene.facts.allowance)), scene.when(scene.facts.limit_until)),
          {}};
}

Story tell_open(const Scene& scene) {
  if (scene.facts.allowance.day == ramp::kUnlimited) {
    return {"nothing stands in the way", "mail goes as it comes", {}};
  }
  if (left_of(scene.facts.allowance) == 0) {  // one step of probing is open
    Story story = tell_day(scene);
    story.next = tell_probing(scene);
    return story;
  }
  return {"nothing stands in the way",
          fmt::format("mail goes as it comes: {} more in these 24 hours",
                      grouped(left_of(scene.facts.allowance))),
          {}};
}

Story tell(const Scene& scene) {
  switch (scene.flow.summary.reason) {
    case Reason::Stopped:
      return tell_stopped(scene);
    case Reason::Paused:
      return tell_paused(scene);
    case Reason::HostPaused:
      return tell_host_paused(scene);
    case Reason::OneAtATime:
      return tell_one_at_a_time(scene);
    case Reason::WaitingForDeferred:
      return tell_waiting(scene);
    case Reason::Day:
      return tell_day(scene);
    case Reason::Hour:
    case Reason::Pace:
      return tell_hour(scene);
    case Reason::InFlight:
      return tell_in_flight(scene);
    case Reason::FirstContact:
      return tell_first_contact(scene);
    case Reason::Limited:
      return tell_limited(scene);
    case Reason::None:
    case Reason::BehindHeld:
      break;
  }
  return tell_open(scene);
}

// Mail goes in spite of what `story` says.
void tell_unbound(const engine::FlowStatus& flow, Story& story) {
  const char* why = flow.exempt               ? "the flow is exempt"
                    : flow.observe            ? "the flow is only observed"
                    : flow.action == "accept" ? "over is \"accept\""
                    : flow.action == "tag"    ? "over is \"tag\""
                                              : nullptr;
  if (why != nullptr && flow.summary.status != ramp::FlowStatus::Open) {
    story.next = fmt::format("mail goes all the same: {}; else: {}", why, story.next);
  }
}

}  // namespace

std::vector<FlowRow> explain_flow(const control::FlowAnswer& answer) {
  const engine::FlowStatus& flow = answer.flow;
  const ramp::Explanation all = flow.explanation.value_or(ramp::Explanation{});
  const bool host = all.summary.host || flow.summary.reason == Reason::HostPaused;
  const Scene scene{flow, all, host ? all.host : all.flow, host, answer.now};
  Story story = tell(scene);
  tell_unbound(flow, story);
  std::vector<FlowRow> rows{{"state", state_in_words(flow, scene.now)}, {"why", story.why}};
  if (!flow.last_reply.empty()) {
    rows.push_back({"reply", flow.last_reply + "   rule " + flow.last_rule});
  }
  rows.push_back({"next", std::move(story.next)});
  rows.push_back({"do", std::move(story.act)});
  for (FlowRow& row : fact_rows(flow, all, scene.now)) {
    rows.push_back(std::move(row));
  }
  std::erase_if(rows, [](const FlowRow& row) { return row.text.empty(); });
  return rows;
}

}  // namespace rampart::cli
