#include "flow_words.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "rampart/base/time.h"

#include "flow_facts.h"
#include "status.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

using base::WallTime;

// What is asked about: the flow, and whoever of flow and host flow takes nothing.
struct Scene {
  const Json& flow;
  const Json& explanation;
  const Json& facts;  ///< of the one that takes nothing
  bool host = false;
  WallTime now{};

  [[nodiscard]] std::string when(const Json& json, const char* key) const {
    return moment(time_of(json, key), now);
  }
  [[nodiscard]] std::string name() const {
    return text_of(flow, "sender") + ' ' + text_of(flow, "provider");
  }
  [[nodiscard]] std::string resume() const { return "rampart flow resume " + name(); }
  [[nodiscard]] std::string_view whole() const { return host ? " of this whole host" : ""; }
  [[nodiscard]] bool hears() const { return flag_of(explanation, "feed_healthy"); }
};

// What one scene comes down to.
struct Story {
  std::string why;
  std::string next;
  std::string act;  ///< what a person can do; "" for nothing
};

std::string again(const Scene& scene) {
  const Json& pause = part(scene.facts, "pause");
  return text_of(pause, "cause") == "block"
             ? "another block pauses for " + length(pause, "next_block_seconds")
             : "\"too fast\" again pauses for " + length(pause, "next_too_fast_seconds");
}

// What follows when a pause is over.
std::string after_pause(const Scene& scene) {
  if (!scene.hears()) {
    return "then mail goes within its limits, without a test: the log is not read";
  }
  const std::uint64_t deferred = number_of(scene.facts, "deferred");
  const auto waits = time_of(scene.facts, "waits_until");
  const auto until = time_of(scene.flow, "until");
  if (deferred > 0 && waits && until && *waits > *until) {
    return fmt::format(
        "then the MTA's queue asks first: new mail waits for its {} until {} at most, then goes "
        "one message at a time until one is delivered",
        count_of(deferred, "deferred recipient"), local_clock(*waits, scene.now));
  }
  return "then one message as a test, one at a time until one is delivered";
}

Story tell_stopped(const Scene& scene) {
  const Json& all = scene.explanation;
  const std::string bound = percent(fraction_of(all, "stop_share"));
  const std::uint64_t n = number_of(all, "recipients");
  Story story;
  story.why =
      n == 0 ? fmt::format("too many recipients of this sender do not exist (more than {})", bound)
             : fmt::format(
                   "{} of the last {} of this sender do not exist ({}, more than "
                   "{} stops it at all providers), told at {}",
                   grouped(number_of(all, "dead")), count_of(n, "recipient"),
                   share(number_of(all, "dead"), n), bound,
                   local_clock(time_of(all, "stop_since").value_or(scene.now), scene.now));
  story.next =
      fmt::format("nothing to any provider until {}, then as before; the next stop would last {}",
                  scene.when(all, "stop_until"), length(all, "next_stop_seconds"));
  story.act = "clean the list; at once, for all flows of this sender: " + scene.resume();
  return story;
}

Story tell_paused(const Scene& scene) {
  const Json& pause = part(scene.facts, "pause");
  const std::string cause = text_of(pause, "cause");
  Story story;
  story.act = "wait; or at once: " + scene.resume();
  if (cause == "person") {
    story.why = "a person paused it";
    const auto until = time_of(pause, "until");
    const bool for_ever = !until || *until > scene.now + std::chrono::hours{24 * 365 * 5};
    story.next = for_ever ? "nothing until a person resumes it"
                          : "nothing until " + scene.when(pause, "until");
    story.act = "at once: " + scene.resume();
    return story;
  }
  const auto since = time_of(pause, "since");
  const std::string paused =
      since ? "; paused since " + local_clock(*since, scene.now) : std::string{};
  const auto blocked = time_of(pause, "last_block");
  if (cause == "block") {
    story.why = "the provider blocked mail, last told at " +
                local_clock(blocked.value_or(scene.now), scene.now) + paused;
    story.act = "find the cause (rampart explain REPLY); wait; or at once: " + scene.resume();
  } else {
    story.why = "the provider said \"too fast\", last at " +
                local_clock(time_of(pause, "last_deferral").value_or(scene.now), scene.now) +
                paused;
    if (blocked && since && *blocked >= *since) {
      story.why += "; it blocked mail too, at " + local_clock(*blocked, scene.now);
    }
  }
  story.next = fmt::format("nothing new until {}, {}; {}", scene.when(pause, "until"),
                           after_pause(scene), again(scene));
  if (cause == "block" && scene.facts.contains("limit") && !scene.facts["limit"].is_null()) {
    story.next += fmt::format(
        "; at most {} in 24 hours until {}", grouped(number_of(scene.facts, "allowance")),
        local_clock(time_of(scene.facts, "limit_until").value_or(scene.now), scene.now));
  }
  return story;
}

