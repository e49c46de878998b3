#include "sendmail_delivery.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "rampart/base/text.h"

#include "fields.h"
#include "sendmail_fields.h"

namespace rampart::report {
namespace {

using mail::DeliveryStatus;
using mail::Stage;

constexpr std::size_t kRecipientsMax = 1000;

// Logged without reply and without address for a domain that takes no mail (RFC 7505).
constexpr std::string_view kNullMx = "5.1.10";

// Mailers that end on this host, by the names of Sendmail's own configuration files.
constexpr std::array<std::string_view, 14> kLocalMailers{
    "local",    "prog",  "*file*",  "*include*", "error",  "discard", "procmail",
    "maildrop", "cyrus", "cyrusv2", "cyrusbb",   "usenet", "fax",     "bsmtp"};

// What Sendmail says in the remote's place.
constexpr std::array<std::string_view, 2> kUntold{"User unknown", "Service unavailable"};

bool is_one_of(std::string_view text, const auto& list) noexcept {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// The fields behind the recipients, all of them views into the line.
struct Fields {
  std::string_view mailer;
  std::string_view relay;
  std::string_view quarantine;
  std::string_view dsn;
  std::optional<std::string_view> reply;
  std::string_view stat;
};

// "key=value, ", where the value is Sendmail's own and has no blank.
std::optional<std::string_view> consume_value(std::string_view& text, std::string_view key) {
  std::string_view rest = text;
  if (!consume(rest, key) || !consume(rest, "=")) {
    return std::nullopt;
  }
  const std::size_t end = rest.find_first_of(", ");
  if (end == std::string_view::npos || !rest.substr(end).starts_with(", ")) {
    return std::nullopt;
  }
  text = rest.substr(end + 2);
  return rest.substr(0, end);
}

// "<a>,<b>, " and, where the list goes on in another line, "<a>,<b>, [more], ".
std::optional<std::vector<std::string_view>> consume_list(std::string_view& text) {
  std::vector<std::string_view> list;
  std::string_view rest = text;
  while (list.size() < kRecipientsMax) {
    const auto element = consume_mailbox(rest);
    if (!element || !consume(rest, ",")) {
      return std::nullopt;
    }
    list.push_back(*element);
    if (consume(rest, " ")) {
      consume(rest, "[more], ");
      text = rest;
      return list;
    }
  }
  return std::nullopt;
}

// "mx1.sink.example. [203.0.113.100], ": neither part can hold a comma.
std::optional<std::string_view> consume_relay(std::string_view& text) {
  std::string_view rest = text;
  if (!consume(rest, "relay=")) {
    return std::nullopt;
  }
  const auto relay = consume_until(rest, ", ");
  if (relay) {
    text = rest;
  }
  return relay;
}

// Whether "stat=" says no more than what is said anyway: one of Sendmail's phrases, or the reply
// again.
bool fits_reply(std::string_view stat, std::string_view reply) noexcept {
  constexpr std::size_t kCompared = 16;
  if (!consume(stat, "Deferred")) {
    return stat.find(',') == std::string_view::npos && stat.find('=') == std::string_view::npos;
  }
  if (stat.empty() || !consume(stat, ": ") || stat.size() < 4 || reply.size() < 4) {
    return stat.empty();
  }
  // The dash behind the code may be on one side only.
  return stat.substr(0, 3) == reply.substr(0, 3) &&
         stat.substr(4, kCompared) == reply.substr(4, kCompared);
}

// "reply=450 4.2.1 x, stat=Deferred: 450 4.2.1 x": the remote's text may itself contain ", stat=".
bool split_reply(std::string_view text, Fields& fields) {
  constexpr std::string_view kMark = ", stat=";
  constexpr int kMarksMax = 16;
  std::size_t at = text.find(kMark);
  if (at == std::string_view::npos) {
    return false;
  }
  for (int i = 0; i < kMarksMax && at != std::string_view::npos; ++i) {
    fields.reply = text.substr(0, at);
    fields.stat = text.substr(at + kMark.size());
    if (fits_reply(fields.stat, *fields.reply)) {
      break;
    }
    at = text.find(kMark, at + kMark.size());
  }
  return true;
}

// "quarantine=why, stat=quarantined": why is anyone's text, and always the last but one.
bool split_quarantine(std::string_view text, Fields& fields) {
  constexpr std::string_view kEnd = ", stat=quarantined";
  if (!text.ends_with(kEnd)) {
    return false;
  }
  fields.quarantine = text.substr(0, text.size() - kEnd.size());
  fields.stat = "quarantined";
  return true;
}

bool is_duration(std::string_view text) noexcept {
  return text.find(':') != std::string_view::npos &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return base::is_digit(c) || c == ':' || c == '+'; });
}

std::optional<Fields> parse_fields(std::string_view text) {
  constexpr int kLineFieldsMax = 8;
  Fields fields;
  if (consume(text, "ctladdr=") && (!consume_mailbox(text) || !consume(text, ", "))) {
    return std::nullopt;
  }
  const auto delay = consume_value(text, "delay");
  if (!delay || !is_duration(*delay)) {
    return std::nullopt;
  }
  consume_value(text, "xdelay");
  fields.mailer = consume_value(text, "mailer").value_or(std::string_view());
  consume_value(text, "pri");
  if (consume(text, "quarantine=")) {
    return split_quarantine(text, fields) ? std::optional(fields) : std::nullopt;
  }
  fields.relay = consume_relay(text).value_or(std::string_view());
  for (int i = 0; i < kLineFieldsMax; ++i) {
    if (consume(text, "stat=")) {
      fields.stat = text;
      return fields;
    }
    if (consume(text, "reply=")) {
      return split_reply(text, fields) ? std::optional(fields) : std::nullopt;
    }
    const std::string_view key = text.substr(0, text.find_first_of("=, "));
    const auto value = consume_value(text, key);
    if (!value || key == "quarantine") {
      return std::nullopt;
    }
    if (key == "dsn") {
      fields.dsn = *value;
    }
  }
  return std::nullopt;
}

// "Sent (Ok)" is Sent, "Sentry" is not.
bool is_outcome(std::string_view stat, std::string_view word, std::string_view behind) noexcept {
  return consume(stat, word) && (stat.empty() || stat.starts_with(behind));
}

// The reply's code decides where there is one: what stands in "stat=" may be the remote's as well.
std::optional<DeliveryStatus> find_status(const Fields& fields) noexcept {
  const char reply = fields.reply && !fields.reply->empty() ? fields.reply->front() : ' ';
  if (reply == '4') {
    return DeliveryStatus::Deferred;
  }
  if (is_outcome(fields.stat, "Deferred", ": ")) {
    return DeliveryStatus::Deferred;
  }
  if (reply == '5') {
    return DeliveryStatus::Bounced;
  }
  if (is_outcome(fields.stat, "Sent", " (")) {
    return DeliveryStatus::Sent;
  }
  if (fields.stat == "queued" || fields.stat == "quarantined") {
    return DeliveryStatus::Deferred;
  }
  if (fields.dsn.starts_with('4')) {
    return DeliveryStatus::Deferred;
  }
  // Without a mailer: refused while the client was still there; nothing of it stays in the queue.
  if (fields.dsn.starts_with('5') || (fields.mailer.empty() && fields.dsn.empty())) {
    return DeliveryStatus::Bounced;
  }
  return std::nullopt;
}

// Replies that Sendmail writes itself when a connection breaks.
bool is_made_up(std::string_view reply) noexcept {
  static constexpr std::array<std::string_view, 3> kMadeUp{"421 4.4.1 Connection reset by ",
                                                           "421 4.4.1 Connection timed out with ",
                                                           "451 4.4.1 reply: read error from "};
  return starts_with_any(reply, kMadeUp);
}

// "454 4.7.0 TLS handshake failed." is what Sendmail's rules say of a host, not the host.
bool is_tls_rule(std::string_view text) noexcept {
  static constexpr std::array<std::string_view, 2> kRules{"454 4.7.0 TLS handshake", "403 4.7.0"};
  return starts_with_any(text, kRules);
}

Stage find_stage(const Fields& fields, const mail::Reply& reply) noexcept {
  if (fields.stat == "User unknown") {
    return Stage::Rcpt;
  }
  const bool class_only = fields.dsn == "4.5.0" || fields.dsn == "5.5.0";
  if (class_only && reply.enhanced && to_string(*reply.enhanced) != fields.dsn) {
    return Stage::Connect;
  }
  if (fields.dsn == "5.2.0" && reply.code == 550 && !reply.enhanced) {
    return Stage::EndOfData;
  }
  return Stage::Unknown;
}

mail::Reply remote_words(const Fields& fields, std::string_view words) {
  mail::Reply reply = mail::parse_reply(unescape(words), Stage::Unknown);
  reply.stage = find_stage(fields, reply);
  return reply;
}

mail::Reply stat_words(std::string_view text, Stage stage) {
  mail::Reply reply;
  reply.text = unescape(text);
  reply.stage = stage;
  return reply;
}

// "Sent (Ok: queued as X)": the code in front is cut off. Text that begins like another code is
// still behind a 250.
mail::Reply sent_words(std::string_view stat) {
  if (!consume(stat, "Sent (")) {
    return stat_words(stat, Stage::EndOfData);
  }
  stat.remove_suffix(stat.ends_with(')') ? 1 : 0);
  const std::string text = unescape(stat);
  const bool whole = mail::parse_reply(text, Stage::EndOfData).code / 100 == 2;
  return mail::parse_reply((whole ? text : "250 " + text).substr(0, kFieldBytesMax),
                           Stage::EndOfData);
}

mail::Reply find_reply(const Fields& fields, const Delivery& delivery, bool local) {
  if (local || delivery.relay.address.empty()) {
    std::string_view words = fields.reply.value_or(fields.stat);
    consume(words, "Deferred: ");
    if (!local && fields.dsn == kNullMx) {
      return stat_words("Recipient address has null MX", Stage::Unknown);  // not logged in words
    }
    const bool untold = !local && is_one_of(words, kUntold);
    return stat_words(untold ? std::string_view() : words, Stage::Unknown);
  }
  if (delivery.status == DeliveryStatus::Sent) {
    return sent_words(fields.stat);
  }
  if (fields.reply) {
    return is_made_up(*fields.reply) ? stat_words(*fields.reply, Stage::Unknown)
                                     : remote_words(fields, *fields.reply);
  }
  std::string_view words = fields.stat;
  consume(words, "Deferred: ");
  if (is_made_up(words)) {
    return stat_words(words, Stage::Unknown);
  }
  if (is_tls_rule(words)) {
    return stat_words(words, Stage::Connect);
  }
  if (mail::parse_reply(words.substr(0, 4), Stage::Unknown).code != 0) {
    return remote_words(fields, words);  // a version that has no "reply="
  }
  if (is_one_of(words, kUntold)) {
    return stat_words({}, find_stage(fields, {}));
  }
  return stat_words(words, fields.dsn == "4.4.1" ? Stage::Connect : Stage::Unknown);
}

// The code in "dsn=", unless Sendmail made it up for what a remote said.
std::optional<mail::EnhancedStatusCode> find_dsn(const Fields& fields, const Delivery& delivery) {
  static constexpr std::array<std::string_view, 6> kMadeUp{"5.1.1", "5.1.3", "5.1.6",
                                                           "5.0.0", "5.2.0", "5.5.0"};
  std::string_view text = fields.dsn;
  const auto dsn = mail::consume_enhanced_status_code(text);
  if (!delivery.attempted || !dsn) {
    return std::nullopt;
  }
  if (delivery.status != DeliveryStatus::Sent && delivery.reply.code != 0 &&
      delivery.reply.enhanced != dsn) {
    return std::nullopt;
  }
  const bool untold = !delivery.relay.address.empty() && delivery.reply.code == 0 &&
                      is_one_of(fields.stat, kUntold);
  return untold && is_one_of(fields.dsn, kMadeUp) ? std::nullopt : dsn;
}

// Without an address no host was asked. What Sendmail then found out by itself is an attempt, what
// it takes over from the attempt for another message is none.
bool is_attempt(const Fields& fields, const Delivery& delivery, bool local) noexcept {
  if (fields.mailer.empty() || fields.stat == "quarantined") {
    return false;
  }
  if (local || !delivery.relay.address.empty()) {
    return true;
  }
  if (fields.stat == "queued") {
    return !fields.dsn.empty();  // the name server failed; without a code it was never tried
  }
  static constexpr std::array<std::string_view, 4> kFound{
      "Host unknown", "Local configuration error", "Deferred: Name server", "Sent"};
  return starts_with_any(fields.stat, kFound) || fields.dsn == kNullMx;
}

bool is_at_this_host(const mail::Relay& relay) noexcept {
  return is_on_this_host(relay.address.empty() ? relay.host : relay.address) ||
         relay.host == "localhost";
}

// "6AL09JgR004320 Message accepted for delivery" of the daemon, "Ok: queued as X" of a filter.
std::optional<mail::QueueId> find_next_id(std::string_view stat) {
  if (!consume(stat, "Sent (")) {
    return std::nullopt;
  }
  stat.remove_suffix(stat.ends_with(')') ? 1 : 0);
  const std::size_t blank = stat.find(' ');
  if (blank != std::string_view::npos &&
      stat.substr(blank).starts_with(" Message accepted for delivery")) {
    return mail::parse_queue_id(stat.substr(0, blank));
  }
  return find_queued_as(stat);
}

}  // namespace

