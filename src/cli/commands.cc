#include "commands.h"

#include <utility>

namespace rampart::cli {
namespace {

using A = Arguments;
using Mta = release::MtaOptions;
using Options = std::vector<Option>;
using Commands = std::vector<Command>;

template <class T>
std::vector<T> all_of(std::vector<std::vector<T>> lists) {
  std::vector<T> all;
  for (std::vector<T>& list : lists) {
    std::move(list.begin(), list.end(), std::back_inserter(all));
  }
  return all;
}

Option words(const char* name, const char* help, int count = 0) {
  return {name, "", help, &A::words, {}, "", count, true};
}
Option words_or_none(const char* name, const char* help) {
  return {name, "", help, &A::words};
}

Option dry_run() {
  return {"--dry-run", "", "Say what would change, change nothing", &A::dry_run};
}
Option lifetime() {
  return {"--for", "TIME", "For so long, such as 90s, 6h or 30d; without: until undone",
          &A::lifetime};
}
Option without_asking() {
  return {"--yes", "", "Do not ask", &A::yes};
}
Option provider(const char* help) {
  return {"--provider", "NAME", help, &A::provider};
}
Option sender(const char* help) {
  return {"--sender", "NAME", help, &A::sender};
}

// Which MTA, and where it is, for what runs its tools.
Options mta() {
  return {{"--mta",
           "",
           "postfix or sendmail; without: Postfix if there is a postsuper, else Sendmail",
           &Mta::mta,
           {"postfix", "sendmail"}},
          {"--mta-config",
           "DIR",
           "Postfix's configuration directory",
           &Mta::mta_config,
           {},
           "MAIL_CONFIG"},
          {"--sendmail-cf", "FILE",
           "Sendmail's configuration file; without: Sendmail's own default", &Mta::sendmail_cf},
          {"--postsuper", "PATH", "Path of the MTA's postsuper", &Mta::postsuper},
          {"--postqueue", "PATH", "Path of the MTA's postqueue", &Mta::postqueue},
          {"--postcat", "PATH", "Path of the MTA's postcat", &Mta::postcat},
          {"--postconf", "PATH", "Path of the MTA's postconf", &Mta::postconf},
          {"--sendmail", "PATH", "Path of the MTA's sendmail", &Mta::sendmail}};
}

// Which old logs, and how to read them.
Options old_logs(const char* since) {
  return {
      words("LOG", "files, plain or gzip, in any order"),
      {"--since", "TIME", since, &A::since},
      {"--tz", "ZONE",
       "Zone of stamps without one, such as Europe/Berlin; without: that of the first "
       "[[report.log]]",
       &A::tz},
      {"--format", "", "postfix, sendmail or auto", &A::format, {"postfix", "sendmail", "auto"}}};
}

Commands service_commands() {
  return {{"run", "Run the service in the foreground", nullptr, ""},
          {"status",
           "What is sent where, and what waits",
           run_status,
           "--state open --all",
           {sender("Only this sender"),
            provider("Only this provider"),
            {"--state",
             "",
             "Only flows that are open, slowed, full or paused",
             &A::state,
             {"open", "slowed", "full", "paused"}},
            {"--all", "", "Idle flows too", &A::all},
            {"--watch", "", "Again every two seconds, until interrupted", &A::watch}}}};
}

Commands flow_commands() {
  const Option flow = words("FLOW", "SENDER PROVIDER", 2);
  return {{"flow show",
           "What is allowed, why, and what happens next",
           run_flow_show,
           "a.example gmail",
           {flow}},
          {"flow pause",
           "Let nothing pass, for a time or until resumed",
           run_flow_pause,
           "a.example gmail --for 2h",
           {flow, lifetime()}},
          {"flow resume",
           "End every pause of the flow and every stop of its sender",
           run_flow_resume,
           "a.example gmail",
           {flow}},
          {"flow reset",
           "Forget everything about the flow",
           run_flow_reset,
           "a.example gmail --yes",
           {flow, without_asking()}}};
}

Commands reply_commands() {
  const Option of_provider = provider("Only of this provider");
  return {
      {"explain",
       "What a reply means and what rampart does about it",
       run_explain,
       "550 5.1.1 --stage rcpt",
       {words_or_none("REPLY", "The reply; \"-\" reads replies from standard input, one a line"),
        {"--message", "",
         "Read whole bounce mails from the files named instead (\"-\": standard input)",
         &A::message},
        {"--queue-id", "ID", "What happened to this message; asks the service", &A::queue_id},
        {"--codes", "", "Print the table of reply codes and enhanced codes", &A::codes},
        {"--file", "FILE", "Read replies from a file, one a line", &A::file},
        {"--jsonl", "", "JSON lines in ({\"id\",\"reply\",\"host\",\"stage\",\"dsn\"}) and out",
         &A::jsonl},
        {"--host", "NAME", "Server that gave the reply", &A::host},
        {"--stage", "STAGE", "connect, helo, mail, rcpt, data or end-of-data", &A::stage},
        {"--dsn", "CODE", "Enhanced code that the MTA reported beside the reply", &A::dsn},
        provider("Provider that gave the reply")}},
      {"replies unknown",
       "Those that no rule knows, most frequent first",
       run_replies_unknown,
       "--rules",
       {{"--rules", "", "Print a rule for each, to be completed and pasted", &A::rules},
        of_provider}},
      {"replies list",
       "All of them, most frequent first",
       run_replies_list,
       "--provider gmail",
       {of_provider}}};
}

Commands suppression_commands() {
  const Option for_sender = sender("For this sender alone; without: for all");
  const Options as_added{lifetime(),
                         {"--reason", "TEXT", "Your words, shown by `suppression why`", &A::reason},
                         dry_run(),
                         for_sender};
  return {
      {"suppression add", "Suppress addresses, or whole domains (@example.org)",
       run_suppression_add, "a@b.example @c.example --for 30d",
       all_of<Option>({{words("ADDRESS", "user@example.org or @example.org")}, as_added})},
      {"suppression remove",
       "Allow addresses again",
       run_suppression_remove,
       "a@b.example",
       {words("ADDRESS", "as it was added"), for_sender}},
      {"suppression why",
       "Why an address is suppressed; exit code 1 if it is, 0 if not",
       run_suppression_why,
       "a@b.example",
       {words("ADDRESS", "user@example.org or @example.org", 1)}},
      {"suppression list",
       "List what is suppressed",
       run_suppression_list,
       "--reason hard",
       {{"--reason",
         "",
         "hard, soft, import, operator or complaint",
         &A::reason,
         {"hard", "soft", "import", "operator", "complaint"}},
        {"--contains", "TEXT", "Only addresses with this part", &A::contains},
        {"--pending", "", "Only those that wait for a decision because a provider refused too many",
         &A::pending},
        provider("With --pending: only those waiting because of this provider")}},
      {"suppression import", "Suppress every address of a list, one a line; - is standard input",
       run_suppression_import, "-",
       all_of<Option>(
           {{words("FILE", "the list", 1),
             {"--skip-bad", "", "Import the rest of a list with bad lines", &A::skip_bad}},
            as_added})}};
}

Commands pending_commands() {
  const Options options{
      words_or_none("ADDRESS", "user@example.org"),
      provider("All that wait because of this provider (\"*\": of the whole host)"),
      {"--all", "", "All that wait", &A::all},
      without_asking()};
  return {{"suppression confirm", "Suppress pending addresses: they are dead",
           run_suppression_confirm, "--provider gmail --yes", options},
          {"suppression clear-pending", "Drop pending addresses: they are not dead",
           run_suppression_clear_pending, "a@b.example", options}};
}

Commands hold_commands() {
  const Options which = all_of<Option>(
      {{words_or_none("ID", "queue IDs; \"-\" reads them from standard input"),
        {"--all", "", "All that rampart holds", &A::all},
        {"--flow", "", "With --all: of this flow only: SENDER PROVIDER", &A::flow, {}, "", 2},
        without_asking(),
        dry_run()},
       mta()});
  return {{"hold list",
           "What is held and why",
           run_hold_list,
           "--ids",
           {{"--ids", "", "Queue IDs only", &A::ids},
            {"--full", "", "Whole recipient addresses", &A::full}}},
          {"hold release", "Let held messages go now, whatever the allowance", run_hold_release,
           "--all --flow a.example gmail", which},
          {"hold drop", "Delete held messages", run_hold_drop, "4Xk2Pq1z9R1", which},
          {"releaser", "Run the root helper that releases held mail for the service", run_releaser,
           "--mta postfix", mta()}};
}

Commands config_commands() {
  return {{"config check",
           "Say everything that is wrong with it",
           run_config_check,
           "--strict",
           {{"--strict", "", "Exit code 1 for warnings too", &A::strict}}},
          {"config show",
           "Every key in force and where it came from",
           run_config_show,
           "--changed",
           {{"--changed", "", "Only keys that the file sets", &A::changed}}},
          {"config reload", "Have the service take over the changed file, all of it or nothing",
           run_config_reload, ""},
          {"provider of",
           "The provider of a recipient domain",
           run_provider_of,
           "gmail.com",
           {words("DOMAIN", "the domain", 1)}},
          {"provider list", "All providers with a name", run_provider_list, ""}};
}

Commands log_commands() {
  return {
      {"feed",
       "Hand log lines or a bounce mail to the service",
       run_feed,
       "- --wait",
       {words_or_none("INPUT", "\"-\": log lines from standard input, until it ends"),
        {"--name", "NAME", "Name of the source of the lines, shown by status", &A::name},
        {"--wait", "", "Wait for a service that is away, and try again", &A::wait},
        {"--confirm", "",
         "Answer OK for each line, as rsyslog's omprog with confirmMessages=\"on\" asks",
         &A::confirm},
        {"--message", "", "Read one whole mail instead of lines", &A::message},
        {"-v,--verbose", "", "Say what became of it", &A::verbose}}},
      {"learn", "Raise levels to what old logs show", run_learn, "mail.log --since 30d",
       all_of<Option>({old_logs("Only what happened since: 2026-11-01, or 30d"),
                       {dry_run(),
                        {"--suppress", "",
                         "Suppress addresses that answered that they do not exist", &A::suppress},
                        {"--all", "", "Show all flows, not only the largest", &A::all}}})}};
}

Commands other_commands() {
  return {
      {"transport clear", "Write an empty table: for the set-up, and after the service has ended",
       run_transport_clear, ""},
      {"transport guard",
       "Started by the service: clears the table after it",
       run_transport_guard,
       "--table hash:/t --postmap /usr/sbin/postmap",
       {{"--table", "TABLE", "The table", &A::table, {}, "", 0, true},
        {"--postmap", "PATH", "The program postmap", &A::postmap, {}, "", 0, true},
        {"--mta-config", "DIR", "Directory of main.cf", &Mta::mta_config}}},
      {"replay",
       "What the configuration would have done with the mail of old logs. Nothing is sent or "
       "stored. 421s are answers that say too fast, or a block. Those NOW are an estimate: at "
       "least those told to mail that went when it did in the log while its flow had sent no "
       "less in the hour before; at most every one that was told in the replay, also to mail "
       "that went later, which is told what the log said of it nearest to that time.",
       run_replay, "mail.log mail.log.1 --format postfix",
       all_of<Option>(
           {old_logs("Only what happened since: 2026-11-01, or 7d; earlier mail teaches levels"),
            {{"--unmatched", "", "Show the replies that no rule knows", &A::unmatched},
             {"--full", "", "Show whole addresses and replies", &A::full},
             {"--all", "", "Show everything, not only the largest", &A::all}}})},
      {"simulate",
       "Try the configured plan on simulated providers",
       run_simulate,
       "plan.toml --seeds 3",
       {words("SCENARIO", "file that says who sends what to whom", 1),
        {"--seed", "N", "Other draws for another number", &A::seed},
        {"--seeds", "N", "So many draws, and their medians", &A::seeds},
        {"--days", "N", "Instead of the scenario's days", &A::days},
        {"--against", "LIST",
         "Compare with: none, cap, schedule, halving, oracle; several with commas", &A::against}}}};
}

}  // namespace

const std::vector<Option>& global_options() {
  static const Options kOptions{
      {"-c,--config", "FILE", "Configuration file", &A::config, {}, "RAMPART_CONFIG"},
      {"--tables", "DIR", "Directory of the shipped tables: replies.toml and others", &A::tables},
      {"--socket", "PATH", "Command socket of the service; without: the configuration's",
       &A::socket},
      {"--json", "", "Print JSON, errors too", &A::json},
      {"--no-color", "", "No colour, also on a terminal", &A::no_color},
      {"-q,--quiet", "", "Print nothing but errors", &A::quiet}};
  return kOptions;
}

const std::vector<Group>& groups() {
  static const std::vector<Group> kGroups{
      {"flow", "One sender at one provider"},
      {"replies", "The different replies that were learned from"},
      {"suppression", "Addresses that must not be mailed"},
      {"hold", "Mail that rampart put into the MTA's hold queue"},
      {"config", "The configuration file"},
      {"provider", "Who runs the mail of a domain"},
      {"transport", "The table that makes mail wait in Postfix's queue"}};
  return kGroups;
}

const std::vector<Command>& commands() {
  static const Commands kCommands = all_of<Command>(
      {service_commands(), flow_commands(), reply_commands(), suppression_commands(),
       pending_commands(), hold_commands(), config_commands(), log_commands(), other_commands()});
  return kCommands;
}

}  // namespace rampart::cli
