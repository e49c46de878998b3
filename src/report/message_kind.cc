#include "message_kind.h"

#include <array>
#include <string>

#include "rampart/base/text.h"

namespace rampart::report {
namespace {

template <std::size_t N>
int count_phrases(const std::string& lower, const std::array<std::string_view, N>& phrases) {
  int found = 0;
  for (const std::string_view phrase : phrases) {
    found += lower.find(phrase) != std::string::npos ? 1 : 0;
  }
  return found;
}

// Lower case; other languages than English as UTF-8.
constexpr std::array<std::string_view, 44> kBounceSubjects{
    "undeliver",
    "delivery status",
    "delivery fail",
    "failure notice",
    "returned mail",
    "mail delivery",
    "delivery report",
    "non-delivery",
    "nondeliver",
    "not delivered",
    "returned to sender",
    "returning message",
    "delivery error",
    "error sending",
    "bounce",
    "delivery notification",
    "message status",
    "mail system error",
    "could not be deliver",
    "couldn't be deliver",
    "could not send",
    "rejected",
    "rejection",
    "processing error",
    "unable to deliver",
    "failed mail",
    "failed message",
    "delivery problem",
    "loop alert",
    "permanent error",
    "failure delivery",
    "unknown user",
    "user unknown",
    "message delayed",
    "not yet been delivered",
    "unzustellbar",
    "nicht zugestellt",
    "zustellung",
    "non remis",
    "no se ha podido",
    "no entregado",
    "n\xc3\xa3o entregue",
    "\xd0\xbd\xd0\xb5 "
    "\xd0\xb4\xd0\xbe\xd1\x81\xd1\x82\xd0\xb0\xd0\xb2\xd0\xbb\xd0\xb5\xd0\xbd\xd0\xbe",
    "\xe9\x85\x8d\xe4\xbf\xa1"};

constexpr std::array<std::string_view, 27> kAutoSubjects{"out of office",
                                                         "out of the office",
                                                         "auto reply",
                                                         "autoreply",
                                                         "auto-reply",
                                                         "automatic reply",
                                                         "auto response",
                                                         "autorespon",
                                                         "auto-respon",
                                                         "automated reply",
                                                         "automated response",
                                                         "vacation",
                                                         "away from",
                                                         "on leave",
                                                         "on holiday",
                                                         "auto:",
                                                         "abwesenheit",
                                                         "automatische antwort",
                                                         "r\xc3\xa9ponse automatique",
                                                         "absence",
                                                         "respuesta autom",
                                                         "fuera de",
                                                         "resposta autom",
                                                         "risposta automatica",
                                                         "fuori ufficio",
                                                         "\xe8\x87\xaa\xe5\x8b\x95",
                                                         "\xe4\xb8\x8d\xe5\x9c\xa8"};

constexpr std::array<std::string_view, 56> kBounceWords{"could not be delivered",
                                                        "couldn't be delivered",
                                                        "cannot be delivered",
                                                        "can't be delivered",
                                                        "not be delivered",
                                                        "was not delivered",
                                                        "wasn't able to deliver",
                                                        "not able to deliver",
                                                        "unable to deliver",
                                                        "could not deliver",
                                                        "undeliverable",
                                                        "undelivered",
                                                        "delivery failed",
                                                        "delivery to the follow",
                                                        "delivery failure",
                                                        "failed permanently",
                                                        "permanent error",
                                                        "permanent fatal error",
                                                        "permanent failure",
                                                        "did not reach",
                                                        "could not be reached",
                                                        "not reach the following",
                                                        "error delivering",
                                                        "has been returned",
                                                        "was returned",
                                                        "returned to sender",
                                                        "user unknown",
                                                        "unknown user",
                                                        "no such user",
                                                        "does not exist",
                                                        "mailbox full",
                                                        "mailbox is full",
                                                        "over quota",
                                                        "quota exceeded",
                                                        "exceeds allowed size",
                                                        "recipient not found",
                                                        "mailbox unavailable",
                                                        "was rejected",
                                                        "has been rejected",
                                                        "failure reasons",
                                                        "failed recipient",
                                                        "following address",
                                                        "following recipient",
                                                        "error was detected",
                                                        "error occurred while",
                                                        "has encountered an error",
                                                        "delivery status notification",
                                                        "transcript of session",
                                                        "said: 5",
                                                        "giving up",
                                                        "not yet been delivered",
                                                        "has been delayed",
                                                        "not been able to deliver",
                                                        "unknown address",
                                                        "non-delivery",
                                                        "delivery error"};

constexpr std::array<std::string_view, 12> kAutoWords{
    "out of the office", "out of office",      "on vacation",         "automated response",
    "automatic reply",   "automatic response", "auto-response",       "autoreply",
    "allowed list",      "confirm that you",   "verify your message", "no longer in use"};

constexpr std::array<std::string_view, 22> kDelayWords{"warning message only",
                                                       "has been delayed",
                                                       "delayed mail",
                                                       "still being retried",
                                                       "will be retried",
                                                       "will keep trying",
                                                       "keep trying to deliver",
                                                       "continue trying",
                                                       "continue to be attempted",
                                                       "attempts will continue",
                                                       "has not yet been delivered",
                                                       "not yet been delivered",
                                                       "could not yet be delivered",
                                                       "still undelivered",
                                                       "do not need to resend",
                                                       "need not resend",
                                                       "delivery status notification (delay)",
                                                       "will continue to try",
                                                       "will be attempted for",
                                                       "temporary non-fatal",
                                                       "transient non-fatal errors",
                                                       "delivery is delayed"};

constexpr std::array<std::string_view, 10> kFinalWords{"giving up",
                                                       "given up",
                                                       "permanent fatal",
                                                       "failed permanently",
                                                       "permanent error",
                                                       "has been returned",
                                                       "could not be delivered to",
                                                       "will not be retried",
                                                       "no longer be retried",
                                                       "delivery status notification (failure)"};

// "MAILER-DAEMON@...", "postmaster@...", "Mail Delivery System <>".
bool is_from_mail_system(const Header& header) {
  constexpr std::array<std::string_view, 12> kNames{
      "mailer-daemon",        "mailer_daemon", "postmaster",         "mail delivery",
      "mail administrator",   "mail daemon",   "mail-daemon",        "mdaemon",
      "system administrator", "mailerdaemon",  "microsoft exchange", "mail system"};
  for (const std::string_view name : {"From", "Sender"}) {
    const std::string value = base::to_lower(decode_words(field(header, name)));
    if (count_phrases(value, kNames) > 0 || base::trim(value) == "<>" || value.ends_with(" <>")) {
      return true;
    }
  }
  return false;
}

bool has_null_sender(const Header& header) {
  const std::string path = base::to_lower(field(header, "Return-Path"));
  return path == "<>" || path.find("mailer-daemon") != std::string::npos;
}

// Fields that programs answering for a person set, RFC 3834 and older habits.
bool has_auto_reply_field(const Header& header) {
  for (const std::string_view name : {"X-Autoreply", "X-Autorespond", "X-Autoreply-From",
                                      "X-Auto-Reply-From", "X-Mail-Autoreply"}) {
    if (!field(header, name).empty()) {
      return true;
    }
  }
  const std::string precedence = base::to_lower(field(header, "Precedence"));
  return precedence == "auto_reply" || precedence == "auto-reply";
}

bool is_delay(const Header& header, const std::string& text) {
  const std::string subject = base::to_lower(decode_words(field(header, "Subject")));
  const std::string all = subject + '\n' + text;
  const bool named = subject.find("delay") != std::string::npos ||
                     subject.find("not yet") != std::string::npos || subject.starts_with("warning");
  const int score =
      count_phrases(all, kDelayWords) + (named ? 1 : 0) - count_phrases(all, kFinalWords);
  return score > 0;
}

int score_header(const KindEvidence& evidence, const std::string& subject) {
  const Header& header = evidence.header;
  const bool daemon = is_from_mail_system(header);
  const std::string submitted = base::to_lower(field(header, "Auto-Submitted"));
  int score = 0;
  score += daemon ? 3 : 0;
  score += has_null_sender(header) ? 1 : 0;
  score += !field(header, "X-Failed-Recipients").empty() ? 4 : 0;
  score += evidence.is_delivery_report ? 4 : 0;
  score += count_phrases(subject, kBounceSubjects) > 0 ? 2 : 0;
  score -= count_phrases(subject, kAutoSubjects) > 0 ? 4 : 0;
  score -= has_auto_reply_field(header) ? 3 : 0;
  score -= submitted.starts_with("auto-replied") && !daemon ? 2 : 0;
  return score;
}

}  // namespace

MessageKind judge_kind(const KindEvidence& evidence) {
  constexpr std::size_t kLookedAt = 16UL * 1024UL;
  constexpr int kBounceScore = 5;
  const std::string subject = base::to_lower(decode_words(field(evidence.header, "Subject")));
  const std::string text = base::to_lower(evidence.people.substr(0, kLookedAt));
  const int words = count_phrases(text, kBounceWords);
  const int automatic = count_phrases(text, kAutoWords);
  int score = score_header(evidence, subject);
  score += words > 1 ? 3 : words > 0 ? 2 : 0;
  score += evidence.has_returned ? 1 : 0;
  score -= automatic > 0 ? 1 : 0;
  if (score >= kBounceScore) {
    return is_delay(evidence.header, text) ? MessageKind::Delay : MessageKind::Bounce;
  }
  const std::string submitted = base::to_lower(field(evidence.header, "Auto-Submitted"));
  const bool declared = !submitted.empty() && submitted != "no";
  if (declared || has_auto_reply_field(evidence.header) ||
      count_phrases(subject, kAutoSubjects) > 0 || automatic > 0) {
    return MessageKind::AutoReply;
  }
  return MessageKind::Other;
}

}  // namespace rampart::report
