// Delivery lines: "to=<..>, [orig_to=<..>, ]relay=.., [conn_use=N, ]delay=.., delays=.., dsn=..,
// status=sent (...)".

#include <array>
#include <utility>

#include "fields.h"
#include "shapes.h"
#include "unwrap.h"

namespace rampart::report {
namespace {

// No unit of mail moves for "deliverable" and "undeliverable": these are address probes of
// verify(8), sendmail -bv and sendmail -v.
enum class Outcome : std::uint8_t { Unknown, Probe, Known };

struct Status {
  Outcome outcome = Outcome::Unknown;
  mail::DeliveryStatus status = mail::DeliveryStatus::Sent;
};

Status find_status(std::string_view word) noexcept {
  using mail::DeliveryStatus;
  if (word == "sent") {
    return {Outcome::Known, DeliveryStatus::Sent};
  }
  if (word == "deferred" || word == "SOFTBOUNCE") {
    return {Outcome::Known, DeliveryStatus::Deferred};
  }
  if (word == "bounced") {
    return {Outcome::Known, DeliveryStatus::Bounced};
  }
  if (word == "expired") {
    return {Outcome::Known, DeliveryStatus::Expired};
  }
  if (word == "deliverable" || word == "undeliverable") {
    return {Outcome::Probe, DeliveryStatus::Sent};
  }
  return {};
}

// The fields between the addresses and the parenthesis.
struct FixedFields {
  std::string_view relay;
  std::string_view dsn;
  std::string_view status;
};

// "relay=..." comes first and "status=..." last; between them Postfix's versions differ. None of
// the values can contain a comma or a blank: they are host names, numbers and codes of Postfix's
// own.
std::optional<FixedFields> consume_fixed_fields(std::string_view& text) {
  constexpr int kLineFieldsMax = 16;
  FixedFields fields;
  std::string_view rest = text;
  if (!consume(rest, "relay=")) {
    return std::nullopt;
  }
  const auto relay = consume_until(rest, ", ");
  if (!relay) {
    return std::nullopt;
  }
  fields.relay = *relay;
  for (int i = 0; i < kLineFieldsMax; ++i) {
    if (consume(rest, "status=")) {
      const std::size_t end = rest.find(' ');
      fields.status = rest.substr(0, end);
      rest.remove_prefix(fields.status.size());
      text = rest;
      return fields;
    }
    const std::size_t end = rest.find_first_of(", =");
    if (end == std::string_view::npos || rest[end] != '=') {
      return std::nullopt;
    }
    const std::string_view key = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    const std::size_t value_end = rest.find_first_of(", ");
    if (value_end == std::string_view::npos || !rest.substr(value_end).starts_with(", ")) {
      return std::nullopt;
    }
    if (key == "dsn") {
      fields.dsn = rest.substr(0, value_end);
    }
    rest.remove_prefix(value_end + 2);
  }
  return std::nullopt;
}

bool is_own_queue(std::string_view service) noexcept {
  static constexpr std::array<std::string_view, 6> kServices{"error", "retry", "cleanup",
                                                             "qmgr",  "oqmgr", "nqmgr"};
  for (const std::string_view name : kServices) {
    if (service == name) {
      return true;
    }
  }
  return false;
}

// Only smtp(8) carries mail away, and not when it talks to this host, such as to a content filter.
bool leaves_this_host(std::string_view service, const Delivery& delivery) {
  if (service != "smtp") {
    return false;
  }
  if (!delivery.relay_none) {
    return !is_on_this_host(delivery.relay.address) && !delivery.relay.address.empty();
  }
  const auto target = find_connect_target(delivery.text);
  return !target || !is_on_this_host(target->address);
}

std::optional<mail::QueueId> find_next_id(std::string_view service, const Delivery& delivery) {
  if (delivery.status != mail::DeliveryStatus::Sent) {
    return std::nullopt;
  }
  std::string_view text = delivery.text;
  if (service == "local") {
    return consume(text, "forwarded as ") ? mail::parse_queue_id(text) : std::nullopt;
  }
  const bool filter = (service == "smtp" || service == "lmtp") && !delivery.relay_none &&
                      is_on_this_host(delivery.relay.address);
  return filter ? find_queued_as(text) : std::nullopt;
}

mail::Reply find_reply(std::string_view service, const Delivery& delivery, bool whole) {
  mail::Reply reply;
  if (service != "smtp" && service != "lmtp") {
    reply.text = delivery.text;
    return reply;
  }
  if (delivery.status == mail::DeliveryStatus::Sent) {
    return mail::parse_reply(delivery.text, mail::Stage::EndOfData);
  }
  return unwrap_reply(delivery.text, whole);
}

}  // namespace

Event read_delivery(std::string_view service, std::string_view text) {
  Delivery delivery;
  if (!consume(text, "to=")) {
    return NotUnderstood{};
  }
  auto recipient = consume_address(text);
  if (!recipient || !consume(text, ", ")) {
    return NotUnderstood{};
  }
  delivery.recipient = std::move(*recipient);
  if (consume(text, "orig_to=")) {
    delivery.original_recipient = consume_address(text);
    if (!delivery.original_recipient || !consume(text, ", ")) {
      return NotUnderstood{};
    }
  }
  const auto fields = consume_fixed_fields(text);
  if (!fields || !consume(text, " (")) {
    return NotUnderstood{};
  }
  const Status status = find_status(fields->status);
  if (status.outcome != Outcome::Known) {
    return status.outcome == Outcome::Probe ? Event{Ignored{}} : Event{NotUnderstood{}};
  }
  const bool whole = text.ends_with(')');
  text.remove_suffix(whole ? 1 : 0);
  delivery.status = status.status;
  delivery.text = bounded(text);
  delivery.relay = parse_relay(fields->relay);
  delivery.relay_none = fields->relay == "none";
  std::string_view dsn = fields->dsn;
  delivery.dsn = mail::consume_enhanced_status_code(dsn);
  delivery.reply = find_reply(service, delivery, whole && text.size() == delivery.text.size());
  delivery.leaves_host = leaves_this_host(service, delivery);
  delivery.attempted =
      !is_own_queue(service) && !delivery.text.starts_with("delivery temporarily suspended");
  delivery.own = delivery.text.find(kOwnMark) != std::string::npos;
  delivery.forwarded_as = find_next_id(service, delivery);
  return delivery;
}

}  // namespace rampart::report