Story tell_host_paused(const Scene& scene) {
  Story story = tell_paused(scene);
  std::vector<std::string> names;
  for (const Json& name : part(scene.explanation, "suffering")) {
    names.push_back(name.is_string() ? name.get<std::string>() : std::string{});
  }
  story.why =
      fmt::format("this host is paused at this provider: {} of {} suffer{}; {}", names.size(),
                  count_of(number_of(scene.explanation, "senders_heard"), "sender"),
                  names.empty() ? "" : ": " + joined(names), story.why);
  story.act = "wait: a pause of the whole host ends by itself";
  return story;
}

Story tell_one_at_a_time(const Scene& scene) {
  const std::uint64_t in_flight = number_of(scene.facts, "in_flight");
  const auto ended = time_of(part(scene.facts, "pause"), "until");
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
  const std::uint64_t deferred = number_of(scene.facts, "deferred");
  Story story;
  story.why = fmt::format(
      "{} that the provider deferred as \"too fast\" {} in the MTA's queue, "
      "whose own retry asks first",
      count_of(deferred, "recipient"), deferred == 1 ? "waits" : "wait");
  story.next =
      fmt::format("new mail goes when {} through; at {} {} all the same",
                  deferred == 1 ? "it is" : "they are", scene.when(scene.facts, "waits_until"),
                  flag_of(scene.facts, "careful") ? "one message may ask" : "it goes");
  story.act = "postqueue -p shows them; or at once: " + scene.resume();
  return story;
}

std::string tell_probing(const Scene& scene) {
  const Json& probing = part(scene.facts, "probing");
  const std::string obstacle = text_of(probing, "obstacle");
  const std::string bound = grouped(number_of(probing, "bound"));
  if (obstacle == "schedule") {
    return "no probing: a schedule's rung is never exceeded";
  }
  if (obstacle == "limit") {
    return "no probing under a learned limit, which ends at " +
           scene.when(scene.facts, "limit_until");
  }
  if (obstacle == "bound") {
    return "no probing: it has come to its bound of " + bound;
  }
  if (obstacle == "feed") {
    return "no probing: the log is not read";
  }
  const auto due = time_of(probing, "due");
  if (!due) {
    return {};
  }
  const std::string from = *due > scene.now ? "from " + scene.when(probing, "due")
                           : flag_of(probing, "waits_for_report")
                               ? "when the mail under way is reported"
                               : "now";
  const Json& pause = part(scene.facts, "pause");
  const char* last = obstacle == "block" ? "last_block" : "last_deferral";
  const auto since = time_of(pause, last);
  const std::string why =
      obstacle == "none" || !since
          ? ""
          : fmt::format(" after the {} at {}", obstacle, local_clock(*since, scene.now));
  return fmt::format("probing {}{}: {} in 24 hours, then more every {}, up to {}", from, why,
                     grouped(number_of(probing, "step_to")), length(probing, "every_seconds"),
                     bound);
}

Story tell_day(const Scene& scene) {
  Story story;
  story.why = fmt::format("the day's allowance{} is used: {} of {} in 24 hours", scene.whole(),
                          grouped(number_of(scene.facts, "used")),
                          grouped(number_of(scene.facts, "allowance")));
  const std::string probing = tell_probing(scene);
  const auto at = time_of(scene.facts, "frees_at");
  const std::string frees = at ? fmt::format("{} more at {} as the oldest hour leaves the window",
                                             grouped(number_of(scene.facts, "frees")),
                                             scene.when(scene.facts, "frees_at"))
                               : std::string{};
  const auto due = time_of(part(scene.facts, "probing"), "due");
  story.next = due && (!at || *due < *at) ? either(probing, frees) : either(frees, probing);
  return story;
}

Story tell_hour(const Scene& scene, const std::string& reason) {
  const std::string every = interval(fraction_of(scene.facts, "interval_seconds"));
  Story story;
  story.why = reason == "hour"
                  ? fmt::format("this hour's part of the allowance{} is used: {} of {}",
                                scene.whole(), grouped(number_of(scene.facts, "used_hour")),
                                grouped(number_of(scene.facts, "allowance_hour")))
                  : fmt::format("mail{} is spaced evenly: {} an hour, one every {}", scene.whole(),
                                grouped(number_of(scene.facts, "allowance_hour")), every);
  story.next = "the next recipient may go at " + scene.when(scene.flow, "until");
  return story;
}

