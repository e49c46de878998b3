#include "arguments.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "rampart/base/text.h"

namespace rampart::cli {
namespace {

constexpr int kUsage = 2;

using Names = std::vector<std::string_view>;

const std::vector<std::pair<std::string_view, Names>>& commands() {
  static const std::vector<std::pair<std::string_view, Names>> kCommands{
      {"run", {}},
      {"status", {}},
      {"flow", {"show", "pause", "resume", "reset"}},
      {"explain", {}},
      {"replies", {"unknown", "list"}},
      {"suppression", {"add", "remove", "why", "list", "import", "confirm", "clear-pending"}},
      {"hold", {"list", "release", "drop"}},
      {"releaser", {}},
      {"config", {"check", "show", "reload"}},
      {"provider", {"of", "list"}},
      {"feed", {}},
      {"learn", {}},
      {"transport", {"clear", "guard"}},
      {"replay", {}},
      {"simulate", {}},
      {"help", {}},
  };
  return kCommands;
}

bool takes_value(std::string_view word) {
  return word == "-c" || word == "--config" || word == "--tables" || word == "--socket";
}

// The words that name commands, options and their values left out.
Names command_words(int argc, const char* const* argv) {
  Names words;
  for (int i = 1; i < argc && words.size() < 2; ++i) {
    const std::string_view word = argv[i];
    if (takes_value(word)) {
      ++i;
    } else if (!word.starts_with('-')) {
      words.push_back(word);
    } else if (!words.empty()) {
      break;  // an option of the command: its value is no command
    }
  }
  return words;
}

std::string joined(const Names& names) {
  std::string text;
  for (const std::string_view name : names) {
    text += (text.empty() ? "" : ", ") + std::string(name);
  }
  return text;
}

std::string unknown(const std::string& what, std::string_view word, const Names& names) {
  const std::string_view near = base::find_nearest(word, names);
  return "unknown " + what + " \"" + base::printable(word, 64) + "\"; " +
         (near.empty() ? "there are " + joined(names)
                       : "did you mean \"" + std::string(near) + "\"?");
}

// CLI11 only says that a sub-command is required. @return "" if the words are known or missing
std::string find_mistyped(int argc, const char* const* argv) {
  const Names words = command_words(argc, argv);
  if (words.empty()) {
    return {};
  }
  Names names;
  for (const auto& [name, verbs] : commands()) {
    names.push_back(name);
    if (name == words[0]) {
      const bool bad = !verbs.empty() && words.size() > 1 &&
                       std::find(verbs.begin(), verbs.end(), words[1]) == verbs.end();
      return bad ? unknown("command of " + std::string(name), words[1], verbs) : std::string();
    }
  }
  return unknown("command", words[0], names);
}

class Builder {
 public:
  Builder(CLI::App& app, Arguments& arguments) : app_(app), a_(arguments) {}

  void build() {
    add_global();
    add("run", "Run the service in the foreground");
    add_status();
    add_flow();
    add_explain();
    add_replies();
    add_suppression();
    add_pending();
    add_hold();
    add_releaser();
    add_config();
    add_provider();
    add_feed();
    add_learn();
    add_transport();
    add_replay();
    add_simulate();
  }

 private:
  CLI::App* add(CLI::App* parent, const std::string& name, const std::string& text) {
    CLI::App* command = parent->add_subcommand(name, text);
    command->fallthrough();
    return command;
  }
  CLI::App* add(const std::string& name, const std::string& text) { return add(&app_, name, text); }
  CLI::App* add_group(const std::string& name, const std::string& text) {
    CLI::App* group = add(name, text);
    group->require_subcommand(1);
    return group;
  }
  CLI::Option* words(CLI::App* command, const std::string& name, const std::string& text) {
    return command->add_option(name, a_.words, text)->type_name("");
  }
  void dry_run(CLI::App* command) {
    command->add_flag("--dry-run", a_.dry_run, "Say what would change, change nothing");
  }
  void lifetime(CLI::App* command) {
    command
        ->add_option("--for", a_.lifetime,
                     "For so long, such as 90s, 6h or 30d; without: until undone")
        ->type_name("TIME");
  }

