// The command line as plain values: what was asked, not yet done.
//
// Errors: Parsed::text says what is wrong; the exit code of every usage error is 2.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rampart/release/mta_tools.h"

namespace rampart::cli {

struct Arguments {
  std::string config = "/etc/rampart/rampart.toml";
  bool config_given = false;  ///< by -c or RAMPART_CONFIG: then it must be there
  std::string tables;
  std::string socket;  ///< "": that of the configuration
  bool json = false;
  bool no_color = false;
  bool quiet = false;

  std::vector<std::string> words;  ///< what stands without an option
  std::string sender;
  std::string provider;
  std::string state;
  std::string lifetime;  ///< --for
  std::string reason;
  std::string contains;
  std::string file;
  std::string host;
  std::string stage;
  std::string dsn;
  std::vector<std::string> flow;  ///< --flow SENDER PROVIDER
  release::MtaOptions mta;
  std::string queue_id;
  std::string name = "stdin";  ///< of who brings lines
  std::string postmap;
  std::string table;             ///< --table
  std::string against = "none";  ///< controls to compare with, comma between
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  std::uint32_t days = 0;  ///< 0: the scenario's
  bool all = false;
  bool watch = false;
  bool jsonl = false;
  bool dry_run = false;
  bool skip_bad = false;
  bool ids = false;
  bool full = false;
  bool yes = false;
  bool changed = false;
  bool strict = false;
  bool codes = false;    ///< --codes
  bool message = false;  ///< --message: whole mails, not replies or lines
  bool rules = false;    ///< --rules
  bool pending = false;  ///< --pending
  bool wait = false;     ///< --wait: until the service is back
  bool confirm = false;  ///< --confirm: answer each line
  bool verbose = false;
  std::string since;       ///< --since
  std::string tz;          ///< --tz: zone of stamps without one
  std::string format;      ///< --format: of a log
  bool suppress = false;   ///< --suppress
  bool unmatched = false;  ///< --unmatched
};

struct Command;

struct Parsed {
  std::optional<Arguments> arguments;  ///< nullopt: print `text` and end
  const Command* command = nullptr;    ///< of the table in commands.h; there if arguments are
  int exit_code = 0;
  std::string text;   ///< help, version, or what is wrong
  bool json = false;  ///< --json was among the words: errors are JSON too
};

Parsed parse_arguments(int argc, const char* const* argv);

}  // namespace rampart::cli
