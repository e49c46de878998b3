// replies, events, feed.lines, feed.message: what was learned, and what is brought to learn from

#include <atomic>

#include "rampart/base/base64.h"
#include "rampart/base/text.h"
#include "rampart/base/time.h"
#include "rampart/control/answers.h"
#include "rampart/mail/notice_outcome.h"
#include "rampart/mail/queue_id.h"
#include "rampart/mail/trail_event.h"
#include "rampart/policy/policy.h"
#include "rampart/store/records.h"

#include "call.h"

namespace rampart::control {
namespace {

using Call = Dispatcher::Call;

// Of 64 clients: the others remain for people.
constexpr int kFeedsMax = 32;

std::atomic<int>& feeds() {
  static std::atomic<int> count{0};
  return count;
}

// Whoever brings something waits for the store; no more than kFeedsMax may.
class FeedPlace {
 public:
  FeedPlace() {
    if (feeds().fetch_add(1) >= kFeedsMax) {
      feeds().fetch_sub(1);
      throw Refusal{"unavailable", "too much is handed in at once; try again"};
    }
  }
  ~FeedPlace() { feeds().fetch_sub(1); }
  FeedPlace(const FeedPlace&) = delete;
  FeedPlace& operator=(const FeedPlace&) = delete;
};

std::string bytes_of(const Json& object) {
  const auto found = object.find("base64");
  if (found == object.end() || !found->is_string()) {
    throw Refusal{"usage", "\"base64\" must be a text"};
  }
  auto bytes = base::decode_base64(found->get_ref<const std::string&>());
  if (!bytes) {
    throw Refusal{"usage", "\"base64\" is no base64"};
  }
  return std::move(*bytes);
}

}  // namespace

Json list_replies(const Call& call) {
  const bool unknown = call.flag("unknown");
  const std::string provider = call.text("provider");
  RepliesAnswer answer;
  for (store::ReplyRecord& reply : call.engine.replies()) {
    const bool wanted =
        !unknown || reply.reply_class == reply::to_string(reply::ReplyClass::Undefined);
    if (wanted && (provider.empty() || reply.provider == provider)) {
      answer.replies.push_back(std::move(reply));
    }
  }
  return encode(answer);
}

Json list_events(const Call& call) {
  const std::string text = call.text("queue_id", true);
  const auto queue_id = mail::parse_queue_id(text);
  if (!queue_id) {
    throw Refusal{"usage", "\"" + base::printable(text, 64) + "\" is no queue ID"};
  }
  return encode(EventsAnswer{queue_id->text(),
                             base::format_duration(call.engine.policy()->options.keep),
                             value_or_refuse(call.engine.events_of(*queue_id))});
}

Json feed_lines(const Call& call) {
  const FeedPlace place;
  if (!call.hooks.take_lines) {
    throw Refusal{"refused", "this service takes no lines"};
  }
  const auto found = call.request.find("lines");
  if (found == call.request.end() || !found->is_array()) {
    throw Refusal{"usage", "\"lines\" must be a list"};
  }
  std::vector<std::string> lines;
  lines.reserve(found->size());
  for (const Json& line : *found) {
    if (line.is_string()) {
      lines.push_back(line.get<std::string>());
    } else if (line.is_object()) {
      lines.push_back(bytes_of(line));
    } else {
      throw Refusal{"usage", "a line must be a text or {\"base64\":...}"};
    }
  }
  return {{"taken", value_or_refuse(call.hooks.take_lines(call.text("source", true), lines))}};
}

Json feed_message(const Call& call) {
  const FeedPlace place;
  const std::string bytes = bytes_of(call.request);
  const auto outcome = value_or_refuse(
      call.engine.learn_message(bytes, base::SystemClock().wall_now(), "feed:" + call.peer.user));
  return {{"outcome", mail::to_string(outcome.kind)},
          {"recipients", outcome.recipients},
          {"queue_id", outcome.queue_id}};
}

}  // namespace rampart::control
