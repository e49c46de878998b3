#include "session.h"

#include <algorithm>
#include <utility>

#include "rampart/base/text.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

namespace rampart::milter {
namespace {

constexpr std::string_view kTagHeader = "X-Rampart";
// Its value, kTokenDigits hexadecimal digits, is what a bounce of the message must bring back.
constexpr std::string_view kTokenHeader = "X-Rampart-Id";
constexpr std::size_t kTokenDigits = 32;
// More of them is no forwarding but an attack; those stay.
constexpr std::uint32_t kOldTokensMax = 16;
constexpr std::size_t kSpellingBytesMax = 2048;
constexpr std::size_t kTagBytesMax = 900;

struct Counters {
  telemetry::Counter& not_understood = telemetry::counter("milter_not_understood_total");
  telemetry::Counter& too_many = telemetry::counter("milter_too_many_recipients_total");
  telemetry::Counter& corrected = telemetry::counter("milter_replies_corrected_total");
  telemetry::Counter& not_refused = telemetry::counter("milter_not_refused_total");
  telemetry::Counter& changes_failed = telemetry::counter("milter_changes_failed_total");
};

const Counters& counters() {
  static const Counters instance;
  return instance;
}

std::string_view without_brackets(std::string_view spelling) noexcept {
  if (spelling.size() >= 2 && spelling.front() == '<' && spelling.back() == '>') {
    spelling.remove_prefix(1);
    spelling.remove_suffix(1);
  }
  return spelling;
}

bool is_token(std::string_view text) noexcept {
  return text.size() == kTokenDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return base::is_digit(c) || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

void Session::on_connect(std::string_view host, std::string_view address) {
  host_ = host;
  address_ = address;
}

void Session::on_mail(std::string_view address, const MailMacros& macros) {
  // First what decides whether anything may be refused at all: nothing here can fail.
  failed_ = true;
  null_sender_ = address.empty() || address == "<>";
  // Postfix' cleanup(8) plays a session for sendmail(1) mail and bounces: it knows the queue ID
  // before MAIL, has not resolved the sender, and gives envelope addresses without brackets.
  non_smtp_ = !macros.queue_id.empty() && macros.mail_mailer.empty() && !address.starts_with('<');
  end_transaction();
  queue_id_ = {};
  take_queue_id(macros.queue_id);
  auto sender = address.size() <= kSpellingBytesMax ? mail::parse_address(address) : std::nullopt;
  if (!sender) {
    log_not_understood("from", address);
    failed_ = false;
    return;
  }
  null_sender_ = null_sender_ || sender->is_null();
  transaction_ =
      decider_.begin({host_, address_, std::string(macros.auth), non_smtp_}, std::move(*sender));
  open_ = true;
  failed_ = false;
}

Answer Session::on_rcpt(std::string_view address, const RecipientMacros& macros) {
  take_queue_id(macros.queue_id);
  if (failed_) {
    return after_rcpt_error();
  }
  if (!open_) {
    ++undecided_;
    return {};
  }
  auto recipient =
      address.size() <= kSpellingBytesMax ? mail::parse_address(address) : std::nullopt;
  if (!recipient || recipient->is_null()) {
    log_not_understood("to", address);
    ++undecided_;
    return {};
  }
  if (accepted_.size() >= kRecipientsMax) {
    return too_many_recipients();
  }
  accepted_.emplace_back(
      address);  // before a unit is reserved: this may fail, that must not be undone
  engine::Verdict verdict;
  try {
    verdict = decider_.decide(transaction_, {std::move(*recipient), accepted_.back(),
                                             std::string(macros.rcpt_mailer), queue_id_.text()});
  } catch (...) {
    accepted_.pop_back();
    throw;
  }
  if (verdict.answer == engine::Verdict::Answer::Continue) {
    return {};
  }
  return refuse(verdict, address);
}

// Where nothing may be refused, a refusal of the engine is a bug, and the mail is worth more.
Answer Session::refuse(const engine::Verdict& verdict, std::string_view address) {
  if (must_accept()) {
    counters().not_refused.add();
    telemetry::Line line(queue_id_.empty() ? "NOQUEUE" : queue_id_.text());
    line.add("to", address).add("action", "accept").text("not refused: null sender or non-SMTP");
    telemetry::write(telemetry::Level::Warning, line);
    return {};
  }
  accepted_.pop_back();
  Answer answer;
  answer.kind = verdict.answer == engine::Verdict::Answer::Reject ? Answer::Kind::Reject
                                                                  : Answer::Kind::Defer;
  answer.reply = strict_reply(verdict);
  if (answer.reply.corrected) {
    counters().corrected.add();
  }
  return answer;
}

Answer Session::too_many_recipients() {
  counters().too_many.add();
  if (must_accept()) {
    ++undecided_;
    return {};
  }
  return {Answer::Kind::Defer,
          {"451", "4.5.3", "rampart: too many recipients in one message", false}};
}

void Session::on_data(std::string_view queue_id) {
  take_queue_id(queue_id);
}

void Session::on_header(std::string_view name, std::string_view value) {
  if (!reads_notices_) {
    return;
  }
  if (null_sender_) {
    message_.add_header(name, value);
  } else if (old_tokens_ < kOldTokensMax && base::equal_ignoring_case(name, kTokenHeader)) {
    ++old_tokens_;
  }
}

Body Session::on_body(std::string_view chunk) {
  if (!reads_notices_ || !null_sender_) {
    return Body::Unwanted;
  }
  message_.add_body(chunk);
  return message_.is_full() ? Body::Unwanted : Body::Wanted;
}

Answer Session::on_eom(std::string_view queue_id, Changes& changes) {
  take_queue_id(queue_id);
  if (open_) {
    const engine::Ending ending = decider_.commit(transaction_, queue_id_);
    open_ = false;
    apply(ending, changes);
  }
  if (reads_notices_ && null_sender_) {
    decider_.offer_message(message_.take());
  }
  end_transaction();
  return {};
}

// A mail without a sender is a report that somebody waits for, perhaps signed: nothing is added.
void Session::mark(const engine::Ending& ending, Changes& changes) {
  if (null_sender_) {
    return;
  }
  if (!ending.tag.empty() &&
      !changes.add_header(std::string(kTagHeader), strict_text(ending.tag, kTagBytesMax))) {
    counters().changes_failed.add();
  }
  if (!is_token(ending.token)) {
    return;
  }
  // Of a message that comes by again, or from another host with rampart, the newest counts. From
  // the last: an MTA may number anew what is left.
  const std::string name(kTokenHeader);
  for (std::uint32_t number = old_tokens_; number > 0; --number) {
    if (!changes.remove_header(name, number)) {
      counters().changes_failed.add();
    }
  }
  if (!changes.add_header(name, ending.token)) {
    counters().changes_failed.add();
  }
}

void Session::apply(const engine::Ending& ending, Changes& changes) {
  mark(ending, changes);
  // A message without recipients is lost without a trace in both MTAs.
  if (all_removed(ending.drop)) {
    hold(ending.hold ? ending.hold_reason : "rampart: no recipient would be left", ending.hold,
         changes);
    return;
  }
  bool removed = true;
  for (const std::string& spelling : ending.drop) {
    removed = changes.remove_recipient(spelling) && removed;
  }
  if (!removed) {
    counters().changes_failed.add();
  }
  if (ending.hold) {
    if (!removed && !queue_id_.empty()) {
      decider_.hold_for_person(queue_id_);
    }
    hold(ending.hold_reason, true, changes);
  } else if (!removed) {
    hold("rampart: a recipient could not be removed", false, changes);
  }
}

// @param known_to_engine  the engine has noted the message as held, and charges it when it is
//                         released
void Session::hold(std::string_view reason, bool known_to_engine, Changes& changes) {
  // Before the message is held: one without the mark waits for a person.
  const std::string mark =
      known_to_engine && !queue_id_.empty() ? decider_.hold_mark(queue_id_) : std::string();
  if (!null_sender_ && !mark.empty() &&
      !changes.add_header(std::string(mail::kHoldMarkHeader), mark)) {
    counters().changes_failed.add();
  }
  if (!null_sender_ && changes.hold(strict_text(reason.empty() ? "rampart: held" : reason))) {
    return;
  }
  counters().changes_failed.add();
  telemetry::Line line(queue_id_.empty() ? "NOQUEUE" : queue_id_.text());
  line.add("action", "accept").add("reason", reason);
  line.text(null_sender_ ? "null senders are never held" : "the MTA does not hold it");
  telemetry::write(telemetry::Level::Warning, line);
  if (known_to_engine && !queue_id_.empty()) {
    decider_.not_held(queue_id_);
  }
}

bool Session::all_removed(const std::vector<std::string>& removed) const {
  if (removed.empty() || undecided_ > 0) {
    return false;
  }
  std::vector<std::string_view> gone;
  gone.reserve(removed.size());
  for (const std::string& spelling : removed) {
    gone.push_back(without_brackets(spelling));
  }
  std::sort(gone.begin(), gone.end());
  return std::all_of(accepted_.begin(), accepted_.end(), [&](const std::string& spelling) {
    return std::binary_search(gone.begin(), gone.end(), without_brackets(spelling));
  });
}

void Session::on_abort() {
  end_transaction();
  failed_ = false;
  null_sender_ = false;
  non_smtp_ = false;
  queue_id_ = {};
}

void Session::on_close() {
  on_abort();
}

void Session::end_transaction() {
  accepted_.clear();
  undecided_ = 0;
  old_tokens_ = 0;
  message_.clear();
  if (std::exchange(open_, false)) {
    decider_.abort(transaction_);
  }
}

Answer Session::error_answer() const {
  if (must_accept() || on_error_ == OnError::Accept) {
    return {};
  }
  return {Answer::Kind::Defer,
          {"451", "4.3.0", "rampart: internal error, please try again later", false}};
}

Answer Session::after_rcpt_error() noexcept {
  Answer answer = error_answer();
  if (answer.kind == Answer::Kind::Continue) {
    ++undecided_;
  }
  return answer;
}

Answer Session::after_eom_error() noexcept {
  try {
    end_transaction();
  } catch (...) {
    open_ = false;  // the adapter has counted and logged the error that led here
  }
  return error_answer();
}

// The latest is the truth: Postfix knows the queue ID only after the first accepted recipient.
void Session::take_queue_id(std::string_view queue_id) {
  if (queue_id.empty() || queue_id == queue_id_.text()) {
    return;
  }
  if (auto parsed = mail::parse_queue_id(queue_id)) {
    queue_id_ = std::move(*parsed);
  }
}

void Session::log_not_understood(std::string_view what, std::string_view text) const {
  counters().not_understood.add();
  telemetry::Line line(queue_id_.empty() ? "NOQUEUE" : queue_id_.text());
  line.add(what, text).add("action", "accept").text("address not understood, not counted");
  telemetry::write(telemetry::Level::Info, line);
}

}  // namespace rampart::milter