Story tell_in_flight(const Scene& scene) {
  const std::uint64_t in_flight = number_of(scene.facts, "in_flight");
  Story story;
  story.why = fmt::format("{} of {}{} {} whose fate is not known yet", grouped(in_flight),
                          grouped(number_of(scene.facts, "in_flight_max")), scene.whole(),
                          in_flight == 1 ? "is under way" : "are under way");
  if (flag_of(scene.facts, "new_ground")) {
    story.why += fmt::format(
        "; this is more in 24 hours than was ever delivered ({}), so it goes "
        "slowly",
        grouped(number_of(scene.facts, "level")));
  }
  story.next = "the next goes as soon as the log tells what became of one";
  return story;
}

Story tell_first_contact(const Scene& scene) {
  return {fmt::format("nobody knows yet which provider runs this domain's mail: {} until the first "
                      "answer",
                      count_of(number_of(scene.explanation, "first_contact"), "recipient")),
          fmt::format("{} under way; the first answer opens the flow",
                      count_of(number_of(scene.facts, "in_flight"), "recipient")),
          {}};
}

Story tell_limited(const Scene& scene) {
  return {"a learned limit is in force; mail goes within it",
          fmt::format("{} more in these 24 hours; the limit ends at {}",
                      grouped(left_of(scene.facts)), scene.when(scene.facts, "limit_until")),
          {}};
}

Story tell_open(const Scene& scene) {
  if (scene.facts.value("allowance", Json()).is_null()) {
    return {"nothing stands in the way", "mail goes as it comes", {}};
  }
  if (left_of(scene.facts) == 0) {  // one step of probing is open
    Story story = tell_day(scene);
    story.next = tell_probing(scene);
    return story;
  }
  return {"nothing stands in the way",
          fmt::format("mail goes as it comes: {} more in these 24 hours",
                      grouped(left_of(scene.facts))),
          {}};
}

Story tell(const Scene& scene) {
  const std::string reason = text_of(scene.flow, "reason");
  if (reason == "stopped") {
    return tell_stopped(scene);
  }
  if (reason == "paused") {
    return tell_paused(scene);
  }
  if (reason == "host_paused") {
    return tell_host_paused(scene);
  }
  if (reason == "one_at_a_time") {
    return tell_one_at_a_time(scene);
  }
  if (reason == "waiting_for_deferred") {
    return tell_waiting(scene);
  }
  if (reason == "day") {
    return tell_day(scene);
  }
  if (reason == "hour" || reason == "pace") {
    return tell_hour(scene, reason);
  }
  if (reason == "in_flight") {
    return tell_in_flight(scene);
  }
  if (reason == "first_contact") {
    return tell_first_contact(scene);
  }
  return reason == "limited" ? tell_limited(scene) : tell_open(scene);
}

// Mail goes in spite of what `story` says.
void tell_unbound(const Json& flow, Story& story) {
  const std::string over = text_of(flow, "over");
  const char* why = flag_of(flow, "exempt")    ? "the flow is exempt"
                    : flag_of(flow, "observe") ? "the flow is only observed"
                    : over == "accept"         ? "over is \"accept\""
                    : over == "tag"            ? "over is \"tag\""
                                               : nullptr;
  if (why != nullptr && text_of(flow, "state") != "open") {
    story.next = fmt::format("mail goes all the same: {}; else: {}", why, story.next);
  }
}

}  // namespace

std::vector<FlowRow> explain_flow(const Json& answer) {
  const Json& flow = part(answer, "flow");
  const Json& explanation = part(flow, "explanation");
  const bool host = flag_of(explanation, "by_host") || text_of(flow, "reason") == "host_paused";
  const Scene scene{flow, explanation, part(explanation, host ? "host" : "flow"), host,
                    time_of(answer, "now").value_or(WallTime{})};
  Story story = tell(scene);
  tell_unbound(flow, story);
  std::vector<FlowRow> rows{{"state", state_in_words(flow, scene.now)}, {"why", story.why}};
  if (const std::string reply = text_of(flow, "last_reply"); !reply.empty()) {
    rows.push_back({"reply", reply + "   rule " + text_of(flow, "last_rule")});
  }
  rows.push_back({"next", std::move(story.next)});
  rows.push_back({"do", std::move(story.act)});
  for (FlowRow& row : fact_rows(flow, explanation, scene.now)) {
    rows.push_back(std::move(row));
  }
  std::erase_if(rows, [](const FlowRow& row) { return row.text.empty(); });
  return rows;
}

}  // namespace rampart::cli
