// rampart hold release|drop: by the service and its root helper; where there is none, by root with
// the MTA's own tools.

#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>
#include <unistd.h>

#include "rampart/base/text.h"
#include "rampart/control/answers.h"
#include "rampart/release/mta_tools.h"
#include "rampart/release/work.h"

#include "commands.h"
#include "json.h"
#include "service.h"

namespace rampart::cli {
namespace {

using Ids = std::vector<mail::QueueId>;

// What one request may take: a few minutes, for the tools of a busy MTA.
constexpr std::size_t kAtOnce = 200;
constexpr base::Micros kOrderTimeout = std::chrono::minutes{10};

struct HoldVerb {
  const char* command;  ///< of the service
  const char* name;
  const char* done;  ///< as a result
  const char* passive;
  release::Command work;
};
constexpr HoldVerb kRelease{"hold.release", "release", "released", "released",
                            release::Command::Release};
constexpr HoldVerb kDrop{"hold.drop", "drop", "deleted", "deleted", release::Command::Delete};

// Its result is one of release::Told, or "would_release", "would_drop", "not_held_here".
using Outcome = control::HoldOutcome;
using Outcomes = std::vector<Outcome>;

std::vector<std::string> words_of(const Arguments& arguments) {
  if (arguments.words != std::vector<std::string>{"-"}) {
    return arguments.words;
  }
  return {std::istream_iterator<std::string>(std::cin), {}};
}

bool is_of_flow(const store::HeldRecord& held, const std::vector<std::string>& flow) {
  return flow.empty() ||
         (held.sender == flow[0] &&
          std::find(held.providers.begin(), held.providers.end(), flow[1]) != held.providers.end());
}

// What was asked for, in order, without repeats.
Ids wanted_ids(const Arguments& arguments,
               const std::vector<engine::HeldMessage>& held,
               const HoldVerb& verb) {
  if (arguments.all != arguments.words.empty() || (!arguments.all && !arguments.flow.empty())) {
    throw Failure{kUsage, "usage",
                  "name queue IDs, or \"-\" for standard input, or --all, with or without --flow"};
  }
  std::vector<std::string> words;
  if (arguments.all) {
    for (const engine::HeldMessage& message : held) {
      if (is_of_flow(message.record, arguments.flow)) {
        words.push_back(message.record.queue_id);
      }
    }
  } else {
    words = words_of(arguments);
  }
  Ids ids;
  std::set<std::string> seen;
  for (const std::string& word : words) {
    const auto id = mail::parse_queue_id(word);
    if (!id) {
      throw Failure{kUsage, "usage",
                    fmt::format("\"{}\" is no queue ID; nothing was {}", base::printable(word, 64),
                                verb.passive)};
    }
    if (seen.insert(word).second) {
      ids.push_back(*id);
    }
  }
  return ids;
}

void ask_for_number(const Arguments& arguments, std::size_t count, const HoldVerb& verb) {
  const bool needed = arguments.all && !arguments.yes && !arguments.dry_run && count > 0;
  const std::string question =
      fmt::format("This {}s {} messages. Type the number: ",
                  verb.work == release::Command::Delete ? "delete" : verb.name, count);
  if (needed && !confirm(question, std::to_string(count))) {
    throw Failure{kUsage, "usage",
                  fmt::format("nothing was {}; --yes {}s all {} without asking", verb.passive,
                              verb.name, count)};
  }
}

Json texts(const Ids& ids) {
  Json list = Json::array();
  for (const mail::QueueId& id : ids) {
    list.push_back(id.text());
  }
  return list;
}

// Root by itself. The service charges first, then the tools act, then it is told what they said.
class Direct {
 public:
  Direct(const Arguments& arguments, const Service& service, const HoldVerb& verb)
      : service_(service), verb_(verb), tools_(release::make_mta_tools(arguments.mta)) {}

  Outcomes run(const Ids& ids, const std::set<std::string>& held_here) {
    const Ids ours = verb_.work == release::Command::Release ? order(ids) : held(ids, held_here);
    std::map<mail::QueueId, Outcome> outcomes;
    if (!ours.empty()) {
      for (const release::Answer& answer : act(ours)) {
        outcomes[answer.id] = {answer.id.text(), std::string(to_string(answer.outcome)),
                               answer.text};
      }
    }
    Outcomes all;
    for (const mail::QueueId& id : ids) {
      const auto found = outcomes.find(id);
      all.push_back(found == outcomes.end() ? Outcome{id.text(), "not_held_here", {}}
                                            : found->second);
    }
    return all;
  }

 private:
  static Ids held(const Ids& ids, const std::set<std::string>& held_here) {
    Ids ours;
    std::copy_if(ids.begin(), ids.end(), std::back_inserter(ours),
                 [&](const mail::QueueId& id) { return held_here.contains(id.text()); });
    return ours;
  }

  Ids order(const Ids& ids) {
    const Json answer = service_.ask({{"command", "hold.order"}, {"ids", texts(ids)}});
    Ids ordered;
    for (const Json& text : answer.at("ordered")) {
      if (auto id = mail::parse_queue_id(text.get<std::string>())) {
        ordered.push_back(std::move(*id));
      }
    }
    return ordered;
  }

  void tell(const Json& what) const { static_cast<void>(service_.ask(what)); }

