#include <algorithm>

#include "rampart/base/text.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "data.h"

namespace rampart::engine {
namespace {

constexpr std::size_t kReplyBytesMax = 300;

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

// The default syslog_name is what the milter's notes belong to: the milter is not told the name.
std::string_view book_instance(std::string_view instance) noexcept {
  return instance == "postfix" ? std::string_view{} : instance;
}

bool is_smtp_client(std::string_view service) noexcept {
  return service != "local" && service != "virtual" && service != "pipe" && service != "discard" &&
         service != "error" && service != "cleanup";
}

}  // namespace

/// Applies the lines of one batch. Lives on the feed's thread, under the writer's gate.
class Learner {
 public:
  Learner(Engine::Data& data, std::shared_ptr<const Active> active)
      : data_(data), active_(std::move(active)) {}

  void apply(const report::LogLine& line) {
    const auto ignore = [](const auto&) {
    };
    std::visit(
        Overloaded{[&](const report::Delivery& event) { on_delivery(line, event); },
                   [&](const report::RefusedToTalk& event) { on_refused_to_talk(line, event); },
                   [&](const report::QueueActive& event) { on_active(line, event.sender); },
                   [&](const report::Expired&) { on_expired(line); },
                   [&](const report::Removed&) { on_removed(line); },
                   [&](const report::Deleted&) { on_removed(line); },
                   [&](const report::ReleasedFromHold&) { on_released(line); },
                   [&](const report::Requeued& event) { on_requeued(line, event.old_id); },
                   [&](const report::MilterReject& event) { on_milter_reject(line, event); },
                   ignore},
        line.event);
  }

  std::vector<store::Operation>& operations() { return operations_; }

 private:
  /// One recipient's report on its way from the log line to flow and suppression.
  struct Subject {
    ramp::FlowKey flow;
    ramp::Standing standing = ramp::Standing::Unadmitted;
    std::uint32_t transaction_recipients = 0;
  };

  void on_delivery(const report::LogLine& line, const report::Delivery& delivery);
  void on_refused_to_talk(const report::LogLine& line, const report::RefusedToTalk& refused);
  void on_active(const report::LogLine& line, const mail::Address& sender);
  void on_expired(const report::LogLine& line);
  void on_removed(const report::LogLine& line);
  void on_released(const report::LogLine& line);
  void on_requeued(const report::LogLine& line, const mail::QueueId& old_id);
  void on_milter_reject(const report::LogLine& line, const report::MilterReject& reject);

  BookMessage* find(const report::LogLine& line) RAMPART_REQUIRES(data_.book_mutex) {
    return data_.book.find(book_instance(line.instance), line.queue_id.text());
  }
  [[nodiscard]] bool leaves_host(const report::LogLine& line,
                                 const report::Delivery& delivery) const;
  std::string relay_owner(const report::Delivery& delivery, base::WallTime now);
  static BookRecipient* look_up(BookMessage& message, const report::Delivery& delivery);
  const std::string& sender_of(BookMessage& message, base::WallTime now);
  void stay(BookMessage& message, const report::LogLine& line, const report::Delivery& delivery);
  BookRecipient& find_recipient(BookMessage& message,
                                const report::LogLine& line,
                                const report::Delivery& delivery);
  [[nodiscard]] bool concerns(const ramp::FlowKey& flow,
                              std::string_view owner,
                              bool host_reached) const;
  void settle(const ramp::FlowKey& flow,
              const ramp::Reported& reported,
              const reply::Classification& found,
              const report::LogLine& line,
              std::string_view text,
              BookRecipient* recipient);
  void log_effects(const ramp::FlowKey& key,
                   const ramp::Effects& effects,
                   const LiveFlow& flow,
                   const reply::Classification& found,
                   const report::LogLine& line,
                   std::string_view text) const;
  void suppress(const report::Delivery& delivery,
                const report::LogLine& line,
                const reply::Classification& found,
                const Subject& subject);
  void count(reply::ReplyClass reply_class);

