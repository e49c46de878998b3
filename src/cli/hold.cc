// rampart hold list

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "commands.h"
#include "held_mail.h"
#include "service.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {

std::vector<std::string> texts_of(const Json& json, const char* key) {
  std::vector<std::string> texts;
  for (const Json& one : json.value(key, Json::array())) {
    if (one.is_string()) {
      texts.push_back(one.get<std::string>());
    }
  }
  return texts;
}

namespace {

constexpr std::size_t kRecipientsShown = 3;

std::string recipients_in_words(const Json& held, bool full) {
  std::vector<std::string> shown = texts_of(held, "recipients");
  const std::size_t all = shown.size();
  if (!full) {
    shown.resize(std::min(all, kRecipientsShown));
    std::transform(shown.begin(), shown.end(), shown.begin(),
                   [](const std::string& address) { return masked(address); });
  }
  return joined(shown) +
         (shown.size() < all ? fmt::format(" and {} more", all - shown.size()) : "");
}

std::string providers_in_words(const Json& held) {
  const std::vector<std::string> all = texts_of(held, "providers");
  const std::set<std::string> distinct(all.begin(), all.end());
  return joined({distinct.begin(), distinct.end()});
}

// When it should go.
Table::Cell next_in_words(const Json& held, base::WallTime now) {
  if (text_of(held, "state") == "releasing") {
    return {"being released", Colour::Green};
  }
  if (text_of(held, "waits_for") == "person") {
    return {"waits for a person", Colour::Yellow};
  }
  if (const auto expected = time_of(held, "expected")) {
    return {*expected <= now ? "now" : local_clock(*expected, now), Colour::None};
  }
  return {"nobody releases it", Colour::Red};
}

}  // namespace

int run_hold_list(const Arguments& arguments, const Output& output) {
  const Json answer = Service(arguments).ask({{"command", "hold.list"}});
  const Json& held = answer.at("held");
  const base::WallTime now = time_of(answer, "now").value_or(base::WallTime{});
  if (arguments.ids) {
    for (const Json& one : held) {
      output.print(text_of(one, "queue_id") + '\n');
    }
    return kDone;
  }
  if (output.json()) {
    Json shown = answer;
    for (Json& one : shown["held"]) {
      for (Json& address : one["recipients"]) {
        address = arguments.full ? address.get<std::string>() : masked(address.get<std::string>());
      }
    }
    output.print_json(shown);
    return kDone;
  }
  Table table({{"QUEUE ID"}, {"HELD"}, {"SENDER"}, {"TO"}, {"PROVIDER"}, {"WHY"}, {"NEXT"}});
  for (const Json& one : held) {
    table.add({{text_of(one, "queue_id")},
               {elapsed(now - time_of(one, "held_at").value_or(now))},
               {text_of(one, "sender")},
               {recipients_in_words(one, arguments.full)},
               {providers_in_words(one)},
               {reason_in_words(text_of(one, "reason"))},
               next_in_words(one, now)});
  }
  output.print(table.rows() > 0
                   ? table.render(output.colours()) +
                         "sooner: rampart hold release ID...; delete: rampart hold drop ID...\n"
                   : std::string("nothing is held\n"));
  return kDone;
}

}  // namespace rampart::cli