  std::vector<release::Answer> act(const Ids& ours) {
    const bool releases = verb_.work == release::Command::Release;
    auto answers = release::carry_out({verb_.work, ours}, *tools_, nullptr);
    if (!answers) {
      // What it has done nobody knows, nor what an earlier order has: they stay begun and charged.
      throw Failure{kRefused, "refused",
                    answers.error().what + "; give the command again when that is mended" +
                        (releases ? ": until then they count as being released" : "")};
    }
    std::map<release::Outcome, Ids> by_outcome;
    for (const release::Answer& answer : *answers) {
      by_outcome[answer.outcome].push_back(answer.id);
    }
    if (releases) {
      tell({{"command", "hold.ended"},
            {"released", texts(by_outcome[release::Outcome::Released])},
            {"gone", texts(by_outcome[release::Outcome::Gone])},
            {"still_held", texts(by_outcome[release::Outcome::StillHeld])},
            {"unknown", texts(by_outcome[release::Outcome::Unknown])}});
    } else {
      tell({{"command", "hold.dropped"}, {"ids", texts(by_outcome[release::Outcome::Deleted])}});
    }
    return std::move(*answers);
  }

  const Service& service_;
  const HoldVerb& verb_;
  std::unique_ptr<release::MtaTools> tools_;
};

Outcomes ask_service(const Service& service, const Ids& ids, const HoldVerb& verb) {
  return control::decode<control::OrdersAnswer>(
             service.ask({{"command", verb.command}, {"ids", texts(ids)}}, kOrderTimeout))
      .messages;
}

std::string in_words(const Outcome& outcome, const HoldVerb& verb) {
  const std::string more = outcome.text.empty() ? "" : "; " + outcome.text;
  if (outcome.result == "gone") {
    return "not in the hold queue any more: released, deleted or returned by others";
  }
  if (outcome.result == "not_held_here") {
    return "not held by rampart; left alone";
  }
  if (outcome.result == "not_ours") {
    return "left alone" + more + "; root can let it go with the MTA's own command";
  }
  if (outcome.result == "still_held") {
    return "still held" + more;
  }
  if (outcome.result == "unknown") {
    return "what became of it is not known" + more + "; give the command again";
  }
  if (outcome.result == "ordered") {
    return "goes as soon as the releaser answers" + more;
  }
  return (outcome.result.starts_with("would_") ? std::string("would be ") + verb.passive
                                               : outcome.result) +
         more;
}

void print_outcomes(const Outcomes& outcomes, const HoldVerb& verb, const Output& output) {
  if (output.json()) {
    Json list = Json::array();
    for (const Outcome& one : outcomes) {
      list.push_back(
          {{"queue_id", one.queue_id}, {"result", one.result}, {"text", in_words(one, verb)}});
    }
    output.print_json(Json{{"messages", std::move(list)}});
    return;
  }
  std::size_t done = 0;
  bool dry = false;
  for (const Outcome& one : outcomes) {
    output.print(fmt::format("{}  {}\n", one.queue_id, base::printable(in_words(one, verb))));
    dry = dry || one.result.starts_with("would_");
    done += one.result == verb.done || one.result.starts_with("would_") ? 1U : 0U;
  }
  output.print(fmt::format("{} {}{}, {} not{}\n", done, dry ? "would be " : "", verb.passive,
                           outcomes.size() - done, dry ? "; nothing changed (--dry-run)" : ""));
}

// Some at a time: each request ends in time, and what is done is done when one fails.
Outcomes carry_out(const Arguments& arguments,
                   const Service& service,
                   const Ids& ids,
                   const std::set<std::string>& held_here,
                   const HoldVerb& verb) {
  Outcomes all;
  std::unique_ptr<Direct> direct;
  for (std::size_t from = 0; from < ids.size(); from += kAtOnce) {
    const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(from);
    const Ids some(begin,
                   begin + static_cast<std::ptrdiff_t>(std::min(kAtOnce, ids.size() - from)));
    Outcomes outcomes;
    if (direct == nullptr) {
      try {
        outcomes = ask_service(service, some, verb);
      } catch (const Failure& failure) {
        if (failure.code != "unavailable") {
          throw;
        }
        if (geteuid() != 0) {
          throw Failure{kRefused, failure.code,
                        failure.text +
                            "; where no releaser answers only root can do this, with "
                            "the same command"};
        }
        direct = std::make_unique<Direct>(arguments, service, verb);
      }
    }
    if (direct != nullptr) {
      outcomes = direct->run(some, held_here);
    }
    all.insert(all.end(), outcomes.begin(), outcomes.end());
  }
  return all;
}

int give_order(const Arguments& arguments, const Output& output, const HoldVerb& verb) {
  const Service service(arguments);
  const auto answer = control::decode<control::HeldAnswer>(service.ask({{"command", "hold.list"}}));
  std::set<std::string> held_here;
  for (const engine::HeldMessage& message : answer.held) {
    held_here.insert(message.record.queue_id);
  }
  const Ids ids = wanted_ids(arguments, answer.held, verb);
  ask_for_number(arguments, ids.size(), verb);
  Outcomes outcomes;
  if (arguments.dry_run) {
    for (const mail::QueueId& id : ids) {
      outcomes.push_back(
          {id.text(),
           held_here.contains(id.text()) ? std::string("would_") + verb.name : "not_held_here",
           {}});
    }
  } else {
    outcomes = carry_out(arguments, service, ids, held_here, verb);
  }
  print_outcomes(outcomes, verb, output);
  const bool all_well = std::all_of(outcomes.begin(), outcomes.end(), [&](const Outcome& one) {
    return one.result == verb.done || one.result.starts_with("would_");
  });
  return all_well ? kDone : kFound;
}

}  // namespace

int run_hold_release(const Arguments& arguments, const Output& output) {
  return give_order(arguments, output, kRelease);
}

int run_hold_drop(const Arguments& arguments, const Output& output) {
  return give_order(arguments, output, kDrop);
}

}  // namespace rampart::cli
