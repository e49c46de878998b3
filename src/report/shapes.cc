#include "shapes.h"

#include <array>
#include <utility>

#include "fields.h"
#include "unwrap.h"

namespace rampart::report {
namespace {

struct Service {
  std::string_view name;
  Family family;
};

// The busy ones first. The names are those of the programs, not of the entries in master.cf.
constexpr std::array kServices{Service{"smtp", Family::Delivers},
                               Service{"qmgr", Family::QueueManager},
                               Service{"smtpd", Family::Smtpd},
                               Service{"cleanup", Family::Cleanup},
                               Service{"bounce", Family::Bounce},
                               Service{"pickup", Family::Pickup},
                               Service{"local", Family::Delivers},
                               Service{"virtual", Family::Delivers},
                               Service{"lmtp", Family::Delivers},
                               Service{"pipe", Family::Delivers},
                               Service{"error", Family::Delivers},
                               Service{"retry", Family::Delivers},
                               Service{"discard", Family::Delivers},
                               Service{"anvil", Family::Quiet},
                               Service{"scache", Family::Quiet},
                               Service{"postscreen", Family::Quiet},
                               Service{"dnsblog", Family::Quiet},
                               Service{"tlsproxy", Family::Quiet},
                               Service{"tlsmgr", Family::Quiet},
                               Service{"verify", Family::Quiet},
                               Service{"trivial-rewrite", Family::Quiet},
                               Service{"proxymap", Family::Quiet},
                               Service{"master", Family::Quiet},
                               Service{"postfix-script", Family::Quiet},
                               Service{"postsuper", Family::Postsuper},
                               Service{"oqmgr", Family::QueueManager},
                               Service{"nqmgr", Family::QueueManager},
                               Service{"defer", Family::Bounce},
                               Service{"trace", Family::Bounce},
                               Service{"flush", Family::Quiet},
                               Service{"showq", Family::Quiet},
                               Service{"spawn", Family::Quiet},
                               Service{"qmqpd", Family::Smtpd},
                               Service{"sendmail", Family::Quiet},
                               Service{"postdrop", Family::Quiet},
                               Service{"postqueue", Family::Quiet},
                               Service{"postlog", Family::Quiet},
                               Service{"postlogd", Family::Quiet},
                               Service{"postalias", Family::Quiet},
                               Service{"postmap", Family::Quiet},
                               Service{"postconf", Family::Quiet},
                               Service{"postmulti", Family::Quiet},
                               Service{"postkick", Family::Quiet},
                               Service{"postlock", Family::Quiet},
                               Service{"postcat", Family::Quiet},
                               Service{"post-install", Family::Quiet},
                               Service{"postfix-tls-script", Family::Quiet},
                               Service{"postmulti-script", Family::Quiet},
                               Service{"newaliases", Family::Quiet},
                               Service{"mailq", Family::Quiet},
                               Service{"set-permissions", Family::Quiet},
                               Service{"postfix", Family::Quiet}};

// What any service may say and no one needs to hear.
constexpr std::array<std::string_view, 12> kCommonChatter{"warning: ",
                                                          "error: ",
                                                          "fatal: ",
                                                          "panic: ",
                                                          "message repeated ",
                                                          "statistics: ",
                                                          "table ",
                                                          "daemon started",
                                                          "terminating on signal ",
                                                          "reload ",
                                                          "using backwards-compatible ",
                                                          "dict_"};

constexpr std::array<std::string_view, 26> kDeliveryChatter{
    "connect to ",
    "lost connection with ",
    "conversation with ",
    "breaking line > ",
    "enabling PIX ",
    "Cannot start TLS",
    "Server certificate not ",
    "TLS is required",
    "TLS handshake failed",
    "SASL authentication failed",
    "Host or domain name not found",
    "Untrusted TLS connection ",
    "Trusted TLS connection ",
    "Verified TLS connection ",
    "Anonymous TLS connection ",
    "Host certificate ",
    "SSL_connect error ",
    "setting up TLS connection ",
    "certificate verification failed ",
    "server certificate verification failed ",
    "CA certificate verification failed ",
    "initializing the client-side TLS engine",
    "replacing command ",
    "SMTPUTF8 is required",
    "mail for ",
    "numeric hostname"};

constexpr std::array<std::string_view, 32> kSmtpdChatter{"connect from ",
                                                         "disconnect from ",
                                                         "lost connection after ",
                                                         "timeout after ",
                                                         "too many errors after ",
                                                         "improper command pipelining after ",
                                                         "discarding EHLO keywords",
                                                         "SSL_accept error ",
                                                         "setting up TLS connection ",
                                                         "Untrusted TLS connection ",
                                                         "Trusted TLS connection ",
                                                         "Verified TLS connection ",
                                                         "Anonymous TLS connection ",
                                                         "TLS SNI ",
                                                         "certificate verification failed ",
                                                         "initializing the server-side TLS engine",
                                                         "replacing command ",
                                                         "hangup after ",
                                                         "client=",
                                                         "proxy-accept: ",
                                                         "proxy-reject: ",
                                                         "reject: ",
                                                         "reject_warning: ",
                                                         "hold: ",
                                                         "filter: ",
                                                         "redirect: ",
                                                         "discard: ",
                                                         "bcc: ",
                                                         "prepend: ",
                                                         "warn: ",
                                                         "info: ",
                                                         "permit: "};

constexpr std::array<std::string_view, 20> kCleanupChatter{"resent-message-id=",
                                                           "reject: ",
                                                           "warning: ",
                                                           "hold: ",
                                                           "filter: ",
                                                           "redirect: ",
                                                           "discard: ",
                                                           "bcc: ",
                                                           "prepend: ",
                                                           "replace: ",
                                                           "strip: ",
                                                           "info: ",
                                                           "warn: ",
                                                           "pass: ",
                                                           "milter-header-warning: ",
                                                           "milter-header-filter: ",
                                                           "milter-header-redirect: ",
                                                           "milter-header-prepend: ",
                                                           "milter-header-bcc: ",
                                                           "milter-header-"};

constexpr std::array<std::string_view, 9> kPostsuperChatter{
    "Deleted: ", "Released from hold: ", "Placed on hold: ", "Requeued: ", "Expired: ", "requeued",
    "expired",   "force-expired",        "Renamed "};

Event ignored_if(bool known) {
  return known ? Event{Ignored{}} : Event{NotUnderstood{}};
}

Event read_queue_manager(const LineMessage& message) {
  std::string_view text = message.text;
  if (text.starts_with("to=<")) {
    return read_delivery(message.service, text);
  }
  if (text == "removed") {
    return Removed{};
  }
  if (!consume(text, "from=")) {
    return ignored_if(text.starts_with("skipped, still being delivered"));
  }
  auto sender = consume_address(text);
  if (!sender || !consume(text, ", ")) {
    return NotUnderstood{};
  }
  if (text == "status=expired, returned to sender" ||
      text == "status=force-expired, returned to sender") {
    return Expired{std::move(*sender)};
  }
  if (consume(text, "size=") && (!consume_number(text) || !consume(text, ", "))) {
    return NotUnderstood{};
  }
  if (!consume(text, "nrcpt=")) {
    return NotUnderstood{};
  }
  const auto recipients = consume_number(text);
  if (!recipients || !text.starts_with(" (queue active")) {
    return NotUnderstood{};
  }
  return QueueActive{std::move(*sender), *recipients};
}

// "from=<..> to=<..> proto=ESMTP helo=<..>", each part optional, and nothing else.
struct Envelope {
  mail::Address sender;
  std::optional<mail::Address> recipient;
};

std::optional<Envelope> parse_envelope(std::string_view text) {
  Envelope envelope;
  if (consume(text, "from=")) {
    auto sender = consume_address(text);
    if (!sender) {
      return std::nullopt;
    }
    envelope.sender = std::move(*sender);
    consume(text, " ");
  }
  if (consume(text, "to=")) {
    envelope.recipient = consume_address(text);
    if (!envelope.recipient) {
      return std::nullopt;
    }
    consume(text, " ");
  }
  if (!text.empty() && !text.starts_with("proto=") && !text.starts_with("helo=")) {
    return std::nullopt;
  }
  return envelope;
}

struct MilterAction {
  std::string_view stage;
  std::string_view text;
  Envelope envelope;
};

// "END-OF-MESSAGE from localhost[127.0.0.1]: 4.7.1 text; from=<..> to=<..> proto=.. helo=<..>". A
// milter's text may itself contain "; ": the envelope is what follows the first one that fits to
// the end.
std::optional<MilterAction> parse_milter_action(std::string_view text) {
  constexpr int kSemicolonsMax = 16;
  MilterAction action;
  const auto stage = consume_until(text, " from ");
  if (!stage || stage->empty() || stage->find(' ') != std::string_view::npos ||
      !consume_until(text, ": ")) {
    return std::nullopt;
  }
  action.stage = *stage;
  std::size_t at = text.find("; ");
  for (int i = 0; i < kSemicolonsMax && at != std::string_view::npos; ++i) {
    const std::string_view behind = text.substr(at + 2);
    const bool starts = behind.starts_with("from=<") || behind.starts_with("proto=");
    auto envelope = starts ? parse_envelope(behind) : std::nullopt;
    if (envelope) {
      action.text = text.substr(0, at);
      action.envelope = std::move(*envelope);
      return action;
    }
    at = text.find("; ", at + 2);
  }
  action.text = text;
  return action;
}

// The milter lines of smtpd and cleanup; nullopt if it is none of them.
std::optional<Event> read_milter_line(std::string_view text) {
  for (const std::string_view prefix : {"milter-header-reject: ", "milter-header-discard: "}) {
    if (consume(text, prefix)) {
      return MilterReject{"HEADER", bounded(text), {}, std::nullopt};
    }
  }
  if (text.starts_with("milter-header-hold: ")) {
    return MilterHold{"HEADER", {}, std::nullopt};
  }
  const bool hold = consume(text, "milter-hold: ");
  if (!hold && !consume(text, "milter-reject: ") && !consume(text, "milter-discard: ")) {
    return std::nullopt;
  }
  auto action = parse_milter_action(text);
  if (!action) {
    return NotUnderstood{};
  }
  Envelope& envelope = action->envelope;
  if (hold) {
    return MilterHold{bounded(action->stage), std::move(envelope.sender),
                      std::move(envelope.recipient)};
  }
  return MilterReject{bounded(action->stage), bounded(action->text), std::move(envelope.sender),
                      std::move(envelope.recipient)};
}

Event read_smtpd(const LineMessage& message) {
  std::string_view text = message.text;
  if (!message.queue_id->empty()) {
    if (consume(text, "client=")) {
      return Accepted{bounded(text.substr(0, text.find(", ")))};
    }
    if (text.starts_with("hold: ")) {
      return PlacedOnHold{};
    }
  }
  if (auto event = read_milter_line(text)) {
    return std::move(*event);
  }
  return ignored_if(starts_with_any(text, kSmtpdChatter));
}

Event read_cleanup(const LineMessage& message) {
  std::string_view text = message.text;
  if (consume(text, "message-id=")) {
    return MessageId{bounded(text)};
  }
  if (text.starts_with("to=<")) {
    return read_delivery(message.service, text);
  }
  if (text.starts_with("hold: ") && !message.queue_id->empty()) {
    return PlacedOnHold{};
  }
  if (auto event = read_milter_line(text)) {
    return std::move(*event);
  }
  return ignored_if(starts_with_any(text, kCleanupChatter));
}

Event read_delivering(const LineMessage& message) {
  const std::string_view text = message.text;
  if (!message.queue_id->empty()) {
    if (text.starts_with("to=<")) {
      return read_delivery(message.service, text);
    }
    if (text.starts_with("host ")) {
      auto words = parse_host_words(text, true);
      return words ? Event{RefusedToTalk{std::move(words->relay), std::move(words->reply)}}
                   : Event{NotUnderstood{}};
    }
  }
  return ignored_if(starts_with_any(text, kDeliveryChatter));
}

// "uid=103 from=<> orig_id=934B4A9ABBE"
Event read_pickup(const LineMessage& message) {
  std::string_view text = message.text;
  if (message.queue_id->empty() || !consume(text, "uid=") || !consume_number(text) ||
      !consume(text, " from=") || !consume_address(text)) {
    return NotUnderstood{};
  }
  if (text.empty()) {
    return Picked{};
  }
  if (consume(text, " orig_id=")) {
    if (auto old_id = mail::parse_queue_id(text)) {
      return Requeued{std::move(*old_id)};
    }
  }
  return NotUnderstood{};
}

Event read_bounce(const LineMessage& message) {
  std::string_view text = message.text;
  BounceSent sent;
  sent.to_postmaster = consume(text, "postmaster ");
  if (message.queue_id->empty() || (!sent.to_postmaster && !consume(text, "sender "))) {
    return NotUnderstood{};
  }
  if (consume(text, "non-delivery notification: ")) {
    sent.kind = BounceSent::Kind::Failure;
  } else if (consume(text, "delay notification: ")) {
    sent.kind = BounceSent::Kind::Delay;
  } else if (consume(text, "delivery status notification: ")) {
    sent.kind = BounceSent::Kind::Status;
  } else {
    return NotUnderstood{};
  }
  auto id = mail::parse_queue_id(text);
  if (!id) {
    return NotUnderstood{};
  }
  sent.dsn_id = std::move(*id);
  return sent;
}

Event read_postsuper(const LineMessage& message) {
  const std::string_view text = message.text;
  if (!message.queue_id->empty()) {
    if (text == "removed") {
      return Deleted{};
    }
    if (text == "released from hold") {
      return ReleasedFromHold{};
    }
    if (text == "placed on hold") {
      return PlacedOnHold{};
    }
  }
  return ignored_if(starts_with_any(text, kPostsuperChatter));
}

}  // namespace

Family find_family(std::string_view service) noexcept {
  for (const Service& known : kServices) {
    if (known.name == service) {
      return known.family;
    }
  }
  return Family::Unknown;
}

Event read_message(Family family, const LineMessage& message) {
  if (family == Family::Quiet || starts_with_any(message.text, kCommonChatter)) {
    return Ignored{};
  }
  switch (family) {
    case Family::Delivers:
      return read_delivering(message);
    case Family::QueueManager:
      return read_queue_manager(message);
    case Family::Smtpd:
      return read_smtpd(message);
    case Family::Cleanup:
      return read_cleanup(message);
    case Family::Pickup:
      return read_pickup(message);
    case Family::Bounce:
      return read_bounce(message);
    case Family::Postsuper:
      return read_postsuper(message);
    case Family::Unknown:
    case Family::Quiet:
      break;
  }
  return NotUnderstood{};
}

}  // namespace rampart::report
