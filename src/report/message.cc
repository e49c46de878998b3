#include "rampart/report/message.h"

#include <algorithm>
#include <array>

#include "rampart/base/text.h"

#include "fields.h"
#include "message_kind.h"
#include "message_notice.h"
#include "message_status.h"
#include "message_token.h"
#include "mime.h"

namespace rampart::report {
namespace {

bool is_status_type(std::string_view type) noexcept {
  return type == "message/delivery-status" || type == "message/global-delivery-status";
}

bool is_returned_type(std::string_view type) noexcept {
  return type == "message/rfc822" || type == "message/global" || type == "text/rfc822-headers" ||
         type == "message/global-headers" || type == "message/partial" ||
         type == "text/rfc822-header" || type == "message/rfc822-headers";
}

class MessageReader {
 public:
  MessageReader(std::string_view bytes, const Phrases& phrases) : phrases_(phrases) {
    message_.truncated = bytes.size() > kMessageBytesMax;
    text_ = with_line_feeds(bytes.substr(0, kMessageBytesMax));
  }

  Message read() {
    std::string_view body = text_;
    header_ = take_header(body);
    Parts parts = split_parts(header_, body);
    message_.truncated = message_.truncated || parts.truncated;
    for (const Part& part : parts.leaves) {
      take_part(part);
    }
    finish_people();
    message_.tokens = tokens_.tokens();
    if (message_.tokens.size() == 1) {
      message_.token = message_.tokens.front();
    }
    if (is_feedback_ || is_complaint()) {
      message_.kind = MessageKind::Feedback;
      message_.recipients.clear();
    } else {
      judge();
    }
    return std::move(message_);
  }

 private:
  void take_part(const Part& part);
  void take_text(const Part& part);
  void take_returned(std::string_view text);
  void take_feedback(std::string_view text);
  void finish_people();
  void judge();
  void judge_by_recipients();
  [[nodiscard]] bool is_complaint();
  void add_originals();
  [[nodiscard]] NoticeHints hints() const;