  void add_global() {
    app_.set_version_flag("--version", "rampart " RAMPART_VERSION);
    app_.add_option("-c,--config", a_.config, "Configuration file")
        ->envname("RAMPART_CONFIG")
        ->type_name("FILE");
    app_.add_option("--tables", a_.tables,
                    "Directory of the shipped tables: replies.toml and others")
        ->type_name("DIR");
    app_.add_option("--socket", a_.socket,
                    "Command socket of the service; without: the configuration's")
        ->type_name("PATH");
    app_.add_flag("--json", a_.json, "Print JSON, errors too");
    app_.add_flag("--no-color", a_.no_color, "No colour, also on a terminal");
    app_.add_flag("-q,--quiet", a_.quiet, "Print nothing but errors");
    app_.require_subcommand(1);
  }
  void add_status() {
    CLI::App* status = add("status", "What is sent where, and what waits");
    status->add_option("--sender", a_.sender, "Only this sender")->type_name("NAME");
    status->add_option("--provider", a_.provider, "Only this provider")->type_name("NAME");
    status->add_option("--state", a_.state, "Only flows that are open, slowed, full or paused")
        ->check(CLI::IsMember({"open", "slowed", "full", "paused"}));
    status->add_flag("--all", a_.all, "Idle flows too");
    status->add_flag("--watch", a_.watch, "Again every two seconds, until interrupted");
  }
  void add_flow() {
    CLI::App* flow = add_group("flow", "One sender at one provider");
    const std::vector<std::pair<std::string, std::string>> verbs{
        {"show", "What is allowed, why, and what happens next"},
        {"pause", "Let nothing pass, for a time or until resumed"},
        {"resume", "End every pause of the flow and every stop of its sender"},
        {"reset", "Forget everything about the flow"}};
    for (const auto& [verb, text] : verbs) {
      CLI::App* command = add(flow, verb, text);
      words(command, "FLOW", "SENDER PROVIDER")->required()->expected(2);
      if (verb == "pause") {
        lifetime(command);
      } else if (verb == "reset") {
        command->add_flag("--yes", a_.yes, "Do not ask");
      }
    }
  }
  void add_explain() {
    CLI::App* explain = add("explain", "What a reply means and what rampart does about it");
    words(explain, "REPLY", "The reply; \"-\" reads replies from standard input, one a line");
    explain->add_flag(
        "--message", a_.message,
        "Read whole bounce mails from the files named instead (\"-\": standard input)");
    explain
        ->add_option("--queue-id", a_.queue_id, "What happened to this message; asks the service")
        ->type_name("ID");
    explain->add_flag("--codes", a_.codes, "Print the table of reply codes and enhanced codes");
    explain->add_option("--file", a_.file, "Read replies from a file, one a line")
        ->type_name("FILE");
    explain->add_flag("--jsonl", a_.jsonl,
                      "JSON lines in ({\"id\",\"reply\",\"host\",\"stage\",\"dsn\"}) and out");
    explain->add_option("--host", a_.host, "Server that gave the reply")->type_name("NAME");
    explain->add_option("--stage", a_.stage, "connect, helo, mail, rcpt, data or end-of-data")
        ->type_name("STAGE");
    explain->add_option("--dsn", a_.dsn, "Enhanced code that the MTA reported beside the reply")
        ->type_name("CODE");
    explain->add_option("--provider", a_.provider, "Provider that gave the reply")
        ->type_name("NAME");
  }
  void add_replies() {
    CLI::App* group = add_group("replies", "The different replies that were learned from");
    CLI::App* unknown = add(group, "unknown", "Those that no rule knows, most frequent first");
    unknown->add_flag("--rules", a_.rules, "Print a rule for each, to be completed and pasted");
    for (CLI::App* command : {unknown, add(group, "list", "All of them, most frequent first")}) {
      command->add_option("--provider", a_.provider, "Only of this provider")->type_name("NAME");
    }
  }
  void add_suppression() {
    CLI::App* group = suppression_ = add_group("suppression", "Addresses that must not be mailed");
    CLI::App* add_command =
        add(group, "add", "Suppress addresses, or whole domains (@example.org)");
    words(add_command, "ADDRESS", "user@example.org or @example.org")->required();
    CLI::App* remove = add(group, "remove", "Allow addresses again");
    words(remove, "ADDRESS", "as it was added")->required();
    CLI::App* why =
        add(group, "why", "Why an address is suppressed; exit code 1 if it is, 0 if not");
    words(why, "ADDRESS", "user@example.org or @example.org")->required()->expected(1);
    CLI::App* list = add(group, "list", "List what is suppressed");
    list->add_option("--reason", a_.reason, "hard, soft, import, operator or complaint")
        ->check(CLI::IsMember({"hard", "soft", "import", "operator", "complaint"}));
    list->add_option("--contains", a_.contains, "Only addresses with this part")->type_name("TEXT");
    list->add_flag("--pending", a_.pending,
                   "Only those that wait for a decision because a provider refused too many");
    list->add_option("--provider", a_.provider,
                     "With --pending: only those waiting because of this provider")
        ->type_name("NAME");
    CLI::App* import =
        add(group, "import", "Suppress every address of a list, one a line; - is standard input");
    words(import, "FILE", "the list")->required()->expected(1);
    import->add_flag("--skip-bad", a_.skip_bad, "Import the rest of a list with bad lines");
    for (CLI::App* command : {add_command, import}) {
      lifetime(command);
      command->add_option("--reason", a_.reason, "Your words, shown by `suppression why`")
          ->type_name("TEXT");
      dry_run(command);
    }
    for (CLI::App* command : {add_command, remove, import}) {
      command->add_option("--sender", a_.sender, "For this sender alone; without: for all")
          ->type_name("NAME");
    }
  }
  void add_pending() {
    const std::vector<std::pair<std::string, std::string>> verbs{
        {"confirm", "Suppress pending addresses: they are dead"},
        {"clear-pending", "Drop pending addresses: they are not dead"}};
    for (const auto& [verb, text] : verbs) {
      CLI::App* command = add(suppression_, verb, text);
      words(command, "ADDRESS", "user@example.org");
      command
          ->add_option("--provider", a_.provider,
                       "All that wait because of this provider (\"*\": of the whole host)")
          ->type_name("NAME");
      command->add_flag("--all", a_.all, "All that wait");
      command->add_flag("--yes", a_.yes, "Do not ask");
    }
  }
  void add_hold() {
    CLI::App* group = add_group("hold", "Mail that rampart put into the MTA's hold queue");
    CLI::App* list = add(group, "list", "What is held and why");
    list->add_flag("--ids", a_.ids, "Queue IDs only");
    list->add_flag("--full", a_.full, "Whole recipient addresses");
    CLI::App* release = add(group, "release", "Let held messages go now, whatever the allowance");
    CLI::App* drop = add(group, "drop", "Delete held messages");
    for (CLI::App* command : {release, drop}) {
      words(command, "ID", "queue IDs; \"-\" reads them from standard input");
      command->add_flag("--all", a_.all, "All that rampart holds");
      command->add_option("--flow", a_.flow, "With --all: of this flow only: SENDER PROVIDER")
          ->expected(2)
          ->type_name("");
      command->add_flag("--yes", a_.yes, "Do not ask");
      dry_run(command);
      mta(command);
    }
  }
  void add_releaser() {
    mta(add("releaser", "Run the root helper that releases held mail for the service"));
  }
  // Which MTA, and where it is, for what runs its tools.
  void mta(CLI::App* command) {
    command
        ->add_option("--mta", a_.mta.mta,
                     "postfix or sendmail; without: Postfix if there is a postsuper, else Sendmail")
        ->check(CLI::IsMember({"postfix", "sendmail"}));
    command->add_option("--mta-config", a_.mta.mta_config, "Postfix's configuration directory")
        ->envname("MAIL_CONFIG")
        ->type_name("DIR");
    command
        ->add_option("--sendmail-cf", a_.mta.sendmail_cf,
                     "Sendmail's configuration file; without: Sendmail's own default")
        ->type_name("FILE");
    const std::vector<std::pair<std::string, std::string*>> programs{
        {"postsuper", &a_.mta.postsuper},
        {"postqueue", &a_.mta.postqueue},
        {"postcat", &a_.mta.postcat},
        {"postconf", &a_.mta.postconf},
        {"sendmail", &a_.mta.sendmail}};
    for (const auto& [name, path] : programs) {
      command->add_option("--" + name, *path, "Path of the MTA's " + name)->type_name("PATH");
    }
  }
  void add_config() {
    CLI::App* group = add_group("config", "The configuration file");
    CLI::App* check = add(group, "check", "Say everything that is wrong with it");
    check->add_flag("--strict", a_.strict, "Exit code 1 for warnings too");
    CLI::App* show = add(group, "show", "Every key in force and where it came from");
    show->add_flag("--changed", a_.changed, "Only keys that the file sets");
    add(group, "reload", "Have the service take over the changed file, all of it or nothing");
  }
  void add_provider() {
    CLI::App* group = add_group("provider", "Who runs the mail of a domain");
    words(add(group, "of", "The provider of a recipient domain"), "DOMAIN", "the domain")
        ->required()
        ->expected(1);
    add(group, "list", "All providers with a name");
  }

