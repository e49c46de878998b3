// What a configuration file fills in, before it is checked as a whole and turned into a Config.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rampart/config/config.h"

#include "findings.h"

namespace rampart::config {

/// The plan without volume limits, which no file can redefine.
inline constexpr std::string_view kNoPlan = "none";

struct Draft {
  /// Has the built-in plans.
  Draft();

  policy::Options engine;
  milter::Options milter;
  feed::Options feed;
  control::Options control;
  release::Options release;
  telemetry::LogOptions log;
  transport::Options transport;
  std::string tables;
  std::string replies_file;
  std::string store_url;
  std::vector<std::string> networks;       ///< [outbound]
  std::vector<std::string> own_addresses;  ///< [report]
  std::vector<std::string> history;        ///< [report]
  std::vector<std::string> maildirs;       ///< [dsn]
  std::vector<std::string> mboxes;         ///< [dsn]
  std::optional<bool> token;               ///< [dsn]; unset: if there is a door for bounces
  std::vector<provider::SenderSpec> senders;
  std::vector<provider::ProviderSpec> providers;
  std::vector<SuppressionList> lists;
  std::string queue_lifetime_origin;  ///< the MTA's setting; "": the file's, or the default
};

/// Where each value and each element of the file stands, by path: "ramp.plan", "rule[1].over",
/// "rule[1]".
using Places = std::map<std::string, Place, std::less<>>;

}  // namespace rampart::config
