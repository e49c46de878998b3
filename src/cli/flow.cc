// rampart flow show|pause|resume|reset SENDER PROVIDER

#include "flow.h"

#include <fmt/format.h>

#include "commands.h"
#include "service.h"
#include "status.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

std::string name_of(const Json& flow) {
  return text_of(flow, "sender") + ' ' + text_of(flow, "provider");
}

std::string counted(const Json& flow, const char* used, const char* allowance) {
  const auto most = flow.find(allowance);
  return most == flow.end() || most->is_null()
             ? grouped(number_of(flow, used))
             : grouped(number_of(flow, used)) + " of " + grouped(number_of(flow, allowance));
}

std::string what_next(const Json& flow, base::WallTime now) {
  const std::string state = text_of(flow, "state");
  const std::string reason = text_of(flow, "reason");
  const auto until = time_of(flow, "until");
  if (state == "open") {
    return "mail goes as it comes, within the allowance";
  }
  if (reason == "one_at_a_time" || reason == "in_flight" || reason == "first_contact") {
    return "more goes as soon as the log tells what became of the mail under way";
  }
  if (!until) {
    return "nothing goes until: rampart flow resume " + name_of(flow);
  }
  const std::string when =
      fmt::format("{} (in {})", local_clock(*until, now),
                  base::format_duration(std::chrono::ceil<std::chrono::seconds>(*until - now)));
  if (state == "paused") {
    return fmt::format(
        "nothing new until {}, then one message at a time until one is delivered; "
        "at once: rampart flow resume {}",
        when, name_of(flow));
  }
  if (reason == "limited") {
    return "the learned limit ends at " + when;
  }
  return "the next recipient may go at " + when;
}

}  // namespace

std::string render_flow(const Json& answer, bool colours) {
  const Json& flow = answer.at("flow");
  const base::WallTime now = time_of(answer, "now").value_or(base::WallTime{});
  const auto row = [](std::string_view name, const std::string& text) {
    return fmt::format("{:<12}{}\n", name, text);
  };
  std::string text = row("flow", text_of(flow, "sender") + " -> " + text_of(flow, "provider"));
  const std::string state = text_of(flow, "state");
  text += row("state", paint(state_in_words(flow, now),
                             state == "open"     ? Colour::Green
                             : state == "paused" ? Colour::Red
                                                 : Colour::Yellow,
                             colours));
  text += row("why", reason_in_words(text_of(flow, "reason")));
  if (const std::string reply = text_of(flow, "last_reply"); !reply.empty()) {
    text += row("reply", reply + "   rule " + text_of(flow, "last_rule"));
  }
  const std::uint64_t level = number_of(flow, "level");
  text += row("plan", fmt::format("{}; best day so far {}{}", text_of(flow, "plan"),
                                  level == 0 ? "none" : grouped(level) + " delivered",
                                  flag_of(flow, "limited") ? "; a learned limit is in force" : ""));
  text +=
      row("used", fmt::format("{} in 24 hours, {} in this hour", counted(flow, "used", "allowance"),
                              counted(flow, "used_hour", "allowance_hour")));
  text += row("under way", fmt::format("{} in flight, {} deferred in the MTA's queue",
                                       counted(flow, "in_flight", "in_flight_max"),
                                       grouped(number_of(flow, "deferred_waiting"))));
  text += row(
      "reports",
      fmt::format("{} delivered in 24 hours; since start {} delivered, {} "
                  "deferred or blocked, {} refused",
                  grouped(number_of(flow, "delivered_day")), grouped(number_of(flow, "delivered")),
                  grouped(number_of(flow, "deferrals")), grouped(number_of(flow, "refused"))));
  text += row("over", flag_of(flow, "exempt")    ? "exempt: counted, never limited"
                      : flag_of(flow, "observe") ? text_of(flow, "over") + ", but observed only"
                                                 : text_of(flow, "over"));
  return text + row("next", what_next(flow, now));
}

int run_flow_show(const Arguments& arguments, const Output& output) {
  const Json answer = Service(arguments).ask(Service::flow_request("flow.show", arguments));
  if (output.json()) {
    output.print_json(answer);
  } else {
    output.print(render_flow(answer, output.colours()));
  }
  return kDone;
}

int run_flow_pause(const Arguments& arguments, const Output& output) {
  Json request = Service::flow_request("flow.pause", arguments);
  if (!arguments.lifetime.empty()) {
    request["for"] = arguments.lifetime;
  }
  const Json answer = Service(arguments).ask(request);
  if (output.json()) {
    output.print_json(answer);
    return kDone;
  }
  const base::WallTime now = time_of(answer, "now").value_or(base::WallTime{});
  output.print(fmt::format("{}  {}\nundo: rampart flow resume {}\n", name_of(answer.at("flow")),
                           state_in_words(answer.at("flow"), now), name_of(answer.at("flow"))));
  return kDone;
}

int run_flow_resume(const Arguments& arguments, const Output& output) {
  const Json answer = Service(arguments).ask(Service::flow_request("flow.resume", arguments));
  if (output.json()) {
    output.print_json(answer);
    return kDone;
  }
  const base::WallTime now = time_of(answer, "now").value_or(base::WallTime{});
  output.print(fmt::format("{}  resumed, now {}\nundo: rampart flow pause {}\n",
                           name_of(answer.at("flow")), state_in_words(answer.at("flow"), now),
                           name_of(answer.at("flow"))));
  return kDone;
}

int run_flow_reset(const Arguments& arguments, const Output& output) {
  const std::string name = arguments.words.at(0) + ' ' + arguments.words.at(1);
  if (!arguments.yes &&
      !confirm("This forgets what " + name +
                   " has earned: it starts anew, and it cannot be undone. Type \"reset\": ",
               "reset")) {
    throw Failure{kUsage, "usage", "nothing was changed; --yes resets without asking"};
  }
  const Json answer = Service(arguments).ask(Service::flow_request("flow.reset", arguments));
  if (output.json()) {
    output.print_json(answer);
  } else {
    output.print(name + "  reset: it starts anew with its plan; this cannot be undone\n");
  }
  return kDone;
}

}  // namespace rampart::cli
