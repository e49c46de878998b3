// rampart hold list

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "rampart/control/answers.h"

#include "commands.h"
#include "json.h"
#include "service.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {

namespace {

constexpr std::size_t kRecipientsShown = 3;

std::string recipients_in_words(std::vector<std::string> shown, bool full) {
  const std::size_t all = shown.size();
  if (!full) {
    shown.resize(std::min(all, kRecipientsShown));
    std::transform(shown.begin(), shown.end(), shown.begin(),
                   [](const std::string& address) { return masked(address); });
  }
  return joined(shown) +
         (shown.size() < all ? fmt::format(" and {} more", all - shown.size()) : "");
}

std::string providers_in_words(const std::vector<std::string>& all) {
  const std::set<std::string> distinct(all.begin(), all.end());
  return joined({distinct.begin(), distinct.end()});
}

// When it should go.
Table::Cell next_in_words(const engine::HeldMessage& message, base::WallTime now) {
  using store::HeldRecord;
  if (message.record.state == HeldRecord::State::Releasing) {
    return {"being released", Colour::Green};
  }
  if (message.record.waits_for == HeldRecord::WaitsFor::Person) {
    return {"waits for a person", Colour::Yellow};
  }
  if (message.expected) {
    return {*message.expected <= now ? "now" : local_clock(*message.expected, now), Colour::None};
  }
  return {"nobody releases it", Colour::Red};
}

void mask(control::HeldAnswer& answer) {
  for (engine::HeldMessage& message : answer.held) {
    for (std::string& address : message.record.recipients) {
      address = masked(address);
    }
  }
}

}  // namespace

int run_hold_list(const Arguments& arguments, const Output& output) {
  const Json json = Service(arguments).ask({{"command", "hold.list"}});
  auto answer = control::decode<control::HeldAnswer>(json);
  if (arguments.ids) {
    for (const engine::HeldMessage& message : answer.held) {
      output.print(message.record.queue_id + '\n');
    }
    return kDone;
  }
  if (output.json()) {
    mask(answer);
    output.print_json(arguments.full ? json : control::encode(answer));
    return kDone;
  }
  Table table({{"QUEUE ID"}, {"HELD"}, {"SENDER"}, {"TO"}, {"PROVIDER"}, {"WHY"}, {"NEXT"}});
  for (const engine::HeldMessage& message : answer.held) {
    const store::HeldRecord& held = message.record;
    table.add({{held.queue_id},
               {elapsed(answer.now - control::known(held.held_at).value_or(answer.now))},
               {held.sender},
               {recipients_in_words(held.recipients, arguments.full)},
               {providers_in_words(held.providers)},
               {reason_in_words(held.reason)},
               next_in_words(message, answer.now)});
  }
  output.print(table.rows() > 0
                   ? table.render(output.colours()) +
                         "sooner: rampart hold release ID...; delete: rampart hold drop ID...\n"
                   : std::string("nothing is held\n"));
  return kDone;
}

}  // namespace rampart::cli
