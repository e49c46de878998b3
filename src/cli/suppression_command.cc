// rampart suppression add|remove|why|list|import

#include <algorithm>

#include <fmt/format.h>

#include "rampart/suppression/list.h"

#include "commands.h"
#include "service.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

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

std::string until_of(const Json& entry) {
  const auto until = time_of(entry, "until");
  return until ? local_date(*until) : "undone";
}

bool is_pending(const Json& entry) {
  return !text_of(entry, "pending").empty();
}

std::string pending_in_words(const Json& entry) {
  const std::string provider = text_of(entry, "pending");
  const std::string told = text_of(entry, "pending_text");
  return fmt::format(
      "{}: {}; mail to it is deferred until that share falls, mail to it is taken, or you decide",
      provider == "*" ? "all providers together" : provider,
      told.empty() ? "far more refusals than usual when this was learned" : told);
}

std::string render_entry(const Json& entry) {
  const auto since = time_of(entry, "since");
  std::string text = fmt::format(
      "{} is {}{}{}\n", text_of(entry, "key"),
      is_pending(entry) ? "not suppressed but pending" : "suppressed",
      since ? " since " + local_stamp(*since) : "",
      text_of(entry, "sender").empty() ? "" : " for the sender " + text_of(entry, "sender"));
  const auto row = [&](const char* name, const std::string& value) {
    if (!value.empty()) {
      text += fmt::format("  {:<10}{}\n", name, value);
    }
  };
  row("reason", text_of(entry, "reason"));
  row("evidence", text_of(entry, "evidence"));
  row("queue id", text_of(entry, "queue_id"));
  row("rule", text_of(entry, "rule"));
  if (is_pending(entry)) {
    row("because", pending_in_words(entry));
  } else {
    row("until", until_of(entry));
  }
  return text;
}

std::string render_history(const Json& history) {
  std::string text;
  for (const Json& change : history) {
    const auto time = time_of(change, "time");
    text +=
        fmt::format("  {}  {} ({}) by {}{}{}\n", time ? local_stamp(*time) : "-",
                    text_of(change, "kind"), text_of(change, "reason"), text_of(change, "origin"),
                    text_of(change, "text").empty() ? "" : ": ", text_of(change, "text"));
  }
  return text.empty() ? text : "history\n" + text;
}

std::string undo_of(const Json& entries) {
  std::string text;
  for (const Json& entry : entries) {
    if (is_pending(entry)) {
      text += fmt::format(
          "it is dead:  rampart suppression confirm {0}\n"
          "it is not:   rampart suppression clear-pending {0}\n",
          text_of(entry, "key"));
      continue;
    }
    text += fmt::format(
        "undo: rampart suppression remove {}{}\n", text_of(entry, "key"),
        text_of(entry, "sender").empty() ? "" : " --sender " + text_of(entry, "sender"));
  }
  return text;
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
  for (const Json& entry : answer.at("added")) {
    const bool known = flag_of(entry, "was_suppressed");
    if (arguments.dry_run) {
      output.print(fmt::format("would add  {}{}\n", text_of(entry, "key"),
                               known ? "  (suppressed already)" : ""));
    } else {
      output.print(fmt::format("added  {}  until {}{}\n", text_of(entry, "key"), until_of(entry),
                               known ? "  (was suppressed already)" : ""));
    }
  }
  if (arguments.dry_run) {
    output.print("nothing changed (--dry-run)\n");
  } else {
    for (const Json& entry : answer.at("added")) {
      output.print("undo: rampart suppression remove " + text_of(entry, "key") +
                   for_sender(arguments) + '\n');
    }
  }
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
  const Json answer =
      Service(arguments).ask({{"command", "suppression.why"}, {"key", arguments.words.at(0)}});
  const Json& entries = answer.at("entries");
  if (output.json()) {
    output.print_json(answer);
    return entries.empty() ? kDone : kFound;
  }
  std::string text;
  for (const Json& entry : entries) {
    text += render_entry(entry);
  }
  if (entries.empty()) {
    text = text_of(answer, "key") + " is not suppressed\n";
  }
  output.print(text + render_history(answer.at("history")) + undo_of(entries));
  return entries.empty() ? kDone : kFound;
}

int run_suppression_list(const Arguments& arguments, const Output& output) {
  if (!arguments.provider.empty() && !arguments.pending) {
    throw Failure{kUsage, "usage", "--provider goes with --pending"};
  }
  const Service service(arguments);
  Json all = Json::array();
  Table table({{"ADDRESS"},
               {"REASON"},
               {"SENDER"},
               {"SINCE"},
               {arguments.pending ? "BECAUSE OF" : "UNTIL"}});
  std::string after;
  for (bool more = true; more;) {
    const Json page = service.ask({{"command", "suppression.list"},
                                   {"reason", arguments.reason},
                                   {"contains", arguments.contains},
                                   {"pending", arguments.pending},
                                   {"pending_at", arguments.provider},
                                   {"after", after},
                                   {"limit", 10'000U}});
    for (const Json& entry : page.at("entries")) {
      const std::string sender = text_of(entry, "sender");
      const auto since = time_of(entry, "since");
      table.add({{text_of(entry, "key")},
                 {text_of(entry, "reason")},
                 {sender.empty() ? "all" : sender},
                 {since ? local_date(*since) : "-"},
                 {arguments.pending ? text_of(entry, "pending") : until_of(entry)}});
      after = text_of(entry, "key");
      if (output.json()) {
        all.push_back(entry);
      }
    }
    more = flag_of(page, "more") && !page.at("entries").empty();
  }
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
