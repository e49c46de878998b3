#include "zone.h"

#include <algorithm>
#include <cstdint>

#include <cctz/time_zone.h>

#include "rampart/base/file.h"
#include "rampart/base/text.h"

namespace rampart::feed {
namespace {

using base::Error;

constexpr std::size_t kZoneBytesMax = 256UL * 1024UL;

// cctz makes room for what a header tells before it reads that much, and takes what ends too early
// for whole: a damaged file must not get there.
bool is_whole(std::string_view file) {
  constexpr std::size_t kHeaderSize = 44;
  for (const std::size_t time_size : {4U, 8U}) {
    if (!file.starts_with("TZif") || file.size() < kHeaderSize) {
      return false;
    }
    const auto count = [file](std::size_t index) {
      std::uint64_t value = 0;
      for (const char c : file.substr(20 + 4 * index, 4)) {
        value = value << 8U | static_cast<unsigned char>(c);
      }
      return value;
    };
    const bool last = time_size == 8 || file[4] < '2';
    // UT and standard indicators, leap seconds, transitions, types, names.
    const std::uint64_t size = kHeaderSize + count(0) + count(1) + count(2) * (time_size + 4) +
                               count(3) * (time_size + 1) + count(4) * 6 + count(5);
    if (size > file.size()) {
      return false;
    }
    file.remove_prefix(size);
    if (last) {
      return time_size == 4 || (file.size() > 1 && file.starts_with('\n') && file.ends_with('\n'));
    }
  }
  return false;
}

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
    return Error{Error::Kind::InvalidInput,
                 "\"" + base::printable(name, 100) + "\" is no time zone name"};
  }
  // With the whole path cctz does not look for $TZDIR.
  const std::string path = name.empty() ? "/etc/localtime" : directory + '/' + std::string(name);
  const auto bytes = base::read_file(path, kZoneBytesMax);
  if (!bytes && bytes.error().kind == Error::Kind::NotFound) {
    return name.empty() ? base::Result<report::LocalTimeRule>(report::fixed_offset({}))
                        : Error{Error::Kind::NotFound, path + ": no such time zone"};
  }
  if (!bytes) {
    return bytes.error();
  }
  cctz::time_zone zone;
  if (!is_whole(*bytes) || !cctz::load_time_zone(path, &zone)) {
    return Error{Error::Kind::Corrupt, path + ": not a time zone file"};
  }
  return report::LocalTimeRule(
      [zone](std::chrono::local_seconds time) { return instants_of(zone, time); });
}

}  // namespace rampart::feed
