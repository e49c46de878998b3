#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rampart/report/message.h"

namespace {

using namespace rampart;  // NOLINT(google-build-using-namespace): one short program

constexpr std::size_t kFieldMax = 4096;
// One or two of each sort; the fuzzer finds words for the rest.
const report::Phrases kPhrases{{"mailer-daemon", "postmaster"},
                               {"undeliver", "failure"},
                               {"out of office"},
                               {"could not be delivered", "user unknown"},
                               {"on vacation"},
                               {"has been delayed"},
                               {"giving up"}};

void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

bool is_token_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

void check(const report::MessageRecipient& recipient) {
  require(!recipient.recipient.is_null());
  require(recipient.recipient.local_part.size() <= kFieldMax);
  require(recipient.reply.text.size() <= kFieldMax);
  require(recipient.reply.code == 0 ||
          (recipient.reply.code >= 200 && recipient.reply.code <= 599));
  require(recipient.remote.host.size() <= kFieldMax);
}

}  // namespace

// Any bytes give a message within the limits; only notifications about delivery have recipients.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const report::Message message = report::read_message(bytes, kPhrases);
  require(message.recipients.size() <= report::kMessageRecipientsMax);
  require(message.feedback_recipients.size() <= report::kMessageRecipientsMax);
  if (message.kind == report::MessageKind::Feedback ||
      message.kind == report::MessageKind::AutoReply ||
      message.kind == report::MessageKind::Other) {
    require(message.recipients.empty());
  }
  if (!message.token.empty()) {
    require(message.token.size() == report::kTokenDigits);
    require(std::all_of(message.token.begin(), message.token.end(), is_token_digit));
  }
  require(message.reporting_mta.size() <= kFieldMax);
  require(message.feedback_type.size() <= kFieldMax);
  for (const report::MessageRecipient& recipient : message.recipients) {
    check(recipient);
  }
  return 0;
}