  Engine::Data& data_;
  std::shared_ptr<const Active> active_;
  std::vector<store::Operation> operations_;
};

// A relay at one of this host's own addresses is a content filter; everything else with an address
// left the host, whatever the address.
bool Learner::leaves_host(const report::LogLine& line, const report::Delivery& delivery) const {
  if (delivery.own || !is_smtp_client(line.service)) {
    return false;
  }
  if (delivery.relay.address.empty()) {
    return delivery.leaves_host;
  }
  return !active_->is_own_address(delivery.relay.address);
}

// The provider that owns the relay; it also teaches where the recipient's domain belongs.
std::string Learner::relay_owner(const report::Delivery& delivery, base::WallTime now) {
  const provider::Table& providers = active_->policy().providers;
  const std::string owner(providers.find_by_host(delivery.relay.host));
  const mail::Domain& domain = delivery.recipient.domain;
  if (owner.empty() || domain.empty() || !providers.find_by_domain(domain).empty()) {
    return owner;
  }
  const base::MutexLock lock(data_.providers_mutex);
  std::string& known = data_.learned[domain.text()];
  if (known != owner) {
    known = owner;
    operations_.emplace_back(store::DomainProviderRecord{domain.text(), owner, now});
  }
  return owner;
}

// Only the provider that owns the relay is concerned: the owner of a recipient domain must not be
// able to pause Gmail for everyone by answering like Gmail.
bool Learner::concerns(const ramp::FlowKey& flow, std::string_view owner, bool host_reached) const {
  if (!active_->policy().providers.is_named(flow.provider)) {
    return true;
  }
  return owner == flow.provider || !host_reached;
}

BookRecipient* Learner::look_up(BookMessage& message, const report::Delivery& delivery) {
  const std::string seen_by_milter =
      book_key(delivery.original_recipient.value_or(delivery.recipient));
  for (const std::string& name : {seen_by_milter, book_key(delivery.recipient)}) {
    const auto found = std::find_if(message.recipients.begin(), message.recipients.end(),
                                    [&](const BookRecipient& r) { return r.address == name; });
    if (found != message.recipients.end()) {
      return &*found;
    }
  }
  return nullptr;
}

BookRecipient& Learner::find_recipient(BookMessage& message,
                                       const report::LogLine& line,
                                       const report::Delivery& delivery) {
  if (BookRecipient* known = look_up(message, delivery)) {
    return *known;
  }
  message.recipients.push_back(
      {book_key(delivery.recipient),
       {sender_of(message, line.time), data_.provider_of(*active_, delivery.recipient.domain)},
       ramp::Standing::Unadmitted,
       line.time});
  return message.recipients.back();
}

void Learner::count(reply::ReplyClass reply_class) {
  const base::MutexLock lock(data_.sources_mutex);
  ++data_.replies[std::string(reply::to_string(reply_class))];
}

void Learner::on_delivery(const report::LogLine& line, const report::Delivery& delivery) {
  if (delivery.own || line.service == "cleanup" || line.queue_id.empty()) {
    return;
  }
  const bool outside = leaves_host(line, delivery) && delivery.attempted;
  const bool final = delivery.status != mail::DeliveryStatus::Deferred;
  Subject subject;
  reply::Classification found;
  {
    const base::MutexLock lock(data_.book_mutex);
    BookMessage* message = find(line);
    if (message == nullptr || !message->activated) {
      // Neither admitted here nor taken up by the queue manager: not a message of this host.
      static telemetry::Counter& unknown = telemetry::counter("reports_unknown_message_total");
      unknown.add();
      return;
    }
    if (!outside) {
      stay(*message, line, delivery);
      return;
    }
    const std::string owner = relay_owner(delivery, line.time);
    BookRecipient& recipient = find_recipient(*message, line, delivery);
    subject.flow = recipient.flow;
    subject.standing = recipient.standing;
    subject.transaction_recipients = message->transaction_recipients;
    const bool named = active_->policy().providers.is_named(subject.flow.provider);
    const std::string_view provider =
        !owner.empty() || named ? std::string_view(owner) : subject.flow.provider;
    found =
        active_->policy().replies.classify({delivery.reply.text, provider, delivery.relay.host,
                                            delivery.reply.stage, delivery.dsn, delivery.status});
    ramp::Reported reported;
    reported.reply_class = found.reply_class;
    reported.scope = found.scope;
    reported.permanent = found.permanence == reply::Permanence::Permanent;
    reported.stage = found.stage;
    reported.standing = subject.standing;
    reported.final = final;
    reported.volume_counts = !active_->options().smarthost;
    if (!concerns(subject.flow, owner, !delivery.relay.address.empty())) {
      reported.reply_class = reply::ReplyClass::Policy;  // settles the recipient, teaches nothing
    }
    settle(subject.flow, reported, found, line, delivery.reply.text, &recipient);
    if (final) {
      operations_.emplace_back(
          store::EraseQueued{message->instance, message->queue_id, recipient.address});
      std::erase_if(message->recipients, [&](const BookRecipient& r) { return &r == &recipient; });
    } else {
      operations_.emplace_back(to_record(*message, recipient));
    }
  }
  count(found.reply_class);
  suppress(delivery, line, found, subject);
}

// A delivery that did not leave the host. Handed on to a content filter or an alias, the message
// goes on under another queue ID, and the unit with it; otherwise the recipient's way ends here.
void Learner::stay(BookMessage& message,
                   const report::LogLine& line,
                   const report::Delivery& delivery) {
  if (delivery.status == mail::DeliveryStatus::Deferred) {
    return;  // waits in the queue for a cause that is no provider's
  }
  const BookRecipient* known = look_up(message, delivery);
  if (known == nullptr) {
    return;
  }
  BookRecipient recipient = *known;
  operations_.emplace_back(
      store::EraseQueued{message.instance, message.queue_id, recipient.address});
  std::erase_if(message.recipients, [&](const BookRecipient& r) { return &r == known; });
  if (!delivery.forwarded_as) {
    data_.flows.change(recipient.flow, [&](const FlowTable::View& view) {
      ramp::forget(view.flow.state, view.host.state, recipient.standing);
    });
    return;
  }
  const BookMessage from = message;  // entering another may move it
  BookMessage& next = data_.book.enter(from.instance, delivery.forwarded_as->text(), line.time);
  next.sender = from.sender;
  next.envelope_sender = from.envelope_sender;
  next.activated = true;
  next.transaction_recipients = from.transaction_recipients;
  next.recipients.push_back(std::move(recipient));
  operations_.emplace_back(to_record(next));
  operations_.emplace_back(to_record(next, next.recipients.back()));
}

// The report's effect on flow, host flow and sender. `recipient` takes its new standing; without
// one the reply was given to no recipient in particular.
void Learner::settle(const ramp::FlowKey& key,
                     const ramp::Reported& reported,
                     const reply::Classification& found,
                     const report::LogLine& line,
                     std::string_view text,
                     BookRecipient* recipient) {
  data_.flows.change(key, [&](const FlowTable::View& view) {
    const ramp::Context context = data_.context(*active_, key, line.time);
    const ramp::Context host_context = data_.host_context(*active_, line.time);
    if (recipient != nullptr && reported.standing == ramp::Standing::Unadmitted) {
      // Left without our admission: alias targets, bcc, mail that passed while rampart was down.
      ramp::charge(view.flow.state, context);
      ramp::charge(view.host.state.flow, host_context);
    }
    const ramp::Effects effects = data_.senders.change(key.sender, [&](ramp::Health& health) {
      return ramp::on_report({view.flow.state, view.host.state, health, key.sender}, reported,
                             context, host_context);
    });
    switch (reported.reply_class) {
      case reply::ReplyClass::Delivered:
        ++view.flow.delivered;
        break;
      case reply::ReplyClass::RateLimited:
      case reply::ReplyClass::ReputationBlock:
        ++view.flow.deferrals;
        view.flow.last_reply = base::printable(text, kReplyBytesMax);
        view.flow.last_rule = active_->policy().replies.rule(found.rule).name;
        break;
      default:
        view.flow.refused += reported.permanent ? 1 : 0;
        break;
    }
    if (recipient != nullptr) {
      recipient->standing = effects.standing;
    }
    log_effects(key, effects, view.flow, found, line, text);
  });
}

void Learner::log_effects(const ramp::FlowKey& key,
                          const ramp::Effects& effects,
                          const LiveFlow& flow,
                          const reply::Classification& found,
                          const report::LogLine& line,
                          std::string_view text) const {
  if (!effects.flow_paused && !effects.host_paused && !effects.sender_stopped &&
      !effects.limit_learned) {
    return;
  }
  const char* state = effects.sender_stopped  ? "stopped"
                      : effects.limit_learned ? "limited"
                                              : "paused";
  telemetry::Line entry("flow");
  entry.add("state", state)
      .add("sender", key.sender)
      .add("provider", effects.host_paused ? key.provider + " (all senders)" : key.provider)
      .add("until", base::format_utc(flow.state.pause_until))
      .add("rule", active_->policy().replies.rule(found.rule).name)
      .add("cause", base::printable(text, kReplyBytesMax))
      .add("queue_id", line.queue_id.text());
  telemetry::write(telemetry::Level::Info, entry);
}

void Learner::suppress(const report::Delivery& delivery,
                       const report::LogLine& line,
                       const reply::Classification& found,
                       const Subject& subject) {
  if (delivery.recipient.domain.empty()) {
    return;
  }
  const suppression::Options& options = active_->options().suppression;
  const std::string key = suppression::canonical_key(delivery.recipient, options);
  const auto queue = [this](std::vector<store::Operation> operations) {
    std::move(operations.begin(), operations.end(), std::back_inserter(operations_));
  };
  if (found.reply_class == reply::ReplyClass::Delivered) {
    queue(data_.suppressor.delivered(key, subject.flow.sender, options, line.time));
    return;
  }
  suppression::Bounce bounce;
  bounce.reply_class = found.reply_class;
  bounce.permanent = found.permanence == reply::Permanence::Permanent;
  bounce.stage = found.stage;
  bounce.rule_suppresses = found.suppress;
  bounce.names_mailbox = found.blames_address;
  bounce.transaction_recipients = subject.transaction_recipients;
  bounce.null_mx = found.null_mx;
  suppression::Entry entry;
  entry.key = key;
  entry.sender = subject.flow.sender;
  entry.evidence = base::printable(delivery.reply.text, kReplyBytesMax);
  entry.queue_id = line.queue_id.text();
  entry.rule = active_->policy().replies.rule(found.rule).name;
  auto operations = data_.suppressor.learn(suppression::judge(bounce), entry, options, line.time);
  for (const store::Operation& operation : operations) {
    if (const auto* added = std::get_if<suppression::Entry>(&operation)) {
      telemetry::write(telemetry::Level::Info,
                       telemetry::Line("suppression")
                           .add("change", "added")
                           .recipient("to", delivery.recipient)
                           .add("reason", suppression::to_string(added->reason))
                           .add("rule", added->rule)
                           .add("until", added->until ? base::format_utc(*added->until) : "never")
                           .add("queue_id", added->queue_id)
                           .text(added->evidence));
    }
  }
  queue(std::move(operations));
}

// "host X refused to talk to me: 421 ..." hides in front of a later success; it concerns no
// recipient but every flow of the message at that provider.
void Learner::on_refused_to_talk(const report::LogLine& line,
                                 const report::RefusedToTalk& refused) {
  if (line.queue_id.empty() || active_->is_own_address(refused.relay.address)) {
    return;
  }
  const base::MutexLock lock(data_.book_mutex);
  const BookMessage* message = find(line);
  if (message == nullptr || !message->activated) {
    return;
  }
  const std::string owner(active_->policy().providers.find_by_host(refused.relay.host));
  std::vector<ramp::FlowKey> keys;
  for (const BookRecipient& recipient : message->recipients) {
    if (std::find(keys.begin(), keys.end(), recipient.flow) == keys.end()) {
      keys.push_back(recipient.flow);
    }
  }
  for (const ramp::FlowKey& key : keys) {
    if (!concerns(key, owner, true)) {
      continue;
    }
    const reply::Classification found = active_->policy().replies.classify(
        {refused.reply.text, owner, refused.relay.host, refused.reply.stage, {}, {}});
    if (found.reply_class != reply::ReplyClass::RateLimited &&
        found.reply_class != reply::ReplyClass::ReputationBlock) {
      continue;
    }
    ramp::Reported reported;
    reported.reply_class = found.reply_class;
    reported.scope = found.scope;
    reported.permanent = found.permanence == reply::Permanence::Permanent;
    reported.stage = found.stage;
    reported.final = true;  // no recipient stays deferred because of it
    settle(key, reported, found, line, refused.reply.text, nullptr);
  }
}

// Named at the first delivery that leaves the host: the queue manager takes up incoming mail as
// well, whose senders are none of ours.
const std::string& Learner::sender_of(BookMessage& message, base::WallTime now) {
  if (message.sender.empty()) {
    const mail::Address sender =
        mail::parse_address(message.envelope_sender).value_or(mail::Address{});
    const std::string name = active_->policy().senders.sender_of(sender, {}, {});
    message.sender = data_.senders.enter(name, active_->is_named_sender(name) || sender.is_null(),
                                         active_->options().new_senders_per_day, now);
    operations_.emplace_back(to_record(message));
  }
  return message.sender;
}

void Learner::on_active(const report::LogLine& line, const mail::Address& sender) {
  const base::MutexLock lock(data_.book_mutex);
  if (data_.book.size() >= QueueBook::kMessagesMax && find(line) == nullptr) {
    static telemetry::Counter& full = telemetry::counter("queue_book_full_total");
    full.add();
    return;
  }
  BookMessage& message =
      data_.book.enter(book_instance(line.instance), line.queue_id.text(), line.time);
  if (message.activated) {
    return;
  }
  message.activated = true;
  message.envelope_sender = to_string(sender);
  message.seen_at = line.time;
  operations_.emplace_back(to_record(message));
}

// The queue manager names no recipients: those still in the book are the ones returned to the
// sender.
void Learner::on_expired(const report::LogLine& line) {
  const base::MutexLock lock(data_.book_mutex);
  BookMessage* message = find(line);
  if (message == nullptr) {
    return;
  }
  for (BookRecipient& recipient : message->recipients) {
    ramp::Reported reported;
    reported.reply_class = reply::ReplyClass::Expired;
    reported.standing = recipient.standing;
    reported.final = true;
    data_.flows.change(recipient.flow, [&](const FlowTable::View& view) {
      data_.senders.change(recipient.flow.sender, [&](ramp::Health& health) {
        return ramp::on_report({view.flow.state, view.host.state, health, recipient.flow.sender},
                               reported, data_.context(*active_, recipient.flow, line.time),
                               data_.host_context(*active_, line.time));
      });
    });
    operations_.emplace_back(
        store::EraseQueued{message->instance, message->queue_id, recipient.address});
    count(reply::ReplyClass::Expired);
  }
  message->recipients.clear();
}

void Learner::on_removed(const report::LogLine& line) {
  const base::MutexLock lock(data_.book_mutex);
  if (data_.held.erase(line.queue_id.text()) > 0) {
    operations_.emplace_back(store::EraseHeld{line.queue_id.text()});
  }
  if (BookMessage* message = find(line)) {
    data_.forget_recipients(*message);
    operations_.emplace_back(store::EraseMessage{message->instance, message->queue_id});
    data_.book.erase(BookMessage(*message));
  }
}

void Learner::on_released(const report::LogLine& line) {
  data_.charge_held(line.queue_id.text(), data_.clock.wall_now(), operations_);
}

// postsuper -r: the same message goes on under a new queue ID.
void Learner::on_requeued(const report::LogLine& line, const mail::QueueId& old_id) {
  const base::MutexLock lock(data_.book_mutex);
  const BookMessage* old = data_.book.find(book_instance(line.instance), old_id.text());
  if (old == nullptr) {
    return;
  }
  const BookMessage copy = *old;
  operations_.emplace_back(store::EraseMessage{copy.instance, copy.queue_id});
  data_.book.erase(copy);
  BookMessage& message = data_.book.enter(copy.instance, line.queue_id.text(), line.time);
  const std::string new_id = message.queue_id;
  message = copy;
  message.queue_id = new_id;
  operations_.emplace_back(to_record(message));
  for (const BookRecipient& recipient : message.recipients) {
    operations_.emplace_back(to_record(message, recipient));
  }
}

// A later milter refused the message at its end, after we had admitted it: nothing was sent. Our
// own refusals never had a unit.
void Learner::on_milter_reject(const report::LogLine& line, const report::MilterReject& reject) {
  if (reject.stage != "END-OF-MESSAGE" || line.queue_id.empty()) {
    return;
  }
  const base::MutexLock lock(data_.book_mutex);
  if (data_.held.erase(line.queue_id.text()) > 0) {
    operations_.emplace_back(store::EraseHeld{line.queue_id.text()});
  }
  BookMessage* message = find(line);
  if (message == nullptr || !message->admitted_here) {
    return;
  }
  for (const BookRecipient& recipient : message->recipients) {
    data_.flows.change(recipient.flow, [&](const FlowTable::View& view) {
      // At the machine's time: an old line must not look like a clock set back.
      const base::WallTime now = data_.clock.wall_now();
      ramp::refund(view.flow.state, data_.context(*active_, recipient.flow, now),
                   recipient.admitted_at);
      ramp::refund(view.host.state.flow, data_.host_context(*active_, now), recipient.admitted_at);
    });
  }
  message->recipients.clear();
  operations_.emplace_back(store::EraseMessage{message->instance, message->queue_id});
  data_.book.erase(BookMessage(*message));
}

void Engine::stop_learning() {
  data_->writer->release();
}

void Engine::learn(std::span<const report::LogLine> lines, const store::CursorRecord& cursor) {
  Data& data = *data_;
  if (!data.writer->wait_for_room()) {
    return;
  }
  const base::MutexLock gate(data.writer->gate());
  Learner learner(data, data.current());
  bool any = false;
  for (const report::LogLine& line : lines) {
    any = any || !std::holds_alternative<report::Foreign>(line.event);
    learner.apply(line);
  }
  if (any) {
    data.unanswered = 0;
  }
  learner.operations().emplace_back(cursor);
  {
    const base::MutexLock lock(data.sources_mutex);
    data.cursors[cursor.source] = cursor;
  }
  data.writer->add(std::move(learner.operations()));
}

}  // namespace rampart::engine
