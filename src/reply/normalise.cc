#include "rampart/reply/normalise.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rampart/base/text.h"

namespace rampart::reply {
namespace {

using mail::EnhancedStatusCode;
using mail::Stage;

constexpr int kWrappingsMax = 8;              // MTAs nest two or three
constexpr std::size_t kWrapBytesMax = 512;    // "host <name>[<address>] said: "
constexpr std::size_t kQuotedLocalMax = 128;  // a quoted local part in an address
constexpr std::uint16_t kSubjectMax = 7;      // RFC 3463 section 3: X.0 to X.7

// Length of the valid UTF-8 sequence at `text[at]`, or 0 (RFC 3629 section 4).
std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto tail = [&](std::size_t i) {
    return (byte(i) & 0xC0U) == 0x80U;
  };
  const unsigned lead = byte(0);
  if (lead >= 0xC2 && lead <= 0xDF) {
    return tail(1) ? 2 : 0;
  }
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = lead == 0xED && byte(1) > 0x9F;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && byte(1) < 0x90;
    const bool beyond = lead == 0xF4 && byte(1) > 0x8F;
    return tail(1) && tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

// Control bytes become blanks, runs of blanks one blank, broken UTF-8 '?'.
std::string clean(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t at = 0; at < raw.size();) {
    const auto byte = static_cast<unsigned char>(raw[at]);
    if (byte <= ' ' || byte == 0x7F) {
      if (!out.empty() && out.back() != ' ') {
        out += ' ';
      }
      ++at;
    } else if (byte < 0x80) {
      out += raw[at++];
    } else if (const std::size_t length = utf8_length(raw, at); length != 0) {
      out.append(raw, at, length);
      at += length;
    } else {
      out += '?';
      ++at;
    }
  }
  if (!out.empty() && out.back() == ' ') {
    out.pop_back();
  }
  return out;
}

bool consume_prefix(std::string_view& text, std::string_view prefix) noexcept {
  if (!base::equal_ignoring_case(text.substr(0, prefix.size()), prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
  }
  return true;
}

// Removes everything up to and including `mark` if it stands near the front.
bool consume_through(std::string_view& text, std::string_view mark) noexcept {
  const std::size_t at = text.substr(0, kWrapBytesMax).find(mark);
  if (at == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(at + mark.size());
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
  }
  return true;
}

// Takes one wrapping off the front; false when there is none.
bool unwrap_front(std::string_view& text, Stage& stage) noexcept {
  constexpr std::array<std::string_view, 13> kPlain{"delivery temporarily suspended:",
                                                    "Deferred:",
                                                    "stat=Deferred:",
                                                    "reply=",
                                                    "smtp;",
                                                    "x-postfix;",
                                                    "x-unix;",
                                                    "x-sendmail;",
                                                    "dns;",
                                                    "lmtp;",
                                                    "(",
                                                    "\"",
                                                    "<<<"};
  for (const std::string_view prefix : kPlain) {
    if (consume_prefix(text, prefix)) {
      return true;
    }
  }
  const bool connecting = base::equal_ignoring_case(text.substr(0, 11), "connect to ");
  const bool hosted = base::equal_ignoring_case(text.substr(0, 5), "host ");
  if ((connecting || hosted) && consume_through(text, "refused to talk to me:")) {
    stage = Stage::Connect;
    return true;
  }
  return hosted && consume_through(text, " said:");
}

struct Mark {
  std::string_view phrase;
  Stage stage;
};
// The first phrase that occurs decides. "end of DATA" contains "DATA".
constexpr std::array<Mark, 15> kReplyMarks{{
    {"(in reply to end of DATA command", Stage::EndOfData},
    {"(in reply to RCPT TO command", Stage::Rcpt},
    {"(in reply to MAIL FROM command", Stage::Mail},
    {"(in reply to DATA command", Stage::Data},
    {"(in reply to EHLO command", Stage::Helo},
    {"(in reply to HELO command", Stage::Helo},
    {"(in reply to AUTH command", Stage::Helo},
    {"(in reply to STARTTLS command", Stage::Helo},
    {"(in reply to LHLO command", Stage::Helo},
    {"(in reply to CONNECT command", Stage::Connect},
    {"after RCPT TO", Stage::Rcpt},
    {"after MAIL FROM", Stage::Mail},
    {"after end of data", Stage::EndOfData},
    {"after initial connection", Stage::Connect},
    {"after EHLO", Stage::Helo},
}};
// What Postfix says of a conversation that broke off.
constexpr std::array<Mark, 8> kBrokenMarks{{
    {"while sending RCPT TO", Stage::Rcpt},
    {"while sending MAIL FROM", Stage::Mail},
    {"while sending DATA command", Stage::Data},
    {"while sending message body", Stage::EndOfData},
    {"while sending end of data", Stage::EndOfData},
    {"while receiving the initial", Stage::Connect},
    {"while performing the EHLO", Stage::Helo},
    {"while performing the HELO", Stage::Helo},
}};

// The stage that the wrapping names; cuts "(in reply to ...)" off.
Stage consume_stage(std::string_view& text) noexcept {
  const bool broken = text.starts_with("lost connection") || text.starts_with("conversation with");
  if (broken) {
    for (const Mark& mark : kBrokenMarks) {
      if (text.find(mark.phrase) != std::string_view::npos) {
        return mark.stage;
      }
    }
  }
  // The last one: a server may quote such words itself, the MTA adds its own at the end.
  const std::size_t at = text.rfind("(in reply to ");
  const std::string_view tail = at == std::string_view::npos ? std::string_view{} : text.substr(at);
  for (const Mark& mark : kReplyMarks) {
    if (mark.phrase.front() == '(') {
      if (tail.starts_with(mark.phrase)) {
        text = base::trim(text.substr(0, at));
        return mark.stage;
      }
    } else if (text.starts_with("SMTP error from remote") &&
               text.find(mark.phrase) != std::string_view::npos) {
      return mark.stage;
    }
  }
  return Stage::Unknown;
}

// "550" at the start, and not a longer number; takes the separator after it.
std::uint16_t consume_code(std::string_view& text, bool& continued) noexcept {
  if (text.size() < 3 || text[0] < '2' || text[0] > '5' || !base::is_digit(text[1]) ||
      !base::is_digit(text[2])) {
    return 0;
  }
  constexpr std::string_view kSeparators = " -:,;_";
  if (text.size() > 3 && kSeparators.find(text[3]) == std::string_view::npos) {
    return 0;
  }
  continued = text.size() > 3 && text[3] == '-';
  const int code = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  text.remove_prefix(std::min<std::size_t>(text.size(), 4));
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
  }
  return static_cast<std::uint16_t>(code);
}

// "5.1.1" at the start, perhaps "#5.1.1" or "(#5.1.1)"; not an IP address or a version number.
std::optional<EnhancedStatusCode> consume_enhanced(std::string_view& text) noexcept {
  std::string_view rest = text;
  while (!rest.empty() && (rest.front() == '#' || rest.front() == '(' || rest.front() == '[')) {
    rest.remove_prefix(1);
  }
  const std::size_t end = std::min(rest.find_first_not_of("0123456789."), rest.size());
  std::string_view token = rest.substr(0, end);
  while (token.ends_with('.')) {
    token.remove_suffix(1);
  }
  if (end < rest.size() && base::is_alnum(rest[end])) {
    return std::nullopt;
  }
  const auto code = mail::consume_enhanced_status_code(token);
  if (!code || code->subject > kSubjectMax) {
    return std::nullopt;
  }
  rest.remove_prefix(end);
  rest.remove_prefix(std::min(rest.find_first_not_of(":,;)] "), rest.size()));
  text = rest;
  return code;
}

// The first enhanced code anywhere: "... (#5.1.1)".
std::optional<EnhancedStatusCode> find_enhanced(std::string_view text) noexcept {
  for (std::size_t at = 1; at + 5 <= text.size(); ++at) {
    const char before = text[at - 1];
    const bool starts = (text[at] == '5' || text[at] == '4') && text[at + 1] == '.';
    if (!starts || base::is_alnum(before) || before == '.' || before == '-' || before == '/') {
      continue;
    }
    std::string_view rest = text.substr(at);
    if (const auto code = consume_enhanced(rest)) {
      return code;
    }
  }
  return std::nullopt;
}

// A reply quoted inside other text: "Remote server returned '550 5.1.1 ...'", "said: 550 ...".
// @return where its code starts, or npos.
std::size_t find_quoted_reply(std::string_view text) noexcept {
  for (std::size_t at = 2; at + 4 <= text.size(); ++at) {
    const bool digits = (text[at] == '4' || text[at] == '5') && base::is_digit(text[at + 1]) &&
                        base::is_digit(text[at + 2]);
    if (!digits || (text[at + 3] != ' ' && text[at + 3] != '-')) {
      continue;
    }
    const char before = text[at - 1];
    const bool introduced = before == '\'' || before == '"' ||
                            (before == ' ' && (text[at - 2] == ':' || text[at - 2] == '>'));
    std::string_view rest = text.substr(at + 4);
    const bool enhanced = before == ' ' && consume_enhanced(rest).has_value();
    if (introduced || enhanced) {
      return at;
    }
  }
  return std::string_view::npos;
}

// Takes "550-5.1.1 ", "550 5.1.1 " and, in a reply of several lines, "550 " out of the middle.
std::string strip_repeated(std::string_view text, std::uint16_t code, bool continued) {
  std::string out;
  out.reserve(text.size());
  const std::string number = std::to_string(code);
  for (std::size_t at = 0; at < text.size();) {
    const bool word = at == 0 || text[at - 1] == ' ';
    std::string_view rest = text.substr(at);
    if (word && rest.starts_with(number)) {
      bool dash = false;
      const bool is_code = consume_code(rest, dash) == code;
      const bool enhanced = is_code && consume_enhanced(rest).has_value();
      if (enhanced || (is_code && (continued || dash))) {
        at = text.size() - rest.size();
        continue;
      }
    }
    out += text[at++];
  }
  return out;
}

bool is_local_byte(char c) noexcept {
  constexpr std::string_view kSpecials = "!#$%&'*+-/=?^_`{|}~.";
  return base::is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
         kSpecials.find(c) != std::string_view::npos;
}

bool is_domain_byte(char c) noexcept {
  return base::is_alnum(c) || c == '-' || c == '.' || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Drops a local part from the end of `out`.
void pop_local_part(std::string& out) {
  if (out.ends_with('"')) {
    const std::size_t from = out.size() > kQuotedLocalMax ? out.size() - kQuotedLocalMax : 0;
    const std::size_t open = std::string_view(out).substr(0, out.size() - 1).rfind('"');
    if (open != std::string::npos && open >= from) {
      out.resize(open);
    }
    return;
  }
  while (!out.empty() && is_local_byte(out.back()) && !out.ends_with("..")) {
    out.pop_back();  // "not allowed...user@": two dots are the end of a sentence
  }
}

// Every address becomes "@". A byte is appended once and dropped at most once: linear.
std::string hide_addresses(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '@') {
      out += text[at++];
      continue;
    }
    pop_local_part(out);
    out += '@';
    ++at;
    std::size_t end = at;
    while (end < text.size() && is_domain_byte(text[end])) {
      ++end;
    }
    while (end > at && text[end - 1] == '.') {
      --end;  // the full stop of the sentence
    }
    at = end;
  }
  return out;
}