  void add_feed() {
    CLI::App* feed = add("feed", "Hand log lines or a bounce mail to the service");
    words(feed, "INPUT", "\"-\": log lines from standard input, until it ends");
    feed->add_option("--name", a_.name, "Name of the source of the lines, shown by status")
        ->type_name("NAME");
    feed->add_flag("--wait", a_.wait, "Wait for a service that is away, and try again");
    feed->add_flag("--confirm", a_.confirm,
                   "Answer OK for each line, as rsyslog's omprog with confirmMessages=\"on\" asks");
    feed->add_flag("--message", a_.message, "Read one whole mail instead of lines");
    feed->add_flag("-v,--verbose", a_.verbose, "Say what became of it");
  }

  // Which old logs, and how to read them.
  void old_logs(CLI::App* command, const std::string& since) {
    words(command, "LOG", "files, plain or gzip, in any order")->required();
    command->add_option("--since", a_.since, since)->type_name("TIME");
    command
        ->add_option("--tz", a_.tz,
                     "Zone of stamps without one, such as Europe/Berlin; without: that of the "
                     "first [[report.log]]")
        ->type_name("ZONE");
    command->add_option("--format", a_.format, "postfix, sendmail or auto")
        ->check(CLI::IsMember({"postfix", "sendmail", "auto"}));
  }
  void add_learn() {
    CLI::App* learn = add("learn", "Raise levels to what old logs show");
    old_logs(learn, "Only what happened since: 2026-11-01, or 30d");
    dry_run(learn);
    learn->add_flag("--suppress", a_.suppress,
                    "Suppress addresses that answered that they do not exist");
    learn->add_flag("--all", a_.all, "Show all flows, not only the largest");
  }
  void add_replay() {
    CLI::App* replay =
        add("replay",
            "What the configuration would have done with the mail of old logs. Nothing is sent or "
            "stored. 421s are answers that say too fast, or a block. Those NOW are an estimate: at "
            "least those told to mail that went when it did in the log while its flow had sent no "
            "less in the hour before; at most every one that was told in the replay, also to mail "
            "that went later, which is told what the log said of it nearest to that time.");
    old_logs(replay, "Only what happened since: 2026-11-01, or 7d; earlier mail teaches levels");
    replay->add_flag("--unmatched", a_.unmatched, "Show the replies that no rule knows");
    replay->add_flag("--full", a_.full, "Show whole addresses and replies");
    replay->add_flag("--all", a_.all, "Show everything, not only the largest");
  }

