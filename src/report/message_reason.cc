#include "message_reason.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "rampart/base/text.h"

#include "fields.h"
#include "mime.h"
#include "unwrap.h"

namespace rampart::report {
namespace {

using mail::Stage;

constexpr std::array<std::pair<std::string_view, Stage>, 22> kStageWords{
    {{"in reply to rcpt to", Stage::Rcpt},
     {"in reply to mail from", Stage::Mail},
     {"in reply to end of data", Stage::EndOfData},
     {"in reply to data", Stage::Data},
     {"in reply to ehlo", Stage::Helo},
     {"in reply to helo", Stage::Helo},
     {"after rcpt to", Stage::Rcpt},
     {"after mail from", Stage::Mail},
     {"after end of data", Stage::EndOfData},
     {"after pipelined end of data", Stage::EndOfData},
     {"after sending data block", Stage::EndOfData},
     {"after initial connection", Stage::Connect},
     {"after ehlo", Stage::Helo},
     {"after helo", Stage::Helo},
     {"after i sent the message", Stage::EndOfData},
     {"after data", Stage::Data},
     {"does not like recipient", Stage::Rcpt},
     {"but sender was rejected", Stage::Mail},
     {"but greeting failed", Stage::Connect},
     {"our rcpt to", Stage::Rcpt},
     {"our mail from", Stage::Mail},
     {"rcpt to response", Stage::Rcpt}}};

// Lines that programs put behind the remote's words.
constexpr std::array<std::string_view, 5> kAfterwords{"giving up on", "i'm not going to try again",
                                                      "step:", "reporting-mta:", "last retry:"};

// Digits, dot, digits, dot, digits, not part of a longer number: "5.1.1", not "5.5.2653.19".
std::optional<mail::EnhancedStatusCode> enhanced_at(std::string_view text, std::size_t at) {
  if (at > 0 && (base::is_alnum(text[at - 1]) || text[at - 1] == '.' || text[at - 1] == '-')) {
    return std::nullopt;
  }
  if (text[at] != '2' && text[at] != '4' && text[at] != '5') {
    return std::nullopt;
  }
  std::size_t end = at;
  while (end < text.size() && end < at + 10 && (base::is_digit(text[end]) || text[end] == '.')) {
    ++end;
  }
  if (end < text.size() && (base::is_alnum(text[end]) || text[end] == '-' || text[end] == '_')) {
    return std::nullopt;
  }
  while (end > at && text[end - 1] == '.') {
    --end;
  }
  std::string_view token = text.substr(at, end - at);
  return mail::consume_enhanced_status_code(token);
}

bool has_code_shape(std::string_view text, std::size_t at) noexcept {
  if (at + 3 > text.size() || (text[at] != '4' && text[at] != '5') || text[at + 1] > '5' ||
      !base::is_digit(text[at + 1]) || !base::is_digit(text[at + 2])) {
    return false;
  }
  if (at > 0 && (base::is_alnum(text[at - 1]) || text[at - 1] == '.' || text[at - 1] == '-' ||
                 text[at - 1] == '/' || text[at - 1] == '+')) {
    return false;
  }
  constexpr std::string_view kBehind = " -\n,;:)]\"'#";
  return at + 3 == text.size() || kBehind.find(text[at + 3]) != std::string_view::npos;
}

// True if what precedes position `at` introduces a reply.
bool is_introduced(std::string_view text, std::size_t at) noexcept {
  std::size_t end = at;
  while (end > 0 && base::is_blank(text[end - 1])) {
    --end;
  }
  if (end == 0) {
    return true;
  }
  constexpr std::string_view kOpening = "\n:;\"'(<[>=#";
  if (kOpening.find(text[end - 1]) != std::string_view::npos) {
    return true;
  }
  std::size_t start = end;
  while (start > 0 && base::is_alpha(text[start - 1])) {
    --start;
  }
  constexpr std::array<std::string_view, 12> kWords{"said",   "error",    "code",     "reply",
                                                    "was",    "response", "returned", "with",
                                                    "status", "failed",   "smtp",     "deferred"};
  for (const std::string_view word : kWords) {
    if (base::equal_ignoring_case(text.substr(start, end - start), word)) {
      return true;
    }
  }
  return false;
}

// A year or a size is no code: before a code stands something that introduces it, or an enhanced
// code follows.
std::size_t find_code(std::string_view text) {
  for (std::size_t i = 0; i + 3 <= text.size(); ++i) {
    if (!has_code_shape(text, i)) {
      continue;
    }
    std::size_t next = i + 3;
    while (next < text.size() &&
           (base::is_blank(text[next]) || text[next] == '-' || text[next] == '#')) {
      ++next;
    }
    const bool enhanced = next < text.size() && next > i + 3 && enhanced_at(text, next).has_value();
    if (enhanced || is_introduced(text, i)) {
      return i;
    }
  }
  return std::string_view::npos;
}

std::string_view without_afterwords(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view before = rest;
    const std::string line = base::to_lower(base::trim(take_line(rest)));
    for (const std::string_view phrase : kAfterwords) {
      if (line.starts_with(phrase) && before.size() < text.size()) {
        return text.substr(0, text.size() - before.size());
      }
    }
  }
  return text;
}

Stage find_stage(std::string_view text) {
  const std::string lower = base::to_lower(text);
  for (const auto& [words, stage] : kStageWords) {
    if (lower.find(words) != std::string::npos) {
      return stage;
    }
  }
  return Stage::Unknown;
}

}  // namespace

std::string join_lines(std::string_view lines) {
  std::string out;
  while (!lines.empty() && out.size() < kFieldBytesMax) {
    std::string_view line = base::trim(take_line(lines));
    if (line.starts_with("<<<") || line.starts_with(">>>")) {
      line = base::trim(line.substr(3));
    }
    if (line.empty()) {
      continue;
    }
    if (!out.empty()) {
      out += ' ';
    }
    out += line.substr(0, kFieldBytesMax);
  }
  out.resize(std::min(out.size(), kFieldBytesMax));
  return out;
}

std::optional<mail::EnhancedStatusCode> find_enhanced(std::string_view text) {
  for (std::size_t i = 0; i + 5 <= text.size(); ++i) {
    if (base::is_digit(text[i])) {
      if (auto code = enhanced_at(text, i)) {
        return code;
      }
    }
  }
  return std::nullopt;
}

mail::Reply read_reason(std::string_view reason) {
  constexpr std::size_t kLookedAt = 4 * kFieldBytesMax;
  reason = base::trim(reason.substr(0, kLookedAt));
  const std::string joined = join_lines(reason);
  if (mail::Reply plain = mail::parse_reply(joined, find_stage(joined)); plain.code != 0) {
    plain.text = join_lines(without_afterwords(reason));
    return plain;
  }
  if (mail::Reply unwrapped = unwrap_reply(joined, true); unwrapped.code != 0) {
    return unwrapped;
  }
  const Stage stage = find_stage(joined);
  const std::string_view own = without_afterwords(reason);
  if (const std::size_t at = find_code(own); at != std::string_view::npos) {
    mail::Reply reply = mail::parse_reply(join_lines(own.substr(at)), stage);
    if (reply.code == 0) {  // "550, 5.1.1 ..."
      reply.code = static_cast<std::uint16_t>(base::parse_uint(own.substr(at, 3)).value_or(0));
    }
    if (!reply.enhanced) {
      reply.enhanced = find_enhanced(reply.text);
    }
    return reply;
  }
  mail::Reply reply;
  reply.stage = stage;
  reply.text = join_lines(own);
  reply.enhanced = find_enhanced(reply.text);
  return reply;
}

}  // namespace rampart::report
