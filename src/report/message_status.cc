#include "message_status.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "rampart/base/text.h"

#include "fields.h"
#include "message_reason.h"
#include "mime.h"

namespace rampart::report {
namespace {

// UTF-8 of one code point; nothing for what is none.
void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x20 || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) {
    return;
  }
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0U | point >> 6U);
    out += static_cast<char>(0x80U | (point & 0x3FU));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0U | point >> 12U);
    out += static_cast<char>(0x80U | (point >> 6U & 0x3FU));
    out += static_cast<char>(0x80U | (point & 0x3FU));
  } else {
    out += static_cast<char>(0xF0U | point >> 18U);
    out += static_cast<char>(0x80U | (point >> 12U & 0x3FU));
    out += static_cast<char>(0x80U | (point >> 6U & 0x3FU));
    out += static_cast<char>(0x80U | (point & 0x3FU));
  }
}

// "\x{FC}" as UTF-8 (RFC 6533 section 3).
std::string undo_unitext(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    constexpr std::size_t kDigitsMax = 6;
    if (text.starts_with("\\x{")) {
      const std::size_t close = text.substr(0, 3 + kDigitsMax + 1).find('}');
      std::uint32_t point = 0;
      if (close != std::string_view::npos && close > 3) {
        const auto [end, error] = std::from_chars(text.data() + 3, text.data() + close, point, 16);
        if (error == std::errc{} && end == text.data() + close) {
          append_utf8(out, point);
          text.remove_prefix(close + 1);
          continue;
        }
      }
    }
    out += text[0];
    text.remove_prefix(1);
  }
  return out;
}

enum class Name {
  FinalRecipient,
  OriginalRecipient,
  ActualRecipient,
  Action,
  Status,
  DiagnosticCode,
  RemoteMta,
  LastAttempt,
  ReportingMta,
  EnvelopeId,
  QueueId,
  Arrival,
};

constexpr std::array<std::pair<Name, std::string_view>, 12> kNames{
    {{Name::FinalRecipient, "Final-Recipient"},
     {Name::OriginalRecipient, "Original-Recipient"},
     {Name::ActualRecipient, "X-Actual-Recipient"},
     {Name::Action, "Action"},
     {Name::Status, "Status"},
     {Name::DiagnosticCode, "Diagnostic-Code"},
     {Name::RemoteMta, "Remote-MTA"},
     {Name::LastAttempt, "Last-Attempt-Date"},
     {Name::ReportingMta, "Reporting-MTA"},
     {Name::EnvelopeId, "Original-Envelope-Id"},
     {Name::QueueId, "X-Postfix-Queue-ID"},
     {Name::Arrival, "Arrival-Date"}}};
constexpr std::size_t kGroupNames = 8;  // those of one recipient come first

std::optional<Name> find_name(std::string_view text) noexcept {
  for (const auto& [name, spelling] : kNames) {
    if (base::equal_ignoring_case(text, spelling)) {
      return name;
    }
  }
  return std::nullopt;
}

// What follows "type;", and whether there was a type. A type is one word.
std::string_view without_type(std::string_view value, std::string_view& type) noexcept {
  const std::size_t semicolon = value.find(';');
  const std::string_view before = base::trim(value.substr(0, semicolon));
  if (semicolon == std::string_view::npos || before.empty() ||
      before.find_first_of(" \t@<") != std::string_view::npos) {
    type = {};
    return base::trim(value);
  }
  type = before;
  return base::trim(value.substr(semicolon + 1));
}

Action parse_action(std::string_view value) noexcept {
  const std::string_view word = value.substr(0, value.find_first_of(" \t(;"));
  constexpr std::array<std::pair<std::string_view, Action>, 7> kActions{
      {{"failed", Action::Failed},
       {"failure", Action::Failed},
       {"delayed", Action::Delayed},
       {"delivered", Action::Delivered},
       {"relayed", Action::Relayed},
       {"relay", Action::Relayed},
       {"expanded", Action::Expanded}}};
  for (const auto& [spelling, action] : kActions) {
    if (base::equal_ignoring_case(word, spelling)) {
      return action;
    }
  }
  return Action::Unknown;
}

mail::Relay parse_host(std::string_view value) {
  std::string_view type;
  value = without_type(value, type);
  value = value.substr(0, value.find_first_of(" \t("));
  return parse_relay(value);
}

// The fields of one recipient.
struct Group {
  std::array<std::string, kGroupNames> values;
  std::array<bool, kGroupNames> present{};

  [[nodiscard]] std::string_view value(Name name) const {
    return values.at(static_cast<std::size_t>(name));
  }
  [[nodiscard]] bool has(Name name) const { return present.at(static_cast<std::size_t>(name)); }
  [[nodiscard]] bool has_recipient() const {
    return has(Name::FinalRecipient) || has(Name::OriginalRecipient);
  }
};

// The final address; where that is no address (LOCAL, X.400), the next best.
std::optional<MessageRecipient> addressed(const Group& group) {
  const auto final_recipient = parse_typed_address(group.value(Name::FinalRecipient));
  const auto original = parse_typed_address(group.value(Name::OriginalRecipient));
  const auto actual = parse_typed_address(group.value(Name::ActualRecipient));
  MessageRecipient result;
  const auto good = [](const auto& address) {
    return address && !address->domain.empty();
  };
  if (good(final_recipient)) {
    result.recipient = *final_recipient;
  } else if (good(original)) {
    result.recipient = *original;
  } else if (good(actual)) {
    result.recipient = *actual;
  } else if (final_recipient) {
    result.recipient = *final_recipient;
  } else {
    return std::nullopt;
  }
  if (original && *original != result.recipient) {
    result.original = original;
  } else if (good(actual) && *actual != result.recipient) {
    result.original = actual;
  }
  return result;
}

