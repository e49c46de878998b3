// rampart hold list|release

#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>
#include <unistd.h>

#include "rampart/base/text.h"

#include "commands.h"
#include "mta_tools.h"
#include "service.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

constexpr std::size_t kReleaseMax = 1000;
constexpr std::size_t kRecipientsShown = 3;

using Ids = std::vector<mail::QueueId>;

std::vector<std::string> texts_of(const Json& json, const char* key) {
  std::vector<std::string> texts;
  for (const Json& one : json.value(key, Json::array())) {
    if (one.is_string()) {
      texts.push_back(one.get<std::string>());
    }
  }
  return texts;
}

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

std::vector<std::string> words_of(const Arguments& arguments) {
  if (arguments.words != std::vector<std::string>{"-"}) {
    return arguments.words;
  }
  return {std::istream_iterator<std::string>(std::cin), {}};
}

bool is_of_flow(const Json& held, const std::vector<std::string>& flow) {
  if (flow.empty()) {
    return true;
  }
  const std::vector<std::string> providers = texts_of(held, "providers");
  return text_of(held, "sender") == flow[0] &&
         std::find(providers.begin(), providers.end(), flow[1]) != providers.end();
}

// What was asked for, in order, without repeats.
Ids wanted_ids(const Arguments& arguments, const Json& held) {
  if (arguments.all != arguments.words.empty() || (!arguments.all && !arguments.flow.empty())) {
    throw Failure{kUsage, "usage",
                  "name queue IDs, or \"-\" for standard input, or --all, with or without --flow"};
  }
  std::vector<std::string> words;
  if (arguments.all) {
    for (const Json& one : held) {
      if (is_of_flow(one, arguments.flow)) {
        words.push_back(text_of(one, "queue_id"));
      }
    }
  } else {
    words = words_of(arguments);
  }
  Ids ids;
  for (const std::string& word : words) {
    const auto id = mail::parse_queue_id(word);
    if (!id) {
      throw Failure{kUsage, "usage",
                    "\"" + base::printable(word, 64) + "\" is no queue ID; nothing was released"};
    }
    if (std::find(ids.begin(), ids.end(), *id) == ids.end()) {
      ids.push_back(*id);
    }
  }
  return ids;
}

struct Outcome {
  std::string id;
  std::string result;  ///< released, gone, not_held_here, still_held, unknown, would_release
  std::string text;
};

class Release {
 public:
  Release(const Arguments& arguments, const Service& service)
      : arguments_(arguments), service_(service), tools_(make_mta_tools(arguments)) {}

  std::vector<Outcome> run(const Ids& ids, const std::set<std::string>& held_here) {
    Ids ours;
    for (const mail::QueueId& id : ids) {
      if (held_here.contains(id.text())) {
        ours.push_back(id);
      } else {
        note(id, "not_held_here", "not held by rampart; left alone");
      }
    }
    if (arguments_.dry_run) {
      for (const mail::QueueId& id : ours) {
        note(id, "would_release", "would be released");
      }
    } else if (!ours.empty()) {
      release(ours);
    }
    return std::move(outcomes_);
  }

 private:
  void note(const mail::QueueId& id, const char* result, std::string text) {
    outcomes_.push_back({id.text(), result, std::move(text)});
  }

  void release(const Ids& ours) {
    const auto said = tools_->release(ours);
    if (!said) {
      throw Failure{kRefused, "refused", said.error().what + "; nothing was released"};
    }
    Ids released;
    Ids left;
    for (const mail::QueueId& id : ours) {
      (said->released.contains(id.text()) ? released : left).push_back(id);
    }
    std::vector<std::string> gone = look_up(left, said->complaint);
    for (const mail::QueueId& id : released) {
      gone.push_back(id.text());
    }
    // Told before delivery is asked for: the log may report on the message at once.
    if (!gone.empty()) {
      static_cast<void>(service_.ask({{"command", "hold.released"}, {"ids", gone}}));
    }
    const std::set<std::string> not_taken =
        released.empty() ? std::set<std::string>{} : tools_->flush(released);
    for (const mail::QueueId& id : released) {
      note(id, "released",
           not_taken.contains(id.text()) ? "released; goes with the next run of the queue"
                                         : "released");
    }
  }

