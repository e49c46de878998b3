#include "text.h"

#include <algorithm>

#include <fmt/format.h>

#include "rampart/base/text.h"
#include "rampart/mail/reply.h"

namespace rampart::engine {
namespace {

constexpr std::size_t kTextBytesMax = 400;

std::string_view words_of(ramp::Reason reason) noexcept {
  switch (reason) {
    case ramp::Reason::Stopped:
      return "is stopped (too many recipients that do not exist)";
    case ramp::Reason::Paused:
    case ramp::Reason::HostPaused:
    case ramp::Reason::OneAtATime:
    case ramp::Reason::WaitingForDeferred:
      return "is paused";
    case ramp::Reason::BehindHeld:
      return "has mail waiting that came before";
    default:
      return "is at its limit";
  }
}

// '%' is a format character to Sendmail and vanishes in Postfix.
std::string clean(std::string text) {
  text = base::printable(text, kTextBytesMax);
  std::replace(text.begin(), text.end(), '%', '?');
  return text;
}

}  // namespace

std::string text_of_over(const ramp::FlowKey& key,
                         ramp::Reason reason,
                         base::WallTime until,
                         base::WallTime now,
                         base::Micros warn_wait) {
  std::string text = fmt::format("rampart: {} to {} {}; try again after {} UTC", key.sender,
                                 key.provider, words_of(reason), base::format_clock(until, now));
  if (until - now > warn_wait) {
    text += fmt::format("; expected wait {}", base::format_duration(until - now));
  }
  return clean(std::move(text));
}

std::string text_of_suppressed(std::string_view address, const suppression::Entry& entry) {
  const std::string day = base::format_utc(entry.since).substr(0, 10);
  const std::string codes = codes_of(entry.evidence);
  const bool learned =
      entry.reason == suppression::Reason::Hard || entry.reason == suppression::Reason::Soft;
  const std::string why =
      learned && !codes.empty()
          ? fmt::format("{} on {}", codes, day)
          : fmt::format("{} since {}", suppression::to_string(entry.reason), day);
  return clean(fmt::format("rampart: {} is suppressed ({}); ask postmaster", address, why));
}

Verdict make_defer(std::string text) {
  return {Verdict::Answer::Defer, "451", "4.7.1", std::move(text)};
}

Verdict make_unavailable() {
  return {Verdict::Answer::Defer, "451", "4.3.0", "rampart: temporary problem; try again later"};
}

Verdict make_reject(std::string text, std::string_view enhanced) {
  return {Verdict::Answer::Reject, "550", std::string(enhanced), std::move(text)};
}

base::Error unreadable(const base::Error& error) {
  return {error.kind, "the store cannot be read: " + error.what};
}

std::string codes_of(std::string_view evidence) {
  const mail::Reply reply = mail::parse_reply(evidence, mail::Stage::Unknown);
  if (reply.code == 0) {
    return {};
  }
  const std::string code = std::to_string(reply.code);
  return reply.enhanced ? code + ' ' + to_string(*reply.enhanced) : code;
}

}  // namespace rampart::engine
