#include "unwrap.h"

#include <array>
#include <utility>

#include "fields.h"

namespace rampart::report {
namespace {

using mail::Reply;
using mail::Stage;
using Phrase = std::pair<std::string_view, Stage>;

// "(in reply to RCPT TO command)"
constexpr std::array<Phrase, 9> kCommands{{{"RCPT TO command", Stage::Rcpt},
                                           {"end of DATA command", Stage::EndOfData},
                                           {"MAIL FROM command", Stage::Mail},
                                           {"DATA command", Stage::Data},
                                           {"EHLO command", Stage::Helo},
                                           {"HELO command", Stage::Helo},
                                           {"LHLO command", Stage::Helo},
                                           {"STARTTLS command", Stage::Helo},
                                           {"AUTH command", Stage::Helo}}};

// "lost connection with X while ...", "conversation with X timed out while ..."
constexpr std::array<Phrase, 12> kActivities{
    {{"sending RCPT TO", Stage::Rcpt},
     {"sending DATA command", Stage::Data},
     {"sending message body", Stage::Data},
     {"sending end of data", Stage::EndOfData},
     {"sending MAIL FROM", Stage::Mail},
     {"receiving the initial server greeting", Stage::Connect},
     {"performing the initial protocol handshake", Stage::Helo},
     {"performing the EHLO handshake", Stage::Helo},
     {"performing the HELO handshake", Stage::Helo},
     {"performing the LHLO handshake", Stage::Helo},
     {"sending the STARTTLS command", Stage::Helo},
     {"performing SASL authentication", Stage::Helo}}};

Reply own_words(std::string_view text, Stage stage) {
  Reply reply;
  reply.text = bounded(text);
  reply.stage = stage;
  return reply;
}

Stage find_activity(std::string_view text) noexcept {
  for (const auto& [phrase, stage] : kActivities) {
    if (text.starts_with(phrase)) {
      return stage;
    }
  }
  return Stage::Unknown;
}

// Takes " (in reply to ...)" off the end. What precedes it is the remote's, so only the very end
// counts.
Stage consume_command(std::string_view& text, bool whole) noexcept {
  constexpr std::string_view kOpening = " (in reply to ";
  if (!whole || !text.ends_with(')')) {
    return Stage::Unknown;
  }
  const std::size_t at = text.rfind(kOpening);
  if (at == std::string_view::npos) {
    return Stage::Unknown;
  }
  std::string_view command = text.substr(at + kOpening.size());
  command.remove_suffix(1);
  for (const auto& [phrase, stage] : kCommands) {
    if (command == phrase) {
      text = text.substr(0, at);
      return stage;
    }
  }
  if (command.ends_with(" command")) {  // RSET, XFORWARD, ...
    text = text.substr(0, at);
  }
  return Stage::Unknown;
}

// "mx1.example.org[203.0.113.7]" or with ":25", up to `separator`. Neither part can contain a
// blank.
std::optional<mail::Relay> consume_host(std::string_view& text, std::string_view separator) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, blank);
  std::string_view rest = text.substr(blank);
  if (separator.front() == ':') {  // "connect to X:25: reason": the blank follows the colon
    if (!host.ends_with(':')) {
      return std::nullopt;
    }
    host.remove_suffix(1);
    separator.remove_prefix(1);
  }
  if (!consume(rest, separator) || host.find('[') == std::string_view::npos) {
    return std::nullopt;
  }
  text = rest;
  return parse_relay(host);
}

std::optional<Reply> unwrap_broken_connection(std::string_view text) {
  std::string_view rest = text;
  const bool lost = consume(rest, "lost connection with ") && consume_host(rest, " while ");
  const bool timed_out =
      !lost && consume(rest, "conversation with ") && consume_host(rest, " timed out while ");
  if (!lost && !timed_out) {
    return std::nullopt;
  }
  return own_words(text, find_activity(rest));
}

std::optional<Reply> unwrap_tls_or_auth(std::string_view text) {
  std::string_view rest = text;
  if (consume(rest, "TLS is required, but host ") &&
      consume_host(rest, " refused to start TLS: ")) {
    return mail::parse_reply(rest.substr(0, kFieldBytesMax), Stage::Helo);
  }
  rest = text;
  if (consume(rest, "SASL authentication failed; server ") && consume_host(rest, " said: ")) {
    return mail::parse_reply(rest.substr(0, kFieldBytesMax), Stage::Helo);
  }
  static constexpr std::array<std::string_view, 4> kHandshakes{
      "Cannot start TLS", "Server certificate not ", "TLS is required", "connect to "};
  for (const std::string_view prefix : kHandshakes) {
    if (text.starts_with(prefix)) {
      return own_words(text, Stage::Connect);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<HostWords> parse_host_words(std::string_view text, bool whole) {
  std::string_view rest = text;
  if (!consume(rest, "host ")) {
    return std::nullopt;
  }
  HostWords words;
  if (auto host = consume_host(rest, " said: ")) {
    words.relay = std::move(*host);
    const Stage stage = consume_command(rest, whole);
    while (rest.ends_with(' ')) {  // a bare "550" is logged as "550 "
      rest.remove_suffix(1);
    }
    words.reply = mail::parse_reply(rest.substr(0, kFieldBytesMax), stage);
    return words;
  }
  if (auto host = consume_host(rest, " refused to talk to me: ")) {
    // The greeting or the answer to EHLO; the log does not tell which.
    words.relay = std::move(*host);
    words.reply = mail::parse_reply(rest.substr(0, kFieldBytesMax), Stage::Connect);
    return words;
  }
  return std::nullopt;
}

std::optional<mail::Relay> find_connect_target(std::string_view text) {
  if (!consume(text, "connect to ")) {
    return std::nullopt;
  }
  return consume_host(text, ": ");
}

Reply unwrap_reply(std::string_view text, bool whole) {
  if (auto words = parse_host_words(text, whole)) {
    return std::move(words->reply);
  }
  if (auto reply = unwrap_broken_connection(text)) {
    return std::move(*reply);
  }
  if (auto reply = unwrap_tls_or_auth(text)) {
    return std::move(*reply);
  }
  return own_words(text, Stage::Unknown);
}

}  // namespace rampart::report
