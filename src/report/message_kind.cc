#include "message_kind.h"

#include <algorithm>
#include <string>
#include <vector>

#include "rampart/base/text.h"

namespace rampart::report {
namespace {

int count_phrases(const std::string& lower, const std::vector<std::string>& phrases) {
  int found = 0;
  for (const std::string& phrase : phrases) {
    found += lower.find(phrase) != std::string::npos ? 1 : 0;
  }
  return found;
}

// Lower case, on one line: phrases break anywhere.
std::string on_one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const char byte = c == '\n' || c == '\t' ? ' ' : base::to_lower(c);
    if (byte != ' ' || (!out.empty() && out.back() != ' ')) {
      out += byte;
    }
  }
  return out;
}

// "MAILER-DAEMON@...", "postmaster@...", "Mail Delivery System <>".
bool is_from_mail_system(const KindEvidence& evidence) {
  for (const std::string_view name : {"From", "Sender"}) {
    const std::string value = base::to_lower(decode_words(field(evidence.header, name)));
    if (count_phrases(value, evidence.phrases.mail_systems) > 0 || base::trim(value) == "<>" ||
        value.ends_with(" <>")) {
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

bool is_delay(const KindEvidence& evidence, const std::string& text) {
  const Phrases& phrases = evidence.phrases;
  const std::string subject = base::to_lower(decode_words(field(evidence.header, "Subject")));
  const std::string all = subject + '\n' + text;
  const bool named =
      subject.find("delay") != std::string::npos || subject.find("not yet") != std::string::npos ||
      subject.starts_with("warning: could not send") || subject.starts_with("warning: message");
  const int score = count_phrases(all, phrases.delay_texts) + (named ? 1 : 0) -
                    count_phrases(all, phrases.final_texts);
  return score > 0;
}

int score_header(const KindEvidence& evidence, const std::string& subject) {
  const Header& header = evidence.header;
  const bool daemon = is_from_mail_system(evidence);
  const std::string submitted = base::to_lower(field(header, "Auto-Submitted"));
  int score = 0;
  score += daemon ? 3 : 0;
  score += has_null_sender(header) ? 1 : 0;
  score += !field(header, "X-Failed-Recipients").empty() ? 4 : 0;
  score += evidence.is_delivery_report ? 4 : 0;
  score += count_phrases(subject, evidence.phrases.bounce_subjects) > 0 ? 2 : 0;
  score -= count_phrases(subject, evidence.phrases.auto_subjects) > 0 ? 4 : 0;
  score -= has_auto_reply_field(header) ? 3 : 0;
  score -= submitted.starts_with("auto-replied") && !daemon ? 2 : 0;
  return score;
}

// Words alone are not enough, because people write about bounces too; nor is a mail system's name,
// because mail systems write about other things.
bool is_plausible(const KindEvidence& evidence, bool bounce_subject, int words) {
  const bool reported = evidence.is_delivery_report ||
                        !field(evidence.header, "X-Failed-Recipients").empty() ||
                        (evidence.has_returned && words > 0) || (bounce_subject && words > 1);
  const bool named = is_from_mail_system(evidence);
  const bool unanswerable = has_null_sender(evidence.header);
  const bool said = bounce_subject || words > 0 || evidence.has_returned;
  return reported || (named && unanswerable) || ((named || unanswerable) && said);
}

}  // namespace

MessageKind judge_kind(const KindEvidence& evidence) {
  constexpr std::size_t kLookedAt = 16UL * 1024UL;
  // Mail systems say what they say in any language.
  const bool trusted = is_from_mail_system(evidence) || has_null_sender(evidence.header) ||
                       evidence.is_delivery_report;
  const int needed = trusted ? 4 : 5;
  const std::string subject = base::to_lower(decode_words(field(evidence.header, "Subject")));
  const std::string text = on_one_line(evidence.people.substr(0, kLookedAt));
  const int words = count_phrases(text, evidence.phrases.bounce_texts);
  const int automatic = count_phrases(text, evidence.phrases.auto_texts);
  int score = score_header(evidence, subject);
  score += words > 1 ? 3 : words > 0 ? 2 : 0;
  score += evidence.has_returned ? 1 : 0;
  score -= automatic > 0 ? 1 : 0;
  // A person who answers or forwards may quote a bounce.
  const bool conversation = !field(evidence.header, "In-Reply-To").empty() ||
                            subject.starts_with("fw:") || subject.starts_with("fwd:");
  score -= conversation && !trusted ? 3 : 0;
  if (score >= needed &&
      is_plausible(evidence, count_phrases(subject, evidence.phrases.bounce_subjects) > 0, words)) {
    return is_delay(evidence, text) ? MessageKind::Delay : MessageKind::Bounce;
  }
  const std::string submitted = base::to_lower(field(evidence.header, "Auto-Submitted"));
  const bool declared = !submitted.empty() && submitted != "no";
  if (declared || has_auto_reply_field(evidence.header) ||
      count_phrases(subject, evidence.phrases.auto_subjects) > 0 || automatic > 0) {
    return MessageKind::AutoReply;
  }
  return MessageKind::Other;
}

}  // namespace rampart::report
