// Where the returned message begins.

#include <array>
#include <string>

#include "rampart/base/text.h"

#include "message_notice.h"
#include "mime.h"

namespace rampart::report {
namespace {

// Said of the message wherever they stand in a short line.
constexpr std::array<std::string_view, 19> kAnnouncements{
    "below this line is a copy", "copy of the message",
    "copy of the original",      "copy of your message",
    "copy of the first part",    "copy of the header",
    "copy of this message",      "original message follow",
    "original mail as follows",  "message headers follow",
    "message header follow",     "message text follows",
    "message contents follow",   "mail follows",
    "message follows",           "headers of the message",
    "first few lines of",        "lines of the message",
    "headers of the original"};
// Only as a heading: in a line that begins with a rule, or at the end of one.
constexpr std::array<std::string_view, 14> kHeadings{
    "original message",  "original mail",       "originalnachricht",   "mensaje original",
    "message d'origine", "mensagem original",   "messaggio originale", "returned message",
    "unsent message",    "undelivered message", "bounced e-mail",      "bounced message",
    "message header",    "begin message"};

// Fields that mails have and notices do not write by themselves.
constexpr std::array<std::string_view, 6> kTransportFields{
    "received", "return-path", "dkim-signature", "x-originating-ip", "delivered-to", "envelope-to"};
constexpr std::array<std::string_view, 10> kMailFields{
    "received", "return-path", "message-id", "from",         "to",
    "subject",  "date",        "x-mailer",   "mime-version", "content-type"};

std::string_view without_quote_marks(std::string_view line) noexcept {
  const std::size_t start = line.find_first_not_of(" \t>|");
  return start == std::string_view::npos ? std::string_view() : line.substr(start);
}

template <std::size_t N>
bool is_one_of(std::string_view line, const std::array<std::string_view, N>& names) {
  const std::string_view name = base::trim(line.substr(0, line.find(':')));
  for (const std::string_view candidate : names) {
    if (base::equal_ignoring_case(name, candidate)) {
      return true;
    }
  }
  return false;
}

bool is_mail_field(std::string_view line) {
  return is_field_line(line) &&
         (is_one_of(line, kMailFields) || is_one_of(line, kTransportFields) ||
          base::equal_ignoring_case(line.substr(0, 2), "x-"));
}

// Looks at up to 16 lines from `text` on: three fields or more, one of them of transport, or five.
bool is_mail_header(std::string_view text) {
  constexpr int kLinesMax = 16;
  constexpr std::size_t kColumnsMax = 1000;
  int fields = 0;
  bool transport = false;
  if (!is_mail_field(without_quote_marks(text.substr(0, text.find('\n')).substr(0, kColumnsMax)))) {
    return false;
  }
  for (int i = 0; i < kLinesMax && !text.empty(); ++i) {
    const std::string_view line = take_line(text).substr(0, kColumnsMax);
    const std::string_view bare = without_quote_marks(line);
    if (bare.empty()) {
      break;
    }
    if (is_field_line(bare)) {
      ++fields;
      transport = transport || is_one_of(bare, kTransportFields);
    } else if (bare.size() == line.size()) {
      break;  // neither folded nor quoted
    }
  }
  return (fields >= 3 && transport) || fields >= 5 || (fields >= 2 && transport && text.empty());
}

// A line of a header within the next few lines, or nothing but empty lines.
bool leads_to_header(std::string_view text) {
  constexpr int kLinesMax = 8;
  bool empty = true;
  for (int i = 0; i < kLinesMax && !text.empty(); ++i) {
    const std::string_view line = without_quote_marks(take_line(text));
    if (line.starts_with("From ") || is_mail_field(line)) {
      return true;
    }
    empty = empty && line.empty();
  }
  return empty;
}

bool is_announcement(std::string_view line, std::string_view behind) {
  constexpr std::size_t kColumnsMax = 120;
  const std::string_view bare = base::trim(line);
  if (bare.size() > kColumnsMax || bare.size() < 8) {
    return false;
  }
  std::string lower = base::to_lower(bare);
  const bool ruled = lower.starts_with("---") || lower.starts_with("===") ||
                     lower.starts_with("***") || lower.starts_with("___");
  for (const std::string_view phrase : kAnnouncements) {
    if (lower.find(phrase) != std::string::npos) {
      return ruled || leads_to_header(behind);
    }
  }
  while (!lower.empty() && !base::is_alpha(lower.back())) {
    lower.pop_back();
  }
  for (const std::string_view phrase : kHeadings) {
    const std::size_t at = lower.find(phrase);
    if (at != std::string::npos && (ruled || at + phrase.size() == lower.size())) {
      return ruled || leads_to_header(behind);
    }
  }
  return false;
}

}  // namespace

Notice split_notice(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view here = rest;
    const std::string_view line = take_line(rest);
    if (is_announcement(line, rest)) {
      return {text.substr(0, text.size() - here.size()), rest};
    }
    if (is_mail_header(here)) {
      return {text.substr(0, text.size() - here.size()), here};
    }
  }
  return {text, {}};
}

}  // namespace rampart::report
