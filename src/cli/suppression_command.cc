// rampart suppression add|remove|why|list|import

#include <algorithm>

#include <fmt/format.h>

#include "rampart/control/answers.h"
#include "rampart/suppression/list.h"

#include "commands.h"
#include "json.h"
#include "service.h"
#include "suppression_pages.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

using control::known;
using suppression::Entry;

constexpr std::size_t kBadShown = 20;
constexpr base::Micros kImportTimeout = std::chrono::minutes{5};

void add_common(Json& request, const Arguments& arguments) {
  request["sender"] = arguments.sender;
  request["reason"] = arguments.reason;
  request["dry_run"] = arguments.dry_run;
  if (!arguments.lifetime.empty()) {
    request["for"] = arguments.lifetime;
  }
}

std::string for_sender(const Arguments& arguments) {
  return arguments.sender.empty() ? "" : " --sender " + arguments.sender;
}

std::string until_of(const Entry& entry) {
  return entry.until ? local_date(*entry.until) : "undone";
}

std::string pending_in_words(const control::WhySuppressed& why) {
  return fmt::format(
      "{}: {}; mail to it is deferred until that share falls, mail to it is taken, or you decide",
      why.entry.pending == "*" ? "all providers together" : why.entry.pending,
      why.pending_text.empty() ? "far more refusals than usual when this was learned"
                               : why.pending_text);
}

std::string render_entry(const control::WhySuppressed& why) {
  const Entry& entry = why.entry;
  const bool pending = !entry.pending.empty();
  std::string text = fmt::format("{} is {}{}{}\n", entry.key,
                                 pending ? "not suppressed but pending" : "suppressed",
                                 known(entry.since) ? " since " + local_stamp(entry.since) : "",
                                 entry.sender.empty() ? "" : " for the sender " + entry.sender);
  const auto row = [&](const char* name, std::string_view value) {
    if (!value.empty()) {
      text += fmt::format("  {:<10}{}\n", name, value);
    }
  };
  row("reason", to_string(entry.reason));
  row("evidence", entry.evidence);
  row("queue id", entry.queue_id);
  row("rule", entry.rule);
  if (pending) {
    row("because", pending_in_words(why));
  } else {
    row("until", until_of(entry));
  }
  return text;
}

std::string render_history(const std::vector<suppression::Change>& history) {
  std::string text;
  for (const suppression::Change& change : history) {
    text += fmt::format("  {}  {} ({}) by {}{}{}\n",
                        known(change.time) ? local_stamp(change.time) : "-", to_string(change.kind),
                        to_string(change.reason), change.origin, change.text.empty() ? "" : ": ",
                        change.text);
  }
  return text.empty() ? text : "history\n" + text;
}

std::string undo_of(const Entry& entry) {
  if (!entry.pending.empty()) {
    return fmt::format(
        "it is dead:  rampart suppression confirm {0}\n"
        "it is not:   rampart suppression clear-pending {0}\n",
        entry.key);
  }
  return fmt::format("undo: rampart suppression remove {}{}\n", entry.key,
                     entry.sender.empty() ? "" : " --sender " + entry.sender);
}

// Lines that are no address, as file:line:column. @return the text
std::string render_bad(const std::string& name, const suppression::List& list) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kBadShown, list.errors.size()); ++i) {
    const suppression::ListError& error = list.errors[i];
    text += fmt::format("  {}:{}:{}: {}\n", name, error.line, error.column, error.text);
  }
  if (list.bad_lines > kBadShown) {
    text += fmt::format("  and {} more\n", list.bad_lines - kBadShown);
  }
  return text;
}

}  // namespace

int run_suppression_add(const Arguments& arguments, const Output& output) {
  Json request{{"command", "suppression.add"}, {"keys", arguments.words}};
  add_common(request, arguments);
  const Json answer = Service(arguments).ask(request);
  if (output.json()) {
    output.print_json(answer);
    return kDone;
  }
  std::string undo;
  for (const auto& [entry, known_before, dry] :
       control::decode<control::AddedAnswer>(answer).added) {
    if (arguments.dry_run) {
      output.print(fmt::format("would add  {}{}\n", entry.key,
                               known_before ? "  (suppressed already)" : ""));
    } else {
      output.print(fmt::format("added  {}  until {}{}\n", entry.key, until_of(entry),
                               known_before ? "  (was suppressed already)" : ""));
      undo += "undo: rampart suppression remove " + entry.key + for_sender(arguments) + '\n';
    }
  }
  output.print(arguments.dry_run ? "nothing changed (--dry-run)\n" : undo);
  return kDone;
}