SendmailDeliveries parse_sendmail_deliveries(std::string_view text) {
  SendmailDeliveries result;
  consume(text, "to=");
  const auto recipients = consume_list(text);
  const auto fields = recipients ? parse_fields(text) : std::nullopt;
  const auto status = fields ? find_status(*fields) : std::nullopt;
  const auto relay = fields && !fields->relay.empty() ? parse_sendmail_relay(fields->relay)
                                                      : std::optional(mail::Relay{});
  if (!status || !relay) {
    return result;
  }
  Delivery delivery;
  const bool local = is_one_of(fields->mailer, kLocalMailers);
  const bool here = is_at_this_host(*relay);
  delivery.relay = *relay;
  delivery.status = *status;
  delivery.leaves_host = !fields->mailer.empty() && !local && !here;
  delivery.attempted = is_attempt(*fields, delivery, local);
  delivery.reply = find_reply(*fields, delivery, local);
  delivery.dsn = find_dsn(*fields, delivery);
  delivery.text = unescape(fields->reply.value_or(fields->stat));
  delivery.own = delivery.text.find(kOwnMark) != std::string::npos ||
                 fields->quarantine.find(kOwnMark) != std::string_view::npos;
  if (here && !local && delivery.status == DeliveryStatus::Sent) {
    delivery.forwarded_as = find_next_id(fields->stat);
  }
  if (local) {
    delivery.relay = {std::string(fields->mailer), "", 0};
  } else if (delivery.relay.address.empty()) {
    delivery.relay = {};
    delivery.relay_none = true;
  }
  result.mailer = bounded(fields->mailer);
  for (const std::string_view recipient : *recipients) {
    result.deliveries.push_back(delivery);
    result.deliveries.back().recipient = to_mailbox(recipient);
  }
  return result;
}

}  // namespace rampart::report
