// rampart explain --message

#include "explain_message.h"

#include <fmt/format.h>

#include "rampart/base/text.h"

#include "commands.h"
#include "explain.h"
#include "json.h"
#include "options_for.h"
#include "table.h"

namespace rampart::cli {
namespace {

using report::Action;
using report::Message;
using report::MessageKind;
using report::MessageRecipient;
using suppression::Judgement;

constexpr std::size_t kReadMax = report::kMessageBytesMax + 1;  // the last byte: there is more

std::optional<mail::DeliveryStatus> status_of(Action action) {
  switch (action) {
    case Action::Failed:
      return mail::DeliveryStatus::Bounced;
    case Action::Delayed:
      return mail::DeliveryStatus::Deferred;
    case Action::Delivered:
    case Action::Relayed:
    case Action::Expanded:
      return mail::DeliveryStatus::Sent;
    case Action::Unknown:
      break;
  }
  return std::nullopt;
}

struct Finding {
  reply::Classification found;
  std::string rule;
  Judgement judgement = Judgement::None;
};

// Who answered, as the learner sees it: the owner of the server named, else of the address.
std::string_view provider_of(const policy::Policy& policy, const MessageRecipient& recipient) {
  const std::string_view owner = policy.providers.find_by_host(recipient.remote.host);
  return owner.empty() ? policy.providers.find_by_domain(
                             recipient.original.value_or(recipient.recipient).domain)
                       : owner;
}

bool is_good_news(Action action) {
  return action == Action::Delivered || action == Action::Relayed || action == Action::Expanded;
}

// A notice that a message still waits is nobody's last word: soft evidence at most.
Judgement judgement_of(const MessageRecipient& recipient, const reply::Classification& found) {
  if (is_good_news(recipient.action) || recipient.action == Action::Unknown) {
    return Judgement::None;
  }
  const Judgement judgement = judge(found, found.stage);
  const bool weak = recipient.action == Action::Delayed &&
                    (judgement == Judgement::Hard || judgement == Judgement::DomainUnknown);
  return weak ? Judgement::Soft : judgement;
}

Finding find(const policy::Policy& policy, const MessageRecipient& recipient) {
  reply::Question question;
  question.reply = recipient.reply.text;
  question.provider = provider_of(policy, recipient);
  question.host = recipient.remote.host;
  question.stage = recipient.reply.stage;
  question.dsn = recipient.status;
  question.status = status_of(recipient.action);
  Finding finding;
  finding.found = policy.replies.classify(question);
  finding.rule = policy.replies.rule(finding.found.rule).name;
  finding.judgement = judgement_of(recipient, finding.found);
  return finding;
}

std::string_view to_string(Judgement judgement) {
  switch (judgement) {
    case Judgement::Hard:
      return "suppress";
    case Judgement::DomainUnknown:
      return "domain_unknown";
    case Judgement::Soft:
      return "soft";
    case Judgement::Clears:
    case Judgement::None:
      break;
  }
  return "none";
}

// In words, without the token.
std::string effect_of(const policy::Policy& policy,
                      const Message& message,
                      const MessageRecipient& recipient,
                      const Finding& finding) {
  if (is_good_news(recipient.action)) {
    return "nothing: it was delivered";
  }
  const std::string words = recipient_in_words(policy.options.suppression, finding.found);
  if (recipient.action == Action::Delayed) {
    return finding.judgement == Judgement::Soft ? "soft evidence: the message still waits"
                                                : "nothing: the message still waits";
  }
  const bool strong =
      finding.judgement == Judgement::Hard || finding.judgement == Judgement::DomainUnknown;
  if (strong && message.recipients.size() > 1) {
    return "soft evidence: all recipients of the message know its token";
  }
  return finding.judgement != Judgement::Hard
             ? words
             : words + (words.find(", if ") == std::string::npos
                            ? ", if the message had no other recipient; else soft evidence"
                            : "; else soft evidence");
}

std::string effect_of_complaint(const policy::Policy& policy, const Message& message) {
  if (message.feedback_type == "not-spam") {
    return "nothing: it was no complaint";
  }
  return fmt::format(
      "suppressed for {}, for this sender, if the message had no other recipient; else soft "
      "evidence{}",
      base::format_duration(policy.options.suppression.hard_expiry),
      message.token.empty() ? "; only with this host's token" : "");
}

std::string about_token(const Message& message) {
  return message.token.empty() ? "none: rampart learns nothing from this mail, as anybody may have "
                                 "written it"
                               : message.token + " (counts if this host made it)";
}

std::string addresses(const std::vector<mail::Address>& list) {
  std::string text;
  for (const mail::Address& address : list) {
    text += (text.empty() ? "" : ", ") + mail::to_string(address);
  }
  return text;
}

std::string row(std::string_view name, const std::string& text) {
  return text.empty() ? std::string()
                      : fmt::format("{:<12}{}\n", name, base::printable(text, 2048));
}

std::string in_notice(std::string_view text) {
  return text.empty() ? "none told" : std::string(text);
}

std::string render_recipient(const policy::Policy& policy,
                             const Message& message,
                             const MessageRecipient& recipient,
                             bool colours) {
  const Finding finding = find(policy, recipient);
  const reply::Classification& found = finding.found;
  std::string name = mail::to_string(recipient.recipient);
  if (recipient.original) {
    name += " (written to " + mail::to_string(*recipient.original) + ")";
  }
  std::string text = '\n' + row("recipient", name);
  text +=
      row("action", fmt::format("{}{}", report::to_string(recipient.action),
                                recipient.status ? ", " + mail::to_string(*recipient.status) : ""));
  text += row("reply", in_notice(recipient.reply.text));
  std::string answered = recipient.remote.host;
  if (found.stage != mail::Stage::Unknown) {
    answered += (answered.empty() ? "at " : ", at ") + std::string(mail::to_string(found.stage));
  }
  text += row("answered", answered);
  text += fmt::format(
      "{:<12}{}; scope {}; rule {}\n", "class",
      paint(fmt::format("{}, {}", in_words(found.permanence), reply::to_string(found.reply_class)),
            Colour::Bold, colours),
      reply::to_string(found.scope), finding.rule);
  return text +
         row("what we do", effect_of(policy, message, recipient, finding) +
                               (message.token.empty() ? "; only with this host's token" : ""));
}

Json optional_text(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json recipient_json(const policy::Policy& policy,
                    const Message& message,
                    const MessageRecipient& recipient) {
  const Finding finding = find(policy, recipient);
  const reply::Classification& found = finding.found;
  return {
      {"recipient", mail::to_string(recipient.recipient)},
      {"original", recipient.original ? Json(mail::to_string(*recipient.original)) : Json(nullptr)},
      {"action", report::to_string(recipient.action)},
      {"status", recipient.status ? Json(mail::to_string(*recipient.status)) : Json(nullptr)},
      {"code", found.code == 0 ? Json(nullptr) : Json(found.code)},
      {"enhanced", found.enhanced ? Json(mail::to_string(*found.enhanced)) : Json(nullptr)},
      {"reply", recipient.reply.text},
      {"host", optional_text(recipient.remote.host)},
      {"stage", mail::to_string(found.stage)},
      {"class", reply::to_string(found.reply_class)},
      {"rule", finding.rule},
      {"scope", reply::to_string(found.scope)},
      {"permanence", reply::to_string(found.permanence)},
      {"suppress", finding.judgement == Judgement::Hard},
      {"effect", to_string(finding.judgement)},
      {"in_words", effect_of(policy, message, recipient, finding)}};
}

// One of several files. @return false if it cannot be read, which is told in its place
bool explain_one(const policy::Policy& policy, const std::string& file, const Output& output) {
  Json line{{"file", file}};
  std::string text = "file        " + base::printable(file) + '\n';
  bool good = true;
  try {
    const Message message = report::read_message(read_input(file, kReadMax), policy.phrases);
    line.update(message_json(policy, message));
    text += render_message(policy, message, output.colours());
  } catch (const Failure& failure) {
    line["error"] = failure.text;
    text += "error       " + base::printable(failure.text) + '\n';
    good = false;
  }
  output.print(output.json() ? dump(line) + '\n' : text + '\n');
  return good;
}

}  // namespace

Json message_json(const policy::Policy& policy, const Message& message) {
  Json recipients = Json::array();
  for (const MessageRecipient& recipient : message.recipients) {
    recipients.push_back(recipient_json(policy, message, recipient));
  }
  Json json{{"kind", report::to_string(message.kind)},
            {"token", optional_text(message.token)},
            {"queue_id", optional_text(std::string(message.original_queue_id.text()))},
            {"reporting_mta", optional_text(message.reporting_mta)},
            {"recipients", std::move(recipients)}};
  if (message.kind == MessageKind::Feedback) {
    Json about = Json::array();
    for (const mail::Address& address : message.feedback_recipients) {
      about.push_back(mail::to_string(address));
    }
    json["feedback_type"] = optional_text(message.feedback_type);
    json["feedback_recipients"] = std::move(about);
  }
  return json;
}

std::string render_message(const policy::Policy& policy, const Message& message, bool colours) {
  std::string text = row("kind", std::string(report::to_string(message.kind)));
  text += row("token", about_token(message));
  text += row("queue id", std::string(message.original_queue_id.text()));
  text += row("reported by", message.reporting_mta);
  if (message.kind == MessageKind::Feedback) {
    text += row("complaint", in_notice(message.feedback_type));
    text += row("by", in_notice(addresses(message.feedback_recipients)));
    text += row("what we do", effect_of_complaint(policy, message));
  }
  if (message.kind == MessageKind::AutoReply || message.kind == MessageKind::Other) {
    text += row("what we do", "nothing: no mail of this kind says that an address is dead");
  }
  for (const MessageRecipient& recipient : message.recipients) {
    text += render_recipient(policy, message, recipient, colours);
  }
  return text;
}

int run_explain_message(const Arguments& arguments, const Output& output) {
  if (arguments.words.empty()) {
    throw Failure{kUsage, "usage", "give the file of a mail, or \"-\" for standard input"};
  }
  const auto config = load_config(arguments);
  const policy::Policy& policy = *config->policy;
  if (arguments.words.size() > 1) {
    bool good = true;
    for (const std::string& file : arguments.words) {
      good = explain_one(policy, file, output) && good;
    }
    return good ? kDone : kFound;
  }
  const Message message =
      report::read_message(read_input(arguments.words.front(), kReadMax), policy.phrases);
  if (output.json()) {
    output.print_json(message_json(policy, message));
  } else {
    output.print(render_message(policy, message, output.colours()));
  }
  return kDone;
}

}  // namespace rampart::cli