int run_suppression_remove(const Arguments& arguments, const Output& output) {
  const Json answer = Service(arguments).ask(
      {{"command", "suppression.remove"}, {"keys", arguments.words}, {"sender", arguments.sender}});
  const Json& missing = answer.at("not_found");
  if (output.json()) {
    output.print_json(answer);
    return missing.empty() ? kDone : kFound;
  }
  for (const Json& key : answer.at("removed")) {
    output.print(fmt::format("removed  {0}\nundo: rampart suppression add {0}{1}\n",
                             key.get<std::string>(), for_sender(arguments)));
  }
  for (const Json& key : missing) {
    output.print(
        fmt::format("{}  is not suppressed{}\n", key.get<std::string>(),
                    arguments.sender.empty() ? " for all senders" : " for " + arguments.sender));
  }
  return missing.empty() ? kDone : kFound;
}

int run_suppression_why(const Arguments& arguments, const Output& output) {
  const Json json =
      Service(arguments).ask({{"command", "suppression.why"}, {"key", arguments.words.at(0)}});
  const auto answer = control::decode<control::WhyAnswer>(json);
  if (output.json()) {
    output.print_json(json);
    return answer.entries.empty() ? kDone : kFound;
  }
  std::string text;
  std::string undo;
  for (const control::WhySuppressed& why : answer.entries) {
    text += render_entry(why);
    undo += undo_of(why.entry);
  }
  if (answer.entries.empty()) {
    text = answer.key + " is not suppressed\n";
  }
  output.print(text + render_history(answer.history) + undo);
  return answer.entries.empty() ? kDone : kFound;
}

int run_suppression_list(const Arguments& arguments, const Output& output) {
  if (!arguments.provider.empty() && !arguments.pending) {
    throw Failure{kUsage, "usage", "--provider goes with --pending"};
  }
  Json request{{"command", "suppression.list"},
               {"reason", arguments.reason},
               {"contains", arguments.contains},
               {"pending", arguments.pending},
               {"pending_at", arguments.provider}};
  Json all = Json::array();
  Table table({{"ADDRESS"},
               {"REASON"},
               {"SENDER"},
               {"SINCE"},
               {arguments.pending ? "BECAUSE OF" : "UNTIL"}});
  for_each_page(Service(arguments), request, [&](const Json& json, const auto& entries) {
    if (output.json()) {
      all.insert(all.end(), json.begin(), json.end());
      return;
    }
    for (const Entry& entry : entries) {
      table.add({{entry.key},
                 {std::string(to_string(entry.reason))},
                 {entry.sender.empty() ? "all" : entry.sender},
                 {known(entry.since) ? local_date(entry.since) : "-"},
                 {arguments.pending ? entry.pending : until_of(entry)}});
    }
  });
  if (output.json()) {
    output.print_json(Json{{"entries", std::move(all)}});
  } else {
    output.print(table.rows() > 0    ? table.render(output.colours())
                 : arguments.pending ? "nothing is pending\n"
                                     : "nothing is suppressed\n");
  }
  return kDone;
}

int run_suppression_import(const Arguments& arguments, const Output& output) {
  const std::string& file = arguments.words.at(0);
  const std::string name = file == "-" ? "standard input" : file;
  // The service compares addresses as its configuration says; here only lines are told apart.
  const std::string bytes = read_input(file, suppression::kListBytesMax + 1);
  if (bytes.size() > suppression::kListBytesMax) {
    throw Failure{kUsage, "usage", file + ": larger than 1 GiB"};
  }
  const suppression::List list = suppression::parse_list(bytes, {});
  if (!output.json() && list.bad_lines > 0) {
    output.print(fmt::format("{}: {} bad lines\n", name, list.bad_lines) + render_bad(name, list));
  }
  if (list.bad_lines > 0 && !arguments.skip_bad && !arguments.dry_run) {
    throw Failure{
        kUsage, "usage",
        fmt::format("{}: {} bad lines; nothing was imported (--skip-bad imports the rest)", name,
                    list.bad_lines)};
  }
  if (list.keys.empty()) {
    throw Failure{kUsage, "usage", name + ": no address in it; nothing was imported"};
  }
  Json request{{"command", "suppression.import"}, {"keys", list.keys}};
  add_common(request, arguments);
  if (arguments.reason.empty()) {
    request["reason"] = "import of " + name;
  }
  Json answer = Service(arguments).ask(request, kImportTimeout);
  if (output.json()) {
    answer["bad_lines"] = list.bad_lines;
    output.print_json(answer);
  } else {
    output.print(fmt::format("{}: {} lines: {} addresses, {} new, {} already there, {} bad\n", name,
                             grouped(list.lines), grouped(number_of(answer, "addresses")),
                             grouped(number_of(answer, "new")), grouped(number_of(answer, "known")),
                             grouped(list.bad_lines)));
    output.print(arguments.dry_run
                     ? "nothing changed (--dry-run)\n"
                     : "undo: rampart suppression remove ADDRESS..., at most 1000 at once\n");
  }
  return list.bad_lines > 0 ? kFound : kDone;
}

}  // namespace rampart::cli
