#include "rampart/report/sendmail.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "rampart/base/text.h"

#include "fields.h"
#include "sendmail_delivery.h"
#include "sendmail_fields.h"

namespace rampart::report {
namespace {

constexpr std::string_view kFrom = "from=";

// What Sendmail says that is nothing to us, with or without a queue ID in front.
constexpr std::array<std::string_view, 57> kChatter{"AUTH=",
                                                    "AUTH ",
                                                    "STARTTLS",
                                                    "TLS",
                                                    "SYSERR",
                                                    "SASL",
                                                    "Milter (",
                                                    "Milter ",
                                                    "milter=",
                                                    "milter_",
                                                    "ruleset=",
                                                    "arg1=",
                                                    "collect: ",
                                                    "timeout waiting for ",
                                                    "lost input channel ",
                                                    "Losing ",
                                                    "savemail",
                                                    "Authentication-Warning: ",
                                                    "Authentication-Info",
                                                    "starting daemon ",
                                                    "started as: ",
                                                    "restarting ",
                                                    "stopping daemon",
                                                    "rejecting ",
                                                    "accepting ",
                                                    "deferring ",
                                                    "connect from ",
                                                    "connection from ",
                                                    "SMTP ",
                                                    "Null connection ",
                                                    "POSSIBLE ATTACK ",
                                                    "possible SMTP attack",
                                                    "probable open proxy",
                                                    "Too many ",
                                                    "too many ",
                                                    "headers too large",
                                                    "alias ",
                                                    "aliased to ",
                                                    "forward ",
                                                    "hash map ",
                                                    "map ",
                                                    "database ",
                                                    "/etc/",
                                                    "My unqualified host name ",
                                                    "unable to qualify ",
                                                    "gethostbyaddr",
                                                    "runqueue",
                                                    "grew WorkList ",
                                                    "queue",
                                                    "locked",
                                                    "low on space",
                                                    "file system ",
                                                    "dropenvelope",
                                                    "error: ",
                                                    "warning: ",
                                                    "--- ",
                                                    "<-- "};

// "6AL04G28001457: DSN: User unknown": a notification under an ID of its own. The texts are
// Sendmail's.
struct Notice {
  mail::QueueId id;
  std::string_view text;
  bool to_postmaster = false;
};

std::optional<Notice> parse_notice(std::string_view text) {
  static constexpr std::array<std::string_view, 4> kWords{
      "DSN: ", "return to sender: ", "sender notify: ", "postmaster notify: "};
  auto id = consume_queue_id(text);
  if (!id || id->empty()) {
    return std::nullopt;
  }
  for (const std::string_view word : kWords) {
    if (consume(text, word)) {
      return Notice{*std::move(id), text, word.starts_with("postmaster")};
    }
  }
  return std::nullopt;
}

BounceSent::Kind find_kind(std::string_view text) noexcept {
  if (text.starts_with("Warning: ")) {
    return BounceSent::Kind::Delay;
  }
  return text.starts_with("Return receipt") ? BounceSent::Kind::Status : BounceSent::Kind::Failure;
}

// "to=<a@b>, reject=451 4.7.1 text", "from=<a@b>, discard": the address, then what was done.
struct MilterAnswer {
  mail::Address address;
  std::string_view action;
};

std::optional<MilterAnswer> parse_milter_answer(std::string_view text) {
  const auto written = consume_mailbox(text);
  if (!written || !consume(text, ", ")) {
    return std::nullopt;
  }
  consume(text, "reject=");
  return MilterAnswer{to_mailbox(*written), text};
}

// "data, reject=451 4.7.1 text", "connect: host=.., addr=.., shutdown". Commands that Sendmail does
// not know ("unknown=...") are the client's text and nothing to us.
Event read_milter(std::string_view text) {
  for (const auto& [prefix, stage] :
       std::initializer_list<std::pair<std::string_view, const char*>>{{"data, ", "END-OF-MESSAGE"},
                                                                       {"cmd=data, ", "DATA"},
                                                                       {"connect: ", "CONNECT"},
                                                                       {"helo=", "EHLO"}}) {
    if (consume(text, prefix)) {
      consume(text, "reject=");
      return MilterReject{stage, unescape(text), {}, std::nullopt};
    }
  }
  const bool recipient = consume(text, "to=");
  if (!recipient && !consume(text, "from=")) {
    return Ignored{};
  }
  auto answer = parse_milter_answer(text);
  if (!answer) {
    return NotUnderstood{};
  }
  if (recipient) {
    return MilterReject{"RCPT", unescape(answer->action), {}, std::move(answer->address)};
  }
  return MilterReject{"MAIL", unescape(answer->action), std::move(answer->address), std::nullopt};
}

// "Milter (name) delete: rcpt <a@b>, naddrs=1"
std::optional<Event> read_milter_delete(std::string_view text) {
  if (!consume(text, "Milter (") || !consume_until(text, ") ") || !consume(text, "delete: rcpt ")) {
    return std::nullopt;
  }
  const auto written = consume_mailbox(text);
  if (!written || !text.starts_with(", naddrs=")) {
    return NotUnderstood{};
  }
  return RecipientRemoved{to_mailbox(*written)};
}

// "from=<a@b>, size=1, class=0, [pri=2, ]nrcpts=3, ...". Of an address longer than 200 bytes
// Sendmail logs the first 200.
std::optional<mail::Address> consume_sender(std::string_view& text) {
  constexpr std::size_t kSenderBytesMax = 200;
  constexpr std::string_view kNext = ", size=";
  std::string_view rest = text;
  const auto written = consume_mailbox(rest);
  if (written && written->size() <= kSenderBytesMax && consume(rest, kNext)) {
    text = rest;
    return to_mailbox(*written);
  }
  if (text.size() > kSenderBytesMax && text.substr(kSenderBytesMax).starts_with(kNext)) {
    mail::Address cut;  // half a domain is none
    cut.local_part = unescape(text.substr(0, kSenderBytesMax));
    text.remove_prefix(kSenderBytesMax + kNext.size());
    return cut;
  }
  return std::nullopt;
}

Event read_accepted(std::string_view text) {
  auto sender = consume_sender(text);
  const auto size = sender ? consume_number(text) : std::nullopt;
  if (!size || !consume(text, ", class=")) {
    return NotUnderstood{};
  }
  consume(text, "-");
  if (!consume_number(text) || !consume(text, ", ")) {
    return NotUnderstood{};
  }
  if (consume(text, "pri=") && (!consume_number(text) || !consume(text, ", "))) {
    return NotUnderstood{};
  }
  const auto recipients = consume(text, "nrcpts=") ? consume_number(text) : std::nullopt;
  if (!recipients || (!text.empty() && !text.starts_with(", "))) {
    return NotUnderstood{};
  }
  // Also logged for a transaction that came to nothing: then there is no message with an ID.
  if (*recipients == 0 || (*size == 0 && !text.starts_with(", msgid="))) {
    return Ignored{};
  }
  return QueueActive{*std::move(sender), *recipients};
}

// "split: maxrcpts=10, rcpts=25, count=2, ids=6AL04G28001457, 6AL04G28001458": this line's message
// goes on under these as well.
std::vector<mail::QueueId> find_split_ids(std::string_view text) {
  std::vector<mail::QueueId> ids;
  std::size_t at = text.find(", id=");
  at = at == std::string_view::npos ? text.find(", ids=") : at;
  if (at == std::string_view::npos) {
    return ids;
  }
  text.remove_prefix(text.find('=', at) + 1);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(",; "), text.size());
    if (auto id = mail::parse_queue_id(text.substr(0, end))) {
      ids.push_back(*std::move(id));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return ids;
}

// "clone 6AL04G28001454, owner=list-owner": this line's ID is the new one.
Event read_clone(std::string_view text) {
  const auto id = consume_until(text, ", owner=");
  auto old_id = id ? mail::parse_queue_id(*id) : std::nullopt;
  return old_id ? Event{Cloned{*std::move(old_id)}} : Event{NotUnderstood{}};
}

// "<nosuch@b.example>... User unknown": an answer that the client got.
bool is_answer(std::string_view text) noexcept {
  const auto written = consume_mailbox(text);
  return written && written->find("... ") != std::string_view::npos;
}

std::optional<Event> read_about_message(std::string_view text) {
  if (auto removed = read_milter_delete(text)) {
    return removed;
  }
  if (consume(text, "milter=")) {
    return consume_until(text, ", quarantine=") ? Event{MilterHold{"END-OF-MESSAGE", {}, {}}}
                                                : Event{Ignored{}};
  }
  if (consume(text, "clone ")) {
    return read_clone(text);
  }
  if (text == "unquarantine") {
    return ReleasedFromHold{};
  }
  if (text.starts_with("quarantine=")) {
    return PlacedOnHold{};
  }
  if (text == "discarded" || text.starts_with("done; delay=")) {
    return Removed{};
  }
  return std::nullopt;
}

// What tells of a message and what does not: the former only behind a queue ID.
Event read_text(std::string_view text, bool queued) {
  if (consume(text, "Milter: ")) {
    return read_milter(text);
  }
  auto event = queued ? read_about_message(text) : std::nullopt;
  if (event) {
    return *std::move(event);
  }
  if (starts_with_any(text, kChatter) || is_answer(text) ||
      text.find(" did not issue ") != std::string_view::npos) {
    return Ignored{};
  }
  return NotUnderstood{};
}

class Writer {
 public:
  Writer(mail::QueueId id, std::vector<LogLine>& out) : id_(std::move(id)), out_(out) {}