void finish(Group& group, Message& message) {
  auto recipient = addressed(group);
  const Group done = std::exchange(group, Group{});
  if (!recipient) {
    return;
  }
  if (message.recipients.size() >= kMessageRecipientsMax) {
    message.truncated = true;
    return;
  }
  recipient->action = parse_action(done.value(Name::Action));
  recipient->status = find_enhanced(done.value(Name::Status));
  std::string_view type;
  const std::string_view diagnostic = without_type(done.value(Name::DiagnosticCode), type);
  recipient->diagnostic_is_smtp = base::equal_ignoring_case(type, "smtp");
  // Some write the reply where the enhanced code belongs.
  recipient->reply = diagnostic.empty() && !recipient->status
                         ? mail::parse_reply(done.value(Name::Status), mail::Stage::Unknown)
                         : read_reason(diagnostic);
  recipient->remote = parse_host(done.value(Name::RemoteMta));
  recipient->last_attempt = parse_mail_date(done.value(Name::LastAttempt));
  if (recipient->action == Action::Unknown && recipient->status) {
    switch (recipient->status->status_class) {
      case mail::StatusClass::Success:
        recipient->action = Action::Delivered;
        break;
      case mail::StatusClass::TransientFailure:
        break;
      case mail::StatusClass::PermanentFailure:
        recipient->action = Action::Failed;
        break;
    }
  }
  message.recipients.push_back(std::move(*recipient));
}

void read_message_field(Name name, std::string_view value, Message& message) {
  switch (name) {
    case Name::ReportingMta:
      message.reporting_mta = parse_host(value).host;
      break;
    case Name::EnvelopeId:
      message.original_envelope_id = value;
      break;
    case Name::QueueId:
      message.original_queue_id = mail::parse_queue_id(value).value_or(mail::QueueId{});
      break;
    case Name::Arrival:
      message.arrival = parse_mail_date(value);
      break;
    default:
      break;
  }
}

class StatusReader {
 public:
  explicit StatusReader(Message& message) : message_(message) {}

  void gap() { gap_ = true; }

  void take(Name name, std::string value) {
    if (static_cast<std::size_t>(name) >= kGroupNames) {
      read_message_field(name, value, message_);
      return;
    }
    const bool names_recipient = name == Name::FinalRecipient || name == Name::OriginalRecipient;
    const bool repeated = group_.has(name) && name != Name::DiagnosticCode;
    if (repeated || (gap_ && names_recipient && group_.has_recipient() &&
                     (group_.has(Name::Action) || group_.has(Name::FinalRecipient)))) {
      finish(group_, message_);
    }
    gap_ = false;
    const auto index = static_cast<std::size_t>(name);
    if (!group_.present.at(index)) {
      group_.present.at(index) = true;
      group_.values.at(index) = std::move(value);
    }
  }

  void end() { finish(group_, message_); }

 private:
  Message& message_;
  Group group_;
  bool gap_ = false;
};

}  // namespace

std::optional<mail::Address> parse_typed_address(std::string_view value) {
  std::string_view type;
  value = without_type(value.substr(0, kFieldBytesMax), type);
  if (const std::size_t open = value.find('<'); open != std::string_view::npos) {
    std::string_view rest = value.substr(open);
    const std::size_t close = rest.find('>');
    if (close != std::string_view::npos) {
      value = rest.substr(1, close - 1);
    }
  } else if (!value.starts_with('"')) {
    value = value.substr(0, value.find_first_of(" \t("));
  }
  if (base::to_lower(value.substr(0, 7)) == "mailto:") {
    value.remove_prefix(7);
  }
  const auto address = base::equal_ignoring_case(type, "utf-8")
                           ? mail::parse_address(undo_unitext(value))
                           : mail::parse_address(value);
  return address && !address->is_null() ? address : std::nullopt;
}

bool looks_like_status(std::string_view text) noexcept {
  bool recipient = false;
  bool result = false;
  while (!text.empty()) {
    const std::string_view line = base::trim(take_line(text));
    const std::string_view name = base::trim(line.substr(0, line.find(':')));
    if (const auto known = name.size() < line.size() ? find_name(name) : std::nullopt) {
      recipient = recipient || *known == Name::FinalRecipient || *known == Name::OriginalRecipient;
      result = result || *known == Name::Action || *known == Name::Status ||
               *known == Name::DiagnosticCode;
    }
  }
  return recipient && result;
}

void read_status(std::string_view text, Message& message) {
  StatusReader reader(message);
  while (!text.empty()) {
    std::string_view rest = text;
    const std::string_view line = take_line(rest);
    if (!is_field_line(line)) {
      text = rest;
      if (base::trim(line).empty()) {
        reader.gap();
      }
      continue;
    }
    for (HeaderField& each : take_header(text)) {
      if (const auto name = find_name(each.name)) {
        reader.take(*name, std::move(each.value));
      }
    }
    reader.gap();
  }
  reader.end();
}

}  // namespace rampart::report
