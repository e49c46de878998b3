#include "report/message_text.h"

namespace rampart::test {
namespace {

void add(std::string& out, const char* key, const std::string& value) {
  if (!value.empty()) {
    out += ' ';
    out += key;
    out += '=';
    out += value;
  }
}

std::string describe(const report::MessageRecipient& recipient) {
  std::string out(to_string(recipient.action));
  add(out, "to", to_string(recipient.recipient));
  add(out, "original", recipient.original ? to_string(*recipient.original) : "");
  add(out, "status", recipient.status ? to_string(*recipient.status) : "");
  add(out, "code", recipient.reply.code == 0 ? "" : std::to_string(recipient.reply.code));
  add(out, "enhanced", recipient.reply.enhanced ? to_string(*recipient.reply.enhanced) : "");
  if (recipient.reply.stage != mail::Stage::Unknown) {
    add(out, "stage", std::string(to_string(recipient.reply.stage)));
  }
  add(out, "remote", recipient.remote.host);
  if (recipient.last_attempt != base::WallTime{}) {
    add(out, "last", base::format_utc(recipient.last_attempt));
  }
  out += recipient.diagnostic_is_smtp ? " smtp: " : " said: ";
  out += recipient.reply.text;
  return out;
}

}  // namespace

std::string describe(const report::Message& message) {
  std::string out(to_string(message.kind));
  add(out, "token", message.token);
  add(out, "queue", message.original_queue_id.text());
  add(out, "mta", message.reporting_mta);
  add(out, "envelope", message.original_envelope_id);
  add(out, "message-id", message.original_message_id);
  add(out, "feedback", message.feedback_type);
  for (const mail::Address& address : message.feedback_recipients) {
    add(out, "feedback-to", to_string(address));
  }
  if (message.arrival != base::WallTime{}) {
    add(out, "arrival", base::format_utc(message.arrival));
  }
  out += message.truncated ? " truncated\n" : "\n";
  for (const report::MessageRecipient& recipient : message.recipients) {
    out += describe(recipient);
    out += '\n';
  }
  return out;
}

}  // namespace rampart::test