  void add(Event event, std::string_view service = {}) {
    LogLine line;
    line.service = service;
    line.queue_id = id_;
    line.event = std::move(event);
    out_.push_back(std::move(line));
  }

  void add_split(std::vector<mail::QueueId> ids) {
    for (mail::QueueId& id : ids) {
      LogLine line;
      line.queue_id = std::move(id);
      line.event = Cloned{id_};
      out_.push_back(std::move(line));
    }
  }

 private:
  mail::QueueId id_;
  std::vector<LogLine>& out_;
};

void read_notice(Notice notice, Writer& writer) {
  if (notice.text.starts_with("Cannot send message ")) {
    writer.add(Expired{});
  }
  writer.add(BounceSent{std::move(notice.id), find_kind(notice.text), notice.to_postmaster});
}

void read_other(std::string_view text, bool queued, Writer& writer) {
  if (auto notice = queued ? parse_notice(text) : std::nullopt) {
    read_notice(*std::move(notice), writer);
    return;
  }
  auto ids =
      queued && text.starts_with("split: ") ? find_split_ids(text) : std::vector<mail::QueueId>{};
  if (!ids.empty()) {
    writer.add_split(std::move(ids));
    return;
  }
  writer.add(read_text(text, queued));
}

}  // namespace

bool is_sendmail_program(std::string_view name) noexcept {
  return name == "sendmail" || name.starts_with("sendmail-") || name.starts_with("sm-");
}

void read_sendmail_entry(std::string_view message, bool known, std::vector<LogLine>& out) {
  auto id = consume_queue_id(message);
  const bool queued = id && !id->empty();
  Writer writer(queued ? *std::move(id) : mail::QueueId{}, out);
  if (queued && message.starts_with("to=")) {
    SendmailDeliveries read = parse_sendmail_deliveries(message);
    for (Delivery& delivery : read.deliveries) {
      writer.add(std::move(delivery), read.mailer);
    }
    if (!read.deliveries.empty()) {
      return;
    }
  } else if (queued && message.starts_with("from=")) {
    Event event = read_accepted(message.substr(kFrom.size()));
    if (!std::holds_alternative<NotUnderstood>(event)) {
      writer.add(std::move(event));
      return;
    }
  } else if (known) {
    read_other(message, queued, writer);
    return;
  }
  if (known) {
    writer.add(NotUnderstood{});
  } else {
    out.emplace_back();  // another program's
  }
}

}  // namespace rampart::report
