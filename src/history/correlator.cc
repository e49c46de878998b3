#include "rampart/history/correlator.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "rampart/base/text.h"
#include "rampart/mail/address.h"
#include "rampart/provider/table.h"
#include "rampart/reply/cache.h"

#include "book.h"

namespace rampart::history {
namespace {

using base::WallTime;
using reply::ReplyClass;
using report::Delivery;
using report::LogLine;

constexpr std::size_t kPlaces = 4096;           // of the cache of replies
constexpr std::size_t kDomainsMax = 200'000;    // remembered with their provider
constexpr std::size_t kSendersMax = 50'000;     // addresses remembered with their sender
constexpr std::size_t kLearnedMax = 1'000'000;  // taught by relays

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

// The default syslog_name, so that instances are told apart as learning from a live log does.
std::string_view book_instance(std::string_view instance) noexcept {
  return instance == "postfix" ? std::string_view{} : instance;
}

bool is_smtp_client(std::string_view service) noexcept {
  return service != "local" && service != "virtual" && service != "pipe" && service != "discard" &&
         service != "error" && service != "cleanup";
}

// The same mail under another queue ID, but for its recipients.
void inherit(Message& next, const Message& from) {
  next.sender = from.sender;
  next.envelope_sender = from.envelope_sender;
  next.activated = from.activated;
  next.transaction_recipients = from.transaction_recipients;
}

}  // namespace

struct Correlator::Data {
  explicit Data(std::shared_ptr<const policy::Active> in_force)
      : active(std::move(in_force)), cache(active->policy().replies, kPlaces) {}

  void on_delivery(const LogLine& line, const Delivery& delivery, const Sink& sink);
  void on_refused_to_talk(const LogLine& line,
                          const report::RefusedToTalk& refused,
                          const Sink& sink);
  void on_active(const LogLine& line, const report::QueueActive& event);
  void on_expired(const LogLine& line, const Sink& sink);
  void on_removed(const LogLine& line);
  void on_requeued(const LogLine& line, const mail::QueueId& old_id);
  void on_cloned(const LogLine& line, const mail::QueueId& old_id);
  void stay(Message& message, const LogLine& line, const Delivery& delivery);
  void take_from_parent(Message& message, const Delivery& delivery);

  Message* find(const LogLine& line);
  std::uint64_t key_of(const LogLine& line, std::string_view queue_id);
  Recipient* look_up(Message& message, const Delivery& delivery);
  Recipient& find_recipient(Message& message, const Delivery& delivery);
  std::uint64_t recipient_key(const mail::Address& address);
  std::uint64_t asked_for(const Delivery& delivery);
  void name_sender(Message& message);
  std::string_view learn_owner(const Delivery& delivery);
  std::uint32_t provider_of(const mail::Domain& domain);
  std::uint32_t enter_provider(std::string_view name);
  [[nodiscard]] bool leaves_host(const LogLine& line, const Delivery& delivery) const;
  [[nodiscard]] bool concerns(std::uint32_t provider,
                              std::string_view owner,
                              bool host_reached) const;
  reply::Classification classify(const Delivery& delivery,
                                 std::uint32_t provider,
                                 std::string_view owner);
  void bring(Outcome& outcome, const Sink& sink) {
    ++counts.outcomes;
    sink(outcome);
  }