  std::string text_;
  Header header_;
  const Phrases& phrases_;
  Message message_;
  TokenFinder tokens_;
  std::string people_;
  std::string html_;
  std::string returned_text_;  ///< To and Cc of the returned message
  bool is_feedback_ = false;
  bool is_receipt_ = false;  ///< has a part of RFC 8098
  bool has_status_part_ = false;
  bool has_returned_ = false;
};

void MessageReader::take_part(const Part& part) {
  if (is_status_type(part.type)) {
    has_status_part_ = true;
    read_status(part.body, message_);
  } else if (part.type == "message/feedback-report") {
    take_feedback(part.body);
  } else if (part.type == "message/disposition-notification" ||
             part.type == "message/global-disposition-notification") {
    is_receipt_ = true;
  } else if (is_returned_type(part.type)) {
    take_returned(part.body);
  } else if (part.type.starts_with("text/")) {
    take_text(part);
  } else if (looks_like_status(part.body)) {  // under a type of its own
    has_status_part_ = true;
    read_status(part.body, message_);
  }
}

void MessageReader::take_text(const Part& part) {
  tokens_.look_in_text(part.body);
  if (has_returned_ && !base::trim(people_).empty()) {
    return;  // what follows the returned message is its own, or a footer
  }
  std::string& out = part.type == "text/html" ? html_ : people_;
  if (out.size() < kNoticeBytesMax) {
    out += part.body;
    out += "\n\n";
  }
}

void MessageReader::take_returned(std::string_view text) {
  has_returned_ = true;
  while (text.starts_with('\n')) {
    text.remove_prefix(1);
  }
  std::string_view rest = text;
  const Header header = take_header(rest);
  tokens_.look_in_returned(text.substr(0, text.size() - rest.size()));
  if (message_.original_message_id.empty()) {
    message_.original_message_id = field(header, "Message-ID");
  }
  returned_text_ += field(header, "To");
  returned_text_ += ", ";
  returned_text_ += field(header, "Cc");
}

void MessageReader::take_feedback(std::string_view text) {
  is_feedback_ = true;
  while (text.starts_with('\n')) {
    text.remove_prefix(1);
  }
  const Header header = take_header(text);
  message_.feedback_type = base::to_lower(base::trim(field(header, "Feedback-Type")));
  message_.original_envelope_id = field(header, "Original-Envelope-Id");
  message_.arrival = parse_mail_date(field(header, "Arrival-Date"));
  if (message_.arrival == base::WallTime{}) {
    message_.arrival = parse_mail_date(field(header, "Received-Date"));
  }
  for (const HeaderField& each : header) {
    if (base::equal_ignoring_case(each.name, "Reporting-MTA")) {
      message_.reporting_mta =
          base::to_lower(base::trim(std::string_view(each.value).substr(each.value.find(';') + 1)));
    }
    if (!base::equal_ignoring_case(each.name, "Original-Rcpt-To")) {
      continue;
    }
    if (auto address = parse_typed_address(each.value);
        address && message_.feedback_recipients.size() < kMessageRecipientsMax) {
      message_.feedback_recipients.push_back(std::move(*address));
    }
  }
}

// What the notice says ends where it quotes the message.
void MessageReader::finish_people() {
  if (base::trim(people_).empty()) {
    people_ = html_to_text(html_);
  }
  people_.resize(std::min(people_.size(), kNoticeBytesMax));
  const Notice notice = split_notice(people_);
  if (!notice.returned.empty()) {
    std::string_view text = notice.returned;
    while (text.starts_with('\n')) {
      text.remove_prefix(1);
    }
    const std::string_view before = text;
    const Header header = take_header(text);
    if (message_.original_message_id.empty()) {
      message_.original_message_id = field(header, "Message-ID");
    }
    if (before.size() != text.size() && !has_returned_) {
      returned_text_ += field(header, "To");
      returned_text_ += ", ";
      returned_text_ += field(header, "Cc");
    }
  }
  has_returned_ = has_returned_ || notice.people.size() < people_.size();
  people_.resize(notice.people.size());
}

NoticeHints MessageReader::hints() const {
  NoticeHints hints;
  hints.failed = addresses_in(field(header_, "X-Failed-Recipients"));
  hints.returned = addresses_in(returned_text_);
  hints.authors = addresses_in(field(header_, "From"));
  hints.readers = addresses_in(field(header_, "To"));
  return hints;
}

// Complaints of providers that follow no standard, and reports whose part has no type of its own.
bool MessageReader::is_complaint() {
  if (has_status_part_ || !has_returned_) {
    return false;
  }
  std::string_view rest = people_;
  while (!rest.empty()) {
    const std::string_view here = rest;
    const std::string_view line = take_line(rest);
    if (base::equal_ignoring_case(line.substr(0, line.find(':')), "Feedback-Type")) {
      take_feedback(here);
      return true;
    }
  }
  const std::string subject = base::to_lower(decode_words(field(header_, "Subject")));
  if (subject.starts_with("complaint about message from") ||
      base::contains_ignoring_case(people_, "email abuse report for an email")) {
    message_.feedback_type = "abuse";
    return true;
  }
  return false;
}

// A final recipient without a domain is one of the reporting host's users; the address that was
// written stands elsewhere.
void MessageReader::add_originals() {
  const NoticeHints known = hints();
  for (MessageRecipient& each : message_.recipients) {
    if (!each.recipient.domain.empty() || each.original) {
      continue;
    }
    for (const mail::Address& address : known.returned) {
      if (base::equal_ignoring_case(address.local_part, each.recipient.local_part)) {
        each.original = address;
      }
    }
  }
}

void MessageReader::judge_by_recipients() {
  const auto any = [this](Action action) {
    return std::any_of(message_.recipients.begin(), message_.recipients.end(),
                       [&](const MessageRecipient& each) { return each.action == action; });
  };
  if (any(Action::Failed)) {
    message_.kind = MessageKind::Bounce;
  } else if (any(Action::Delayed)) {
    message_.kind = MessageKind::Delay;
  } else if (any(Action::Delivered) || any(Action::Relayed) || any(Action::Expanded)) {
    message_.kind = MessageKind::Success;
  } else {
    message_.kind = judge_kind({phrases_, header_, people_, has_returned_, true});
  }
}

void MessageReader::judge() {
  if (is_receipt_) {
    message_.recipients.clear();
    message_.kind = MessageKind::AutoReply;
    return;
  }
  if (!message_.recipients.empty()) {
    judge_by_recipients();
    add_originals();
    complete_from_notice(people_, message_.recipients);
  } else {
    message_.kind = judge_kind({phrases_, header_, people_, has_returned_, has_status_part_});
  }
  if (message_.kind != MessageKind::Bounce && message_.kind != MessageKind::Delay &&
      message_.kind != MessageKind::Success) {
    message_.recipients.clear();
    return;
  }
  if (message_.recipients.empty() && looks_like_status(people_)) {
    read_status(people_, message_);
    if (!message_.recipients.empty()) {
      judge_by_recipients();
    }
  }
  if (message_.recipients.empty()) {
    message_.recipients = find_recipients(people_, hints());
  }
  const Action action = message_.kind == MessageKind::Delay ? Action::Delayed : Action::Failed;
  for (MessageRecipient& each : message_.recipients) {
    if (each.action == Action::Unknown && message_.kind != MessageKind::Success) {
      each.action = action;
    }
    if (!each.status) {
      each.status = each.reply.enhanced;
    }
  }
}

}  // namespace

std::string_view to_string(MessageKind kind) noexcept {
  constexpr std::array<std::string_view, 6> kNames{"bounce",   "delay",     "success",
                                                   "feedback", "autoreply", "other"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string_view to_string(Action action) noexcept {
  constexpr std::array<std::string_view, 6> kNames{"failed",  "delayed",  "delivered",
                                                   "relayed", "expanded", "unknown"};
  return kNames.at(static_cast<std::size_t>(action));
}

Message read_message(std::string_view bytes, const Phrases& phrases) {
  return MessageReader(bytes, phrases).read();
}

}  // namespace rampart::report
