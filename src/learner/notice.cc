// Mails about other mails: what a bounce, a delay notice or an abuse report changes.

#include <algorithm>
#include <optional>

#include "rampart/base/text.h"
#include "rampart/correlate/correlator.h"
#include "rampart/learner/learner.h"
#include "rampart/store/state_store.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "recipient.h"

namespace rampart::learner {
namespace {

using base::Error;
using mail::NoticeOutcome;
using Kind = NoticeOutcome::Kind;

// One notice, about the message of `token`.
class Notice {
 public:
  Notice(ledger::Ledger& ledger,
         std::shared_ptr<const policy::Active> active,
         const report::Message& message,
         const store::TokenRecord& token,
         base::WallTime received)
      : ledger_(ledger),
        active_(std::move(active)),
        message_(message),
        token_(token),
        received_(received) {}

  NoticeOutcome learn() {
    NoticeOutcome outcome;
    outcome.queue_id = token_.queue_id;
    if (message_.kind == report::MessageKind::Feedback) {
      learn_complaint();
    } else {
      for (const report::MessageRecipient& recipient : message_.recipients) {
        learn_failure(recipient);
      }
    }
    outcome.recipients = counted_;
    outcome.kind = counted_ > 0 ? Kind::Counted : repeated_ > 0 ? Kind::Repeated : Kind::NotOurs;
    return outcome;
  }

  std::vector<store::Operation>& operations() { return operations_; }

 private:
  // The recipient as this host's message had it.
  [[nodiscard]] std::optional<mail::Address> find(const mail::Address& address) const {
    const std::string name = ledger::book_key(address);
    const auto known =
        std::find_if(token_.recipients.begin(), token_.recipients.end(),
                     [&](const std::string& one) { return base::to_lower(one) == name; });
    return known == token_.recipients.end() ? std::nullopt : mail::parse_address(*known);
  }

  // Every recipient knows the token of a message that went to several.
  [[nodiscard]] bool is_shared() const { return token_.recipients.size() > 1; }

  bool is_news(const mail::Address& address, std::string_view what) {
    const bool news = ledger_.seen.add(
        "notice\n" + token_.token + '\n' + to_string(address) + '\n' + std::string(what),
        token_.time, active_->options().token_lifetime);
    repeated_ += news ? 0 : 1;
    return news;
  }

  [[nodiscard]] ramp::FlowKey flow_of(const mail::Address& address) {
    return {token_.sender,
            ledger_.domains.provider_of(active_->policy().providers, address.domain)};
  }

  void learn_failure(const report::MessageRecipient& told) {
    const bool failed = told.action == report::Action::Failed;
    const bool delayed = told.action == report::Action::Delayed;
    auto address = told.original ? find(*told.original) : std::nullopt;
    if (!address) {
      address = find(told.recipient);
    }
    if (!address || (!failed && !delayed) || !is_news(*address, failed ? "failed" : "delayed")) {
      return;
    }
    ++counted_;
    const ramp::FlowKey flow = flow_of(*address);
    const std::string_view owner = active_->policy().providers.find_by_host(told.remote.host);
    const reply::Classification found = ledger_.classifier.classify(
        active_, {told.reply.text, owner.empty() ? std::string_view(flow.provider) : owner,
                  told.remote.host, told.reply.stage, told.status,
                  failed ? mail::DeliveryStatus::Bounced : mail::DeliveryStatus::Deferred});
    settle(flow, found, failed, owner);
    note(*address, flow, failed ? "notice: failed" : "notice: delayed", found, told.reply);

    Lesson lesson;
    lesson.recipient = *address;
    lesson.flow = flow;
    lesson.found = found;
    lesson.final = failed;
    lesson.transaction_recipients = static_cast<std::uint32_t>(token_.recipients.size());
    lesson.soft_only = is_shared() || delayed;
    lesson.text = told.reply.text;
    lesson.queue_id = token_.queue_id;
    lesson.time = received_;
    if (found.reply_class != reply::ReplyClass::Delivered) {
      learn_recipient(ledger_, *active_, lesson, operations_);
    }
  }

  // Every recipient of a message to several could have written it: nobody's flow is touched.
  //
  // Dead addresses count against the sender. Behind a next hop, a notice is the only word there is
  // from the provider: it takes back what the next hop's 250 had counted, and teaches the flow as a
  // line of the log would.
  void settle(const ramp::FlowKey& flow,
              const reply::Classification& found,
              bool failed,
              std::string_view owner) {
    if (is_shared()) {
      return;
    }
    const bool smarthost = active_->options().smarthost;
    const bool providers_own =
        owner == flow.provider || !active_->policy().providers.is_named(flow.provider);
    const bool slows = reply::slows_flow(found.reply_class, found.scope);
    const bool teaches = (failed && reply::is_bounce(found.reply_class)) ||
                         (smarthost && providers_own &&
                          (!slows || ledger_.witnesses.agree(flow, token_.token, received_)));
    ramp::Reported reported = correlate::reported_of(found);
    reported.standing = ramp::Standing::Neither;
    reported.final = true;
    const base::WallTime now = std::min(received_, ledger_.clock.wall_now());
    ledger_.flows.change(flow, [&](const ledger::FlowTable::View& view) {
      if (smarthost && failed) {
        ramp::retract(view.flow.state, ledger_.context(*active_, flow, token_.time));
      }
      if (!teaches) {
        return;
      }
      ledger_.senders.change(flow.sender, [&](ramp::Health& health) {
        return ramp::on_report({view.flow.state, view.host.state, health, flow.sender}, reported,
                               ledger_.context(*active_, flow, now),
                               ledger_.host_context(*active_, now));
      });
    });
  }

