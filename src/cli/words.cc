#include "words.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include <fmt/format.h>

namespace rampart::cli {
namespace {

std::tm local(base::WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(time));
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return parts;
}

std::string clock_text(const std::tm& parts) {
  return fmt::format("{:02}:{:02}", parts.tm_hour, parts.tm_min);
}

std::string date_text(const std::tm& parts) {
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

}  // namespace

std::string local_clock(base::WallTime time, base::WallTime now) {
  const std::tm parts = local(time);
  const std::tm today = local(now);
  if (parts.tm_year == today.tm_year && parts.tm_yday == today.tm_yday) {
    return clock_text(parts);
  }
  if (time > now && time < now + std::chrono::hours{24 * 6}) {
    static constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed",
                                                           "Thu", "Fri", "Sat"};
    return fmt::format("{} {}", kDays.at(static_cast<std::size_t>(parts.tm_wday)),
                       clock_text(parts));
  }
  return date_text(parts) + ' ' + clock_text(parts);
}

std::string local_stamp(base::WallTime time) {
  const std::tm parts = local(time);
  return date_text(parts) + ' ' + clock_text(parts);
}

std::string local_seconds(base::WallTime time) {
  const std::tm parts = local(time);
  return fmt::format("{}:{:02}", clock_text(parts), parts.tm_sec);
}

std::string local_date(base::WallTime time) {
  return date_text(local(time));
}

std::string elapsed(base::Micros duration) {
  using std::chrono::duration_cast;
  const long long seconds =
      std::max<long long>(0, duration_cast<std::chrono::seconds>(duration).count());
  const std::array<std::pair<long long, char>, 4> units{
      {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}};
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (seconds >= units[i].first) {
      std::string text = fmt::format("{}{}", seconds / units[i].first, units[i].second);
      const long long rest = seconds % units[i].first;
      if (i + 1 < units.size() && rest >= units[i + 1].first) {
        text += fmt::format(" {}{}", rest / units[i + 1].first, units[i + 1].second);
      }
      return text;
    }
  }
  return "0s";
}

std::string masked(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos || at == 0) {
    return at == 0 ? std::string(address) : "***";
  }
  return fmt::format("{}***{}", at > 1 ? address.substr(0, 1) : "", address.substr(at));
}

std::string reason_in_words(std::string_view reason) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kWords{{
      {"stopped", "too many recipients of this sender do not exist"},
      {"paused", "the provider said \"too fast\" or blocked, or a person paused it"},
      {"host_paused", "several senders of this host were slowed or blocked at this provider"},
      {"one_at_a_time", "one message at a time until one is delivered"},
      {"waiting_for_deferred", "deferred mail waits in the MTA's queue, whose retry asks again"},
      {"day", "the day's allowance is used"},
      {"hour", "the hour's allowance is used"},
      {"pace", "mail is spaced evenly within the hour"},
      {"in_flight", "too much mail is under way whose fate is not known yet"},
      {"first_contact", "who runs this domain's mail is not known before its first answer"},
      {"limited", "lasting deferral taught a limit"},
      {"behind_held", "mail that came before it is held and goes first"},
      {"suppressed", "a recipient is suppressed"},
      {"pending", "a recipient may have to be suppressed"},
      {"none", "nothing stands in the way"},
  }};
  for (const auto& [name, words] : kWords) {
    if (name == reason) {
      return std::string(words);
    }
  }
  return std::string(reason);
}

std::string percent(double share) {
  return fmt::format("{:.3g}%", 100 * share);
}

std::string joined(const std::vector<std::string>& items) {
  return fmt::format("{}", fmt::join(items, ", "));
}

}  // namespace rampart::cli