  void add_transport() {
    CLI::App* group = add_group("transport", "The table that makes mail wait in Postfix's queue");
    add(group, "clear", "Write an empty table: for the set-up, and after the service has ended");
    CLI::App* guard = add(group, "guard", "Started by the service: clears the table after it");
    guard->add_option("--table", a_.table, "The table")->required();
    guard->add_option("--postmap", a_.postmap, "The program postmap")->required();
    guard->add_option("--mta-config", a_.mta.mta_config, "Directory of main.cf");
  }

  void add_simulate() {
    CLI::App* simulate = add("simulate", "Try the configured plan on simulated providers");
    words(simulate, "SCENARIO", "file that says who sends what to whom")->required()->expected(1);
    simulate->add_option("--seed", a_.seed, "Other draws for another number")->type_name("N");
    simulate->add_option("--seeds", a_.seeds, "So many draws, and their medians")->type_name("N");
    simulate->add_option("--days", a_.days, "Instead of the scenario's days")->type_name("N");
    simulate
        ->add_option("--against", a_.against,
                     "Compare with: none, cap, schedule, halving, oracle; several with commas")
        ->type_name("LIST");
  }

  CLI::App& app_;
  Arguments& a_;
  CLI::App* suppression_ = nullptr;
};

std::string name_of(const CLI::App& app) {
  std::string name;
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    name += (name.empty() ? "" : " ") + at->get_name();
  }
  return name;
}

bool has_word(int argc, const char* const* argv, std::string_view word) {
  return std::find(argv + std::min(argc, 1), argv + argc, word) != argv + argc;
}

}  // namespace

Parsed parse_arguments(int argc, const char* const* argv) {
  Parsed parsed;
  parsed.json = has_word(argc, argv, "--json");
  if (std::string mistyped = find_mistyped(argc, argv); !mistyped.empty()) {
    parsed.exit_code = kUsage;
    parsed.text = std::move(mistyped);
    return parsed;
  }
  Arguments arguments;
  CLI::App app(
      "Keeps outbound mail inside what each provider accepts, and away from dead addresses.",
      "rampart");
  Builder(app, arguments).build();
  const Names words = command_words(argc, argv);
  if (argc < 2 || (!words.empty() && words[0] == "help")) {
    parsed.text = app.help();
    parsed.exit_code = argc < 2 ? kUsage : 0;
    return parsed;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const CLI::App* at = &app;
    while (!at->get_subcommands().empty()) {
      at = at->get_subcommands().front();
    }
    parsed.text = at->help();
    return parsed;
  } catch (const CLI::CallForVersion& version) {
    parsed.text = std::string(version.what()) + '\n';
    return parsed;
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = kUsage;
    parsed.text = error.what();
    return parsed;
  }
  arguments.command = name_of(app);
  arguments.config_given = app.count("--config") > 0;
  parsed.arguments = std::move(arguments);
  return parsed;
}

}  // namespace rampart::cli
