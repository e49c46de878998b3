// rampart flow show|pause|resume|reset SENDER PROVIDER

#include "flow.h"

#include <fmt/format.h>

#include "commands.h"
#include "flow_words.h"
#include "json.h"
#include "service.h"
#include "status.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

std::string name_of(const control::FlowAnswer& answer) {
  return answer.flow.key.sender + ' ' + answer.flow.key.provider;
}

constexpr std::size_t kNameWidth = 12;
constexpr std::size_t kTextWidth = 88;

// A long row goes on below its own beginning.
std::string folded(std::string_view text) {
  std::string out;
  while (text.size() > kTextWidth) {
    const std::size_t blank = text.rfind(' ', kTextWidth);
    if (blank == std::string_view::npos) {
      break;
    }
    out += text.substr(0, blank);
    out += '\n' + std::string(kNameWidth, ' ');
    text.remove_prefix(blank + 1);
  }
  return out.append(text);
}

}  // namespace

std::string render_flow(const control::FlowAnswer& answer, bool colours) {
  const auto line = [](std::string_view name, const std::string& text) {
    return fmt::format("{:<{}}{}\n", name, kNameWidth, folded(text));
  };
  const ramp::FlowKey& key = answer.flow.key;
  std::string text = line("flow", key.sender + " -> " + key.provider);
  for (const FlowRow& row : explain_flow(answer)) {
    const Colour colour =
        row.name == "state" ? colour_of(answer.flow.summary.status) : Colour::None;
    text += line(row.name, paint(row.text, colour, colours));
  }
  return text;
}

Json with_words(Json answer) {
  Json words = Json::object();
  for (const FlowRow& row : explain_flow(control::decode<control::FlowAnswer>(answer))) {
    words[row.name] = row.text;
  }
  answer["words"] = std::move(words);
  return answer;
}

int run_flow_show(const Arguments& arguments, const Output& output) {
  const Json answer = Service(arguments).ask(Service::flow_request("flow.show", arguments));
  if (output.json()) {
    output.print_json(with_words(answer));
  } else {
    output.print(render_flow(control::decode<control::FlowAnswer>(answer), output.colours()));
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
  const auto paused = control::decode<control::FlowAnswer>(answer);
  output.print(fmt::format("{0}  {1}\nundo: rampart flow resume {0}\n", name_of(paused),
                           state_in_words(paused.flow, paused.now)));
  return kDone;
}

int run_flow_resume(const Arguments& arguments, const Output& output) {
  const Json answer = Service(arguments).ask(Service::flow_request("flow.resume", arguments));
  if (output.json()) {
    output.print_json(answer);
    return kDone;
  }
  const auto resumed = control::decode<control::FlowAnswer>(answer);
  output.print(fmt::format("{0}  resumed, now {1}\nundo: rampart flow pause {0}\n",
                           name_of(resumed), state_in_words(resumed.flow, resumed.now)));
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
