// rampart explain --queue-id

#include "trail.h"

#include <algorithm>

#include <fmt/format.h>

#include "commands.h"
#include "json.h"
#include "service.h"
#include "words.h"

namespace rampart::cli {
namespace {

// "14:01:07", with the date where it is another than that of the line before.
std::string stamp(const mail::TrailEvent& event, std::string& day) {
  if (!control::known(event.time)) {
    return "-";
  }
  const std::string date = local_date(event.time);
  const std::string front = date == day ? "" : date + '\n';
  day = date;
  return front + local_seconds(event.time);
}

std::string details(const mail::TrailEvent& event) {
  std::string text;
  const auto add = [&](const std::string& part) {
    text += part.empty() ? "" : "  " + part;
  };
  add(event.recipient);
  add(event.sender.empty() ? "" : "flow " + event.sender + " -> " + event.provider);
  add(event.text);
  add(event.rule.empty() ? "" : "rule " + event.rule);
  return text;
}

}  // namespace

std::string render_trail(const control::EventsAnswer& answer) {
  if (answer.events.empty()) {
    return fmt::format(
        "{}: nothing is known of this message\n"
        "either it did not pass rampart, or it is older than {} (keep in [store])\n",
        answer.queue_id, answer.keep);
  }
  std::string text = answer.queue_id + '\n';
  std::string day;
  std::size_t width = 0;
  for (const mail::TrailEvent& event : answer.events) {
    width = std::max(width, event.what.size());
  }
  for (const mail::TrailEvent& event : answer.events) {
    text += fmt::format("{}  {:<{}}{}\n", stamp(event, day), event.what, width, details(event));
  }
  return text;
}

int run_explain_queue_id(const Arguments& arguments, const Output& output) {
  if (!arguments.words.empty()) {
    throw Failure{kUsage, "usage", "give a queue ID or a reply, not both"};
  }
  const Json answer =
      Service(arguments).ask({{"command", "events"}, {"queue_id", arguments.queue_id}});
  if (output.json()) {
    output.print_json(answer);
  } else {
    output.print(render_trail(control::decode<control::EventsAnswer>(answer)));
  }
  return kDone;
}

}  // namespace rampart::cli