  // Those that the MTA passed over: gone from the hold queue, or still there for some reason.
  // @return the IDs that are no longer held
  std::vector<std::string> look_up(const Ids& left, const std::string& complaint) {
    std::vector<std::string> gone;
    if (left.empty()) {
      return gone;
    }
    const auto queue = tools_->queue(left);
    for (const mail::QueueId& id : left) {
      if (!queue) {
        note(id, "unknown",
             "not released" + (complaint.empty() ? "" : " (" + complaint + ")") + "; " +
                 queue.error().what);
      } else if (const auto at = queue->find(id.text()); at == queue->end()) {
        note(id, "gone", "not in the queue any more (delivered, returned or deleted)");
        gone.push_back(id.text());
      } else if (at->second == "hold") {
        note(id, "still_held",
             "still held; " + tools_->program() +
                 (complaint.empty() ? " passed it over" : " says: " + complaint));
      } else {
        note(id, "gone", "not in the hold queue any more, but in: " + at->second);
        gone.push_back(id.text());
      }
    }
    return gone;
  }

  const Arguments& arguments_;
  const Service& service_;
  std::unique_ptr<MtaTools> tools_;
  std::vector<Outcome> outcomes_;
};

void ask_first(const Arguments& arguments, std::size_t count) {
  const bool needed = arguments.all && !arguments.yes && !arguments.dry_run && count > 0;
  if (needed && !confirm(fmt::format("This releases {} messages. Type the number: ", count),
                         std::to_string(count))) {
    throw Failure{kUsage, "usage",
                  fmt::format("nothing was released; --yes releases all {} without asking", count)};
  }
}

void print_outcomes(const std::vector<Outcome>& outcomes, const Output& output) {
  if (output.json()) {
    Json list = Json::array();
    for (const Outcome& one : outcomes) {
      list.push_back({{"queue_id", one.id}, {"result", one.result}, {"text", one.text}});
    }
    output.print_json(Json{{"messages", std::move(list)}});
    return;
  }
  std::map<std::string, std::size_t> counts;
  for (const Outcome& one : outcomes) {
    output.print(fmt::format("{}  {}\n", one.id, base::printable(one.text)));
    ++counts[one.result];
  }
  const bool dry = counts.contains("would_release");
  const std::size_t done = dry ? counts["would_release"] : counts["released"];
  output.print(fmt::format("{} {}released, {} not{}\n", done, dry ? "would be " : "",
                           outcomes.size() - done, dry ? "; nothing changed (--dry-run)" : ""));
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
  Table table({{"QUEUE ID"}, {"HELD"}, {"SENDER"}, {"TO"}, {"PROVIDER"}, {"WHY"}});
  for (const Json& one : held) {
    table.add({{text_of(one, "queue_id")},
               {elapsed(now - time_of(one, "held_at").value_or(now))},
               {text_of(one, "sender")},
               {recipients_in_words(one, arguments.full)},
               {providers_in_words(one)},
               {reason_in_words(text_of(one, "reason"))}});
  }
  output.print(table.rows() > 0 ? table.render(output.colours()) +
                                      "release: rampart hold release ID..., as root\n"
                                : std::string("nothing is held\n"));
  return kDone;
}

int run_hold_release(const Arguments& arguments, const Output& output) {
  if (geteuid() != 0 && !arguments.dry_run) {
    throw Failure{kNotPermitted, "denied",
                  "only root can release held mail: the MTA serves nobody else"};
  }
  const Service service(arguments);
  const Json answer = service.ask({{"command", "hold.list"}});
  std::set<std::string> held_here;
  for (const Json& one : answer.at("held")) {
    held_here.insert(text_of(one, "queue_id"));
  }
  Ids ids = wanted_ids(arguments, answer.at("held"));
  if (ids.size() > kReleaseMax) {
    if (!arguments.all) {
      throw Failure{kUsage, "usage", fmt::format("at most {} queue IDs at once", kReleaseMax)};
    }
    ids.resize(kReleaseMax);  // the oldest; the rest by giving the command again
  }
  ask_first(arguments, ids.size());
  const std::vector<Outcome> outcomes = Release(arguments, service).run(ids, held_here);
  print_outcomes(outcomes, output);
  const bool all_well = std::all_of(outcomes.begin(), outcomes.end(), [](const Outcome& one) {
    return one.result == "released" || one.result == "would_release";
  });
  return all_well ? kDone : kFound;
}

}  // namespace rampart::cli
