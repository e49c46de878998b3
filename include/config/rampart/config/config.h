// Configuration: one TOML file and two shipped tables -> every room's Options.
//
// Source: TOML 1.0. Keys, defaults and meanings: conf/rampart.toml.
// Threads: functions from any thread; a Config is a plain value.
// Errors: all problems of a file at once, each as "file:line:column: error|warning: text"; nothing
// is half loaded.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/control/options.h"
#include "rampart/feed/options.h"
#include "rampart/milter/options.h"
#include "rampart/policy/policy.h"
#include "rampart/provider/table.h"
#include "rampart/release/options.h"
#include "rampart/telemetry/log.h"
#include "rampart/transport/options.h"

namespace rampart::config {

/// One finding, for a person or an editor.
struct Problem {
  std::string file;
  std::size_t line = 0;  ///< from 1; 0 if it concerns the whole file
  std::size_t column = 0;
  bool is_error = true;
  std::string key;  ///< dotted, "" if none
  std::string text;
  std::string source_line;  ///< the line itself, for the caret
};
/// "rampart.toml:14:9: error: ..."
std::string to_string(const Problem& problem);

/// A list file of suppressed addresses.
struct SuppressionList {
  std::string file;
  std::string where;
};

struct Config {
  std::shared_ptr<const policy::Policy> policy;
  milter::Options milter;
  feed::Options feed;
  control::Options control;
  release::Options release;
  telemetry::LogOptions log;
  transport::Options transport;
  std::string store_url = "sqlite:/var/lib/rampart/rampart.db";  ///< or "memory:"
  std::vector<SuppressionList> suppression_lists;
  /// Keys that need a restart, with their values as TOML, always in the same order.
  std::vector<std::pair<std::string, std::string>> at_start;
};
/// The keys that differ and keep their old values until a restart.
std::vector<std::string> find_restart_keys(const Config& before, const Config& after);

struct Loaded {
  std::unique_ptr<Config> config;  ///< null if there is an error among the problems
  std::vector<Problem> problems;
};

/// Where the shipped tables are: `tables` in the file, else share/rampart beside the program's bin
/// directory, else /usr/share/rampart.
struct Where {
  std::string file;    ///< rampart.toml; "" for defaults only (explain without a configuration)
  std::string tables;  ///< directory of the shipped tables; "" to find it
};

Loaded load(const Where& where);

/// What rampart.toml says by itself.
struct FileConfig {
  release::Options release;
  transport::Options transport;
  telemetry::LogOptions log;
};
struct LoadedFile {
  std::unique_ptr<FileConfig> config;  ///< null if there is an error among the problems
  std::vector<Problem> problems;
};
/// Reads rampart.toml alone and no file that it names: those are for rampart's user to read, and
/// root would refuse some of them for their owner.
LoadedFile load_file(const Where& where);

/// Where the service is asked.
struct FoundSocket {
  std::optional<std::string> path;  ///< nullopt if the file does not tell
  std::vector<Problem> problems;    ///< errors, wherever in the file; `path` is good all the same
};
/// Reads rampart.toml alone: nothing else that is wrong must keep people from asking the service.
/// Of a file that is no TOML each table is read by itself, and the one with the error left out.
FoundSocket find_socket(const Where& where);

struct LoadedProviders {
  std::optional<provider::Table> providers;  ///< nullopt if there is an error among the problems
  std::vector<Problem> problems;
};
/// Reads rampart.toml and the shipped table of providers, and compiles no rule for replies.
LoadedProviders load_providers(const Where& where);

/// One key of the configuration as in force.
struct Setting {
  std::string key;
  std::string value;   ///< as TOML
  std::string origin;  ///< "rampart.toml:12" or "default"
};
/// Every key with its value in force and where it came from. Empty if the file has errors.
/// Repeated tables are counted from 1: "rule[2].over".
std::vector<Setting> show(const Where& where);

}  // namespace rampart::config
