#include "strict_reply.h"

#include <algorithm>

#include "rampart/base/text.h"

namespace rampart::milter {
namespace {

constexpr std::string_view kPrefix = "rampart:";

bool is_code(std::string_view code, char reply_class) noexcept {
  return code.size() == 3 && code[0] == reply_class && code[1] >= '0' && code[1] <= '5' &&
         base::is_digit(code[2]) && code != "421";
}

// "d.ddd.ddd" without leading zeros, RFC 3463 section 2.
bool is_enhanced(std::string_view enhanced, char reply_class) {
  const auto parts = base::split(enhanced, '.');
  return parts.size() == 3 && parts[0].size() == 1 && parts[0][0] == reply_class &&
         std::all_of(parts.begin() + 1, parts.end(), [](std::string_view part) {
           return !part.empty() && part.size() <= 3 &&
                  std::all_of(part.begin(), part.end(), base::is_digit) &&
                  (part.size() == 1 || part[0] != '0');
         });
}

}  // namespace

std::string strict_text(std::string_view text, std::size_t bytes_max) {
  std::string result(text.substr(0, bytes_max));
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c < ' ' || c > '~' || c == '%'; }, '?');
  return result;
}

StrictReply strict_reply(const engine::Verdict& verdict) {
  const bool permanent = verdict.answer == engine::Verdict::Answer::Reject;
  const char reply_class = permanent ? '5' : '4';
  StrictReply reply;
  if (is_code(verdict.code, reply_class) && is_enhanced(verdict.enhanced, reply_class)) {
    reply.code = verdict.code;
    reply.enhanced = verdict.enhanced;
  } else {
    reply.code = permanent ? "550" : "451";
    reply.enhanced = permanent ? "5.7.1" : "4.7.1";
    reply.corrected = true;
  }
  std::string text = verdict.text;
  if (base::trim(text).empty()) {
    text = permanent ? "rampart: not accepted" : "rampart: not now, please try again later";
  } else if (!text.starts_with(kPrefix)) {
    text = std::string(kPrefix) + ' ' + text;
  }
  reply.text = strict_text(text);
  reply.corrected = reply.corrected || reply.text != verdict.text;
  return reply;
}

}  // namespace rampart::milter