void cut(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) {
    return;
  }
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0U) == 0x80U) {
    --bytes_max;
  }
  text.resize(bytes_max);
}

}  // namespace

Normalised normalise(std::string_view reply, Stage stage) {
  Normalised result;
  const std::string cleaned = clean(reply.substr(0, kReplyBytesMax));
  std::string_view text = cleaned;
  Stage wrapped = Stage::Unknown;
  for (int i = 0; i < kWrappingsMax && unwrap_front(text, wrapped); ++i) {
  }
  if (const Stage named = consume_stage(text); wrapped == Stage::Unknown) {
    wrapped = named;
  }
  result.stage = stage == Stage::Unknown ? wrapped : stage;

  bool continued = false;
  std::string body;
  result.code = consume_code(text, continued);
  if (result.code == 0) {
    result.enhanced = consume_enhanced(text);
    if (const std::size_t at = find_quoted_reply(text); at != std::string_view::npos) {
      std::string_view quoted = text.substr(at);
      result.code = consume_code(quoted, continued);
      if (const auto enhanced = consume_enhanced(quoted)) {
        result.enhanced = enhanced;
      }
    }
    body = text;
  } else {
    result.enhanced = consume_enhanced(text);
    body = strip_repeated(text, result.code, continued);
  }
  if (!result.enhanced) {
    result.enhanced = find_enhanced(body);
  }
  result.text = hide_addresses(body);
  cut(result.text, kTextBytesMax);
  return result;
}

std::optional<Normalised> read_acceptance(std::string_view reply, Stage stage) {
  if (stage == Stage::Unknown || reply.size() < 4 || reply[0] != '2' || reply[3] != ' ') {
    return std::nullopt;
  }
  Normalised result;
  result.stage = stage;
  std::string_view text = reply.substr(0, kReplyBytesMax);
  bool continued = false;
  result.code = consume_code(text, continued);
  result.enhanced = consume_enhanced(text);
  return result.code != 0 && result.enhanced ? std::optional(std::move(result)) : std::nullopt;
}

}  // namespace rampart::reply
