#include "zone.h"

#include <algorithm>

#include <cctz/time_zone.h>
#include <unistd.h>

#include "rampart/base/text.h"

namespace rampart::feed {
namespace {

using Kind = base::Error::Kind;

report::LocalInstants instants_of(const cctz::time_zone& zone, std::chrono::local_seconds time) {
  const cctz::civil_second civil = cctz::civil_second(1970, 1, 1) + time.time_since_epoch().count();
  const auto found = zone.lookup(civil);
  const bool twice = found.kind == cctz::time_zone::civil_lookup::REPEATED;
  return {found.pre, twice ? found.post : found.pre};
}

}  // namespace

base::Result<report::LocalTimeRule> load_zone(std::string_view name, const std::string& directory) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return base::is_alnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
  });
  if (!plain || name.starts_with('/') || name.size() > 100) {
    return base::Error{Kind::InvalidInput,
                       "\"" + base::printable(name, 100) + "\" is no time zone name"};
  }
  // With the whole path cctz does not look for $TZDIR.
  const std::string path = name.empty() ? "/etc/localtime" : directory + '/' + std::string(name);
  if (access(path.c_str(), F_OK) != 0) {
    return name.empty() ? base::Result<report::LocalTimeRule>(report::fixed_offset({}))
                        : base::Error{Kind::NotFound, path + ": no such time zone"};
  }
  cctz::time_zone zone;
  if (!cctz::load_time_zone(path, &zone)) {
    return base::Error{Kind::Corrupt, path + ": not a time zone file"};
  }
  return report::LocalTimeRule(
      [zone](std::chrono::local_seconds time) { return instants_of(zone, time); });
}

}  // namespace rampart::feed