  // A complaint: this sender's mail is not wanted there. "not-spam" is none.
  void learn_complaint() {
    if (message_.feedback_type == "not-spam") {
      return;
    }
    std::vector<mail::Address> told = message_.feedback_recipients;
    if (told.empty() && !is_shared()) {
      if (auto only = mail::parse_address(token_.recipients.front())) {
        told.push_back(std::move(*only));
      }
    }
    for (const mail::Address& named : told) {
      const auto address = find(named);
      if (!address || !is_news(*address, "complaint")) {
        continue;
      }
      ++counted_;
      complain(*address);
    }
  }

  void complain(const mail::Address& address) {
    const suppression::Options& options = active_->options().suppression;
    const ramp::FlowKey flow = flow_of(address);
    suppression::Entry entry;
    entry.key = suppression::canonical_key(address, options);
    entry.sender = flow.sender;
    entry.reason = suppression::Reason::Complaint;
    entry.evidence = base::printable("feedback report: " + message_.feedback_type, kReplyBytesMax);
    entry.queue_id = token_.queue_id;
    entry.since = received_;
    entry.until = received_ + options.hard_expiry;
    std::vector<store::Operation> made =
        is_shared()
            ? ledger_.suppressor.learn(suppression::Judgement::Soft, entry, options, received_)
            : ledger_.suppressor.complain(entry, received_);
    log_suppressions(address, made);
    std::move(made.begin(), made.end(), std::back_inserter(operations_));
    ledger_.trail.add({received_,
                       token_.queue_id,
                       "complaint",
                       to_string(address),
                       flow.sender,
                       flow.provider,
                       entry.evidence,
                       {}});
  }

  void note(const mail::Address& address,
            const ramp::FlowKey& flow,
            std::string_view what,
            const reply::Classification& found,
            const mail::Reply& reply) {
    const std::string& rule = active_->policy().replies.rule(found.rule).name;
    ledger_.replies.count(found.reply_class);
    ledger_.replies.note(flow.provider, reply, found, rule, received_);
    ledger_.trail.add({received_, token_.queue_id, std::string(what), to_string(address),
                       flow.sender, flow.provider, base::printable(reply.text, kReplyBytesMax),
                       rule});
  }

  ledger::Ledger& ledger_;
  std::shared_ptr<const policy::Active> active_;
  const report::Message& message_;
  const store::TokenRecord& token_;
  base::WallTime received_;
  std::vector<store::Operation> operations_;
  std::uint32_t counted_ = 0;
  std::uint32_t repeated_ = 0;
};

bool is_own_host(const policy::Active& active, const std::string& name) {
  const auto& names = active.options().host_names;
  return !name.empty() && std::find(names.begin(), names.end(), name) != names.end();
}

void log(const NoticeOutcome& outcome, const report::Message& message, std::string_view origin) {
  telemetry::counter("notices_" + std::string(to_string(outcome.kind)) + "_total").add();
  telemetry::Line line(outcome.queue_id.empty() ? "NOQUEUE" : outcome.queue_id);
  line.add("notice", report::to_string(message.kind))
      .add("outcome", to_string(outcome.kind))
      .add("recipients", outcome.recipients)
      .add("reporting_mta", message.reporting_mta)
      .add("from", origin);
  telemetry::write(outcome.kind == Kind::Counted ? telemetry::Level::Info : telemetry::Level::Debug,
                   line);
}

}  // namespace

base::Result<NoticeOutcome> learn(ledger::Ledger& ledger,
                                  const report::Message& message,
                                  base::WallTime received,
                                  std::string_view origin) {
  if (!ledger.writer->wait_for_room()) {
    return Error{Error::Kind::Unavailable, "the service is stopping"};
  }
  const std::shared_ptr<const policy::Active> active = ledger.active();
  NoticeOutcome outcome;
  const bool tells = message.kind == report::MessageKind::Bounce ||
                     message.kind == report::MessageKind::Delay ||
                     message.kind == report::MessageKind::Feedback;
  if (!tells) {
    log(outcome, message, origin);
    return outcome;
  }
  outcome.kind = Kind::NotOurs;
  if (is_own_host(*active, message.reporting_mta)) {
    outcome.kind = Kind::Confirmed;
    outcome.queue_id = message.original_queue_id.text();
    log(outcome, message, origin);
    return outcome;
  }
  // A returned message may carry tokens of other hosts, and its author's inventions: ours is one
  // that the store knows, and of several the last one that was put on.
  for (auto token = message.tokens.rbegin(); token != message.tokens.rend(); ++token) {
    const auto known = ledger.store.find_token(*token);
    if (!known) {
      return known.error();
    }
    if (!*known || (**known).recipients.empty() ||
        (**known).time + active->options().token_lifetime <= received) {
      continue;
    }
    if (message.original_queue_id.text() == (**known).queue_id) {
      outcome.kind = Kind::Confirmed;  // under whatever name, it is this host's MTA that returns it
      outcome.queue_id = (**known).queue_id;
      break;
    }
    const base::MutexLock gate(ledger.writer->gate());
    Notice notice(ledger, active, message, **known, received);
    outcome = notice.learn();
    ledger.writer->add(std::move(notice.operations()));
    break;
  }
  log(outcome, message, origin);
  return outcome;
}

void age_guards(ledger::Ledger& ledger) {
  const base::WallTime now = ledger.clock.wall_now();
  const base::MutexLock gate(ledger.writer->gate());
  std::vector<store::Operation> operations;
  apply_turns(ledger, *ledger.active(), ledger.guards.tick(now), now, operations);
  clear_leftovers(ledger, now, operations);
  if (!operations.empty()) {
    ledger.writer->add(std::move(operations));
  }
}

}  // namespace rampart::learner