  std::shared_ptr<const policy::Active> active;
  reply::Cache cache;
  Names senders;
  Names providers;
  std::vector<bool> provider_named;
  std::unordered_map<std::string, std::uint32_t> domain_ids;  // a cache
  std::unordered_map<std::string, std::uint32_t> sender_ids;  // a cache, by envelope address
  std::unordered_map<std::string, std::string> learned;
  Book book;
  WallTime now{};        // latest time of a line
  std::string spelling;  // of recipient_key
  Counts counts;
};

// --- finding ---

std::uint64_t Correlator::Data::key_of(const LogLine& line, std::string_view queue_id) {
  const std::string_view instance = book_instance(line.instance);
  const std::uint64_t own = Book::key(instance, queue_id);
  if (instance.empty()) {
    return own;
  }
  const std::uint64_t shared = Book::key({}, queue_id);
  return book.find(own) == nullptr && book.find(shared) != nullptr ? shared : own;
}

Message* Correlator::Data::find(const LogLine& line) {
  return book.find(key_of(line, line.queue_id.text()));
}

// The local part's case is folded, as the MTA may fold it as well.
std::uint64_t Correlator::Data::recipient_key(const mail::Address& address) {
  spelling.clear();
  for (const char character : address.local_part) {
    spelling += base::to_lower(character);
  }
  spelling += '@';
  spelling += address.domain.text();
  const std::size_t hash = std::hash<std::string_view>{}(spelling);
  return hash == 0 ? 1 : hash;
}

std::uint64_t Correlator::Data::asked_for(const Delivery& delivery) {
  return recipient_key(delivery.original_recipient ? *delivery.original_recipient
                                                   : delivery.recipient);
}

Recipient* Correlator::Data::look_up(Message& message, const Delivery& delivery) {
  if (message.recipients.empty()) {
    return nullptr;
  }
  for (const std::uint64_t key : {asked_for(delivery), recipient_key(delivery.recipient)}) {
    const auto found = std::find_if(message.recipients.begin(), message.recipients.end(),
                                    [&](const Recipient& r) { return r.key == key; });
    if (found != message.recipients.end()) {
      return &*found;
    }
  }
  return nullptr;
}

Recipient& Correlator::Data::find_recipient(Message& message, const Delivery& delivery) {
  if (Recipient* known = look_up(message, delivery)) {
    return *known;
  }
  name_sender(message);
  Recipient recipient;
  recipient.key = recipient_key(delivery.recipient);
  recipient.sender = message.sender;
  recipient.provider = provider_of(delivery.recipient.domain);
  return message.recipients.emplace_back(recipient);
}

void Correlator::Data::name_sender(Message& message) {
  if (message.sender != Message::kUnnamed) {
    return;
  }
  const auto known = sender_ids.find(message.envelope_sender);
  if (known != sender_ids.end()) {
    message.sender = known->second;
  } else {
    const mail::Address sender =
        mail::parse_address(message.envelope_sender).value_or(mail::Address{});
    message.sender = senders.enter(active->policy().senders.sender_of(sender, {}, {}));
    if (sender_ids.size() >= kSendersMax) {
      sender_ids.clear();
    }
    sender_ids.emplace(message.envelope_sender, message.sender);
  }
  message.envelope_sender = {};
}

std::uint32_t Correlator::Data::enter_provider(std::string_view name) {
  const std::uint32_t number = providers.enter(name);
  if (number == provider_named.size()) {
    provider_named.push_back(active->policy().providers.is_named(name));
  }
  return number;
}

std::uint32_t Correlator::Data::provider_of(const mail::Domain& domain) {
  const auto known = domain_ids.find(domain.text());
  if (known != domain_ids.end()) {
    return known->second;
  }
  std::string name(active->policy().providers.find_by_domain(domain));
  if (name.empty()) {
    const auto taught = learned.find(domain.text());
    name = taught == learned.end() ? provider::registrable_domain(domain) : taught->second;
  }
  if (domain_ids.size() >= kDomainsMax) {
    domain_ids.clear();
  }
  const std::uint32_t number = enter_provider(name);
  domain_ids.emplace(domain.text(), number);
  return number;
}

// --- rules, the same as of learning from a live log ---

// A relay at one of this host's own addresses is a content filter; everything else with an address
// left the host.
bool Correlator::Data::leaves_host(const LogLine& line, const Delivery& delivery) const {
  if (!is_smtp_client(line.service)) {
    return false;
  }
  return delivery.relay.address.empty() ? delivery.leaves_host
                                        : !active->is_own_address(delivery.relay.address);
}

// The provider that owns the relay; it also teaches where the recipient's domain belongs.
std::string_view Correlator::Data::learn_owner(const Delivery& delivery) {
  const provider::Table& table = active->policy().providers;
  if (active->options().smarthost || delivery.relay.host.empty()) {
    return {};
  }
  const std::string_view owner = table.find_by_host(delivery.relay.host);
  const mail::Domain& domain = delivery.recipient.domain;
  if (owner.empty() || domain.empty() || !table.find_by_domain(domain).empty()) {
    return owner;
  }
  const auto taught = learned.find(domain.text());
  if (taught == learned.end() && learned.size() >= kLearnedMax) {
    return owner;
  }
  if (taught == learned.end() || taught->second != owner) {
    learned.insert_or_assign(domain.text(), std::string(owner));
    domain_ids.erase(domain.text());
  }
  return owner;
}

// The owner of a recipient domain must not be able to pause Gmail for everyone by answering like
// Gmail, and a next hop's words are not the provider's.
bool Correlator::Data::concerns(std::uint32_t provider,
                                std::string_view owner,
                                bool host_reached) const {
  if (active->options().smarthost) {
    return false;
  }
  return !provider_named[provider] || owner == providers.text(provider) || !host_reached;
}

reply::Classification Correlator::Data::classify(const Delivery& delivery,
                                                 std::uint32_t provider,
                                                 std::string_view owner) {
  const std::string_view whose = !owner.empty() || provider_named[provider]
                                     ? owner
                                     : std::string_view(providers.text(provider));
  const reply::Question question{delivery.reply.text,  whose,        delivery.relay.host,
                                 delivery.reply.stage, delivery.dsn, delivery.status};
  // Every acceptance has a queue ID of its own: nothing to remember.
  return delivery.status == mail::DeliveryStatus::Sent ? active->policy().replies.classify(question)
                                                       : cache.classify(question);
}

// --- events ---

void Correlator::Data::on_delivery(const LogLine& line,
                                   const Delivery& delivery,
                                   const Sink& sink) {
  if (delivery.own || line.service == "cleanup" || line.queue_id.empty()) {
    return;
  }
  Message* const message = find(line);
  if (message != nullptr) {
    take_from_parent(*message, delivery);
  }
  if (message == nullptr || !message->activated) {
    ++counts.unknown_message;
    return;
  }
  message->reported = line.time;
  if (!leaves_host(line, delivery) || !delivery.attempted) {
    stay(*message, line, delivery);
    return;
  }
  const std::string_view owner = learn_owner(delivery);
  Recipient& recipient = find_recipient(*message, delivery);
  ++recipient.attempts;
  if (recipient.attempts == 1) {
    recipient.first_attempt = line.time;
  }
  const policy::Options& options = active->options();
  Outcome outcome;
  outcome.time = line.time;
  outcome.sender = recipient.sender;
  outcome.provider = recipient.provider;
  outcome.queue_id = line.queue_id.text();
  outcome.message = message->serial;
  outcome.recipient = recipient.key;
  outcome.found = classify(delivery, recipient.provider, owner);
  outcome.counts_as =
      reply::is_unexplained(outcome.found) ? ReplyClass::Undefined : outcome.found.reply_class;
  outcome.final = delivery.status != mail::DeliveryStatus::Deferred;
  outcome.volume_counts = !options.smarthost || options.reads_notices;
  const bool by_silence = options.smarthost && outcome.counts_as == ReplyClass::Delivered;
  if (!by_silence && !concerns(recipient.provider, owner, !delivery.relay.address.empty())) {
    outcome.counts_as = ReplyClass::Policy;  // settles the recipient, teaches nothing
  }
  outcome.delivery = &delivery;
  outcome.text = delivery.reply.text;
  outcome.arrived = message->arrived;
  outcome.first_attempt = recipient.first_attempt;
  outcome.attempts = recipient.attempts;
  outcome.recipients = message->transaction_recipients;
  outcome.standing = recipient.standing;
  bring(outcome, sink);
  recipient.standing = outcome.standing;
  if (outcome.final) {
    std::erase_if(message->recipients, [&](const Recipient& r) { return &r == &recipient; });
  }
}

// Handed on to a content filter or an alias, the mail goes on under another queue ID, and with it
// the recipient if it is known. Otherwise its way ends here.
void Correlator::Data::stay(Message& message, const LogLine& line, const Delivery& delivery) {
  if (delivery.status == mail::DeliveryStatus::Deferred) {
    return;  // waits in the queue for a cause that is no provider's
  }
  const Recipient* known = look_up(message, delivery);
  std::optional<Recipient> recipient;
  if (known != nullptr) {
    recipient = *known;
    std::erase_if(message.recipients, [&](const Recipient& r) { return &r == known; });
  }
  if (!delivery.forwarded_as) {
    return;
  }
  const Message from = message;  // entering another may move it
  Message* const next =
      book.enter(key_of(line, delivery.forwarded_as->text()), line.time, kMessagesMax);
  if (next == nullptr) {
    ++counts.passed_over;
    return;
  }
  next->arrived = std::min(next->arrived, from.arrived);
  if (recipient) {
    inherit(*next, from);
    next->activated = true;
    next->recipients.push_back(*recipient);
  }
}

// The recipient of a split message, which stands in the book under the ID that was split.
void Correlator::Data::take_from_parent(Message& message, const Delivery& delivery) {
  if (message.parent == 0 || look_up(message, delivery) != nullptr) {
    return;
  }
  Message* const parent = book.find(message.parent);
  Recipient* const known = parent == nullptr ? nullptr : look_up(*parent, delivery);
  if (known != nullptr) {
    message.recipients.push_back(*known);
    std::erase_if(parent->recipients, [&](const Recipient& r) { return &r == known; });
  }
}

// "host X refused to talk to me: 421 ..." hides in front of a later success; it concerns no
// recipient but every flow of the message at that provider.
void Correlator::Data::on_refused_to_talk(const LogLine& line,
                                          const report::RefusedToTalk& refused,
                                          const Sink& sink) {
  if (line.queue_id.empty() || active->options().smarthost ||
      active->is_own_address(refused.relay.address)) {
    return;
  }
  const Message* const message = find(line);
  if (message == nullptr || !message->activated) {
    return;
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> concerned;  // sender, provider
  for (const Recipient& recipient : message->recipients) {
    const std::pair flow{recipient.sender, recipient.provider};
    if (std::find(concerned.begin(), concerned.end(), flow) == concerned.end()) {
      concerned.push_back(flow);
    }
  }
  const std::string_view owner = active->policy().providers.find_by_host(refused.relay.host);
  for (const auto& [sender, provider] : concerned) {
    if (!concerns(provider, owner, true)) {
      continue;
    }
    Outcome outcome;
    outcome.kind = Outcome::Kind::RefusedToTalk;
    outcome.found = cache.classify(
        {refused.reply.text, owner, refused.relay.host, refused.reply.stage, {}, {}});
    outcome.counts_as = outcome.found.reply_class;
    if (!reply::slows_flow(outcome.counts_as, outcome.found.scope)) {
      continue;
    }
    outcome.time = line.time;
    outcome.sender = sender;
    outcome.provider = provider;
    outcome.queue_id = line.queue_id.text();
    outcome.message = message->serial;
    outcome.text = refused.reply.text;
    outcome.arrived = message->arrived;
    outcome.first_attempt = line.time;
    outcome.recipients = message->transaction_recipients;
    bring(outcome, sink);
  }
}

void Correlator::Data::on_active(const LogLine& line, const report::QueueActive& event) {
  if (line.queue_id.empty()) {
    return;
  }
  Message* const message = book.enter(key_of(line, line.queue_id.text()), line.time, kMessagesMax);
  if (message == nullptr) {
    ++counts.passed_over;
    return;
  }
  if (message->activated) {
    return;
  }
  message->activated = true;
  message->envelope_sender = to_string(event.sender);
  message->transaction_recipients = event.recipients;
  message->entered = line.time;
}

// The queue manager names no recipients: those still in the book are the ones returned to the
// sender.
void Correlator::Data::on_expired(const LogLine& line, const Sink& sink) {
  Message* const message = find(line);
  if (message == nullptr) {
    return;
  }
  for (const Recipient& recipient : message->recipients) {
    Outcome outcome;
    outcome.kind = Outcome::Kind::Expired;
    outcome.time = line.time;
    outcome.sender = recipient.sender;
    outcome.provider = recipient.provider;
    outcome.queue_id = line.queue_id.text();
    outcome.message = message->serial;
    outcome.recipient = recipient.key;
    outcome.found.reply_class = ReplyClass::Expired;
    outcome.counts_as = ReplyClass::Expired;
    outcome.arrived = message->arrived;
    outcome.first_attempt = recipient.first_attempt;
    outcome.attempts = recipient.attempts;
    outcome.recipients = message->transaction_recipients;
    outcome.standing = recipient.standing;
    bring(outcome, sink);
  }
  message->recipients.clear();
}

void Correlator::Data::on_removed(const LogLine& line) {
  book.erase(key_of(line, line.queue_id.text()));
}

// postsuper -r: the same message goes on under a new queue ID.
void Correlator::Data::on_requeued(const LogLine& line, const mail::QueueId& old_id) {
  const std::uint64_t old_key = key_of(line, old_id.text());
  const Message* const old = book.find(old_key);
  if (old == nullptr) {
    return;
  }
  Message copy = *old;
  book.erase(old_key);
  Message* const message = book.enter(key_of(line, line.queue_id.text()), line.time, kMessagesMax);
  if (message != nullptr) {
    copy.serial = message->serial;
    *message = std::move(copy);
  }
}

// Sendmail split the message: some of its recipients go on under this line's queue ID. Which ones,
// their deliveries tell.
void Correlator::Data::on_cloned(const LogLine& line, const mail::QueueId& old_id) {
  const std::uint64_t old_key = key_of(line, old_id.text());
  const Message* const old = book.find(old_key);
  if (old == nullptr) {
    return;
  }
  const Message from = *old;
  Message* const message = book.enter(key_of(line, line.queue_id.text()), line.time, kMessagesMax);
  if (message == nullptr) {
    ++counts.passed_over;
    return;
  }
  inherit(*message, from);
  message->arrived = std::min(message->arrived, from.arrived);
  message->parent = old_key;
}

// --- the door ---

Correlator::Correlator(std::shared_ptr<const policy::Active> active)
    : data_(std::make_unique<Data>(std::move(active))) {}
Correlator::~Correlator() = default;
Correlator::Correlator(Correlator&&) noexcept = default;
Correlator& Correlator::operator=(Correlator&&) noexcept = default;

void Correlator::add(const LogLine& line, const Sink& sink) {
  Data& data = *data_;
  if (line.time > data.now) {
    data.now = line.time;
    data.book.expire(line.time);
  }
  const auto ignore = [](const auto&) {
  };
  std::visit(
      Overloaded{
          [&](const Delivery& event) { data.on_delivery(line, event, sink); },
          [&](const report::RefusedToTalk& event) { data.on_refused_to_talk(line, event, sink); },
          [&](const report::QueueActive& event) { data.on_active(line, event); },
          [&](const report::Expired&) { data.on_expired(line, sink); },
          [&](const report::Removed&) { data.on_removed(line); },
          [&](const report::Deleted&) { data.on_removed(line); },
          [&](const report::Requeued& event) { data.on_requeued(line, event.old_id); },
          [&](const report::Cloned& event) { data.on_cloned(line, event.old_id); }, ignore},
      line.event);
}

const Names& Correlator::senders() const noexcept {
  return data_->senders;
}
const Names& Correlator::providers() const noexcept {
  return data_->providers;
}
const std::unordered_map<std::string, std::string>& Correlator::domains() const noexcept {
  return data_->learned;
}

Correlator::Counts Correlator::counts() const noexcept {
  Counts counts = data_->counts;
  counts.messages = data_->book.size();
  return counts;
}

}  // namespace rampart::history
