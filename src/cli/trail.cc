// rampart explain --queue-id

#include "trail.h"

#include <algorithm>

#include <fmt/format.h>

#include "commands.h"
#include "service.h"
#include "words.h"

namespace rampart::cli {
namespace {

// "14:01:07", with the date where it is another than that of the line before.
std::string stamp(const Json& event, std::string& day) {
  const auto time = time_of(event, "time");
  if (!time) {
    return "-";
  }
  const std::string date = local_date(*time);
  const std::string front = date == day ? "" : date + '\n';
  day = date;
  return front + local_seconds(*time);
}

std::string details(const Json& event) {
  std::string text;
  const auto add = [&](const std::string& part) {
    text += part.empty() ? "" : "  " + part;
  };
  add(text_of(event, "recipient"));
  const std::string sender = text_of(event, "sender");
  add(sender.empty() ? "" : "flow " + sender + " -> " + text_of(event, "provider"));
  add(text_of(event, "text"));
  const std::string rule = text_of(event, "rule");
  add(rule.empty() ? "" : "rule " + rule);
  return text;
}

}  // namespace

std::string render_trail(const Json& answer) {
  const std::string keep = text_of(answer, "keep");
  if (answer.at("events").empty()) {
    return fmt::format(
        "{}: nothing is known of this message\n"
        "either it did not pass rampart, or it is older than {} (keep in [store])\n",
        text_of(answer, "queue_id"), keep);
  }
  std::string text = text_of(answer, "queue_id") + '\n';
  std::string day;
  std::size_t width = 0;
  for (const Json& event : answer.at("events")) {
    width = std::max(width, text_of(event, "what").size());
  }
  for (const Json& event : answer.at("events")) {
    text += fmt::format("{}  {:<{}}{}\n", stamp(event, day), text_of(event, "what"), width,
                        details(event));
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
    output.print(render_trail(answer));
  }
  return kDone;
}

}  // namespace rampart::cli
