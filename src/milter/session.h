// One milter session: what an MTA says on one connection, turned into calls of the engine and
// answers. No libmilter types: the adapter translates.
//
// Source: RFC 5321 4.1.1 (order of commands); Postfix MILTER_README and Sendmail's libmilter
// documentation (when a macro is there); what Postfix 3.7 and Sendmail 8.17 do where these are
// silent.
// Threads: the callbacks of one session do not overlap, so there is no lock; they may come on
// different threads, so there is no thread-local state.
// Errors: on_*() let exceptions of the engine through; the adapter then calls after_error(). Every
// reservation is given back by on_abort(), on_close(), after_error() at end of message, or the next
// on_mail().
// Limits: kRecipientsMax recipients accepted a transaction; kMessageBytesMax of a mail that is
// read.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/milter/options.h"

#include "collector.h"
#include "decider.h"
#include "strict_reply.h"

namespace rampart::milter {

inline constexpr std::size_t kRecipientsMax = 4000;

/// What is told to the MTA. MAIL is never refused: both MTAs would then not let the message be
/// known.
struct Answer {
  enum class Kind : std::uint8_t { Continue, Defer, Reject };
  Kind kind = Kind::Continue;
  StrictReply reply;  ///< when not Continue
};

/// Macros of MAIL. "" where the MTA gave none; views are used during the call only.
struct MailMacros {
  std::string_view queue_id;     ///< i
  std::string_view mail_mailer;  ///< {mail_mailer}
  std::string_view auth;         ///< {auth_authen}
};

/// Macros of one RCPT; the next RCPT overwrites them, so they are taken here and never later.
struct RecipientMacros {
  std::string_view queue_id;     ///< i
  std::string_view rcpt_mailer;  ///< {rcpt_mailer}
};

/// What can be done to a message at its end. Each returns false if the MTA cannot or did not take
/// it.
class Changes {
 public:
  virtual ~Changes() = default;
  virtual bool remove_recipient(const std::string& spelling) = 0;
  virtual bool hold(const std::string& reason) = 0;
  virtual bool add_header(const std::string& name, const std::string& value) = 0;
  /// @param number  from 1, among the headers of that name
  virtual bool remove_header(const std::string& name, std::uint32_t number) = 0;
};

/// What the MTA need not send any more.
enum class Body : std::uint8_t { Wanted, Unwanted };

class Session {
 public:
  /// @param reads_notices  mail with the null sender is read, and offered to the engine at its end
  Session(Decider& decider, OnError on_error, bool reads_notices = false)
      : decider_(decider), on_error_(on_error), reads_notices_(reads_notices) {}

  void on_connect(std::string_view host, std::string_view address);
  /// @param address  first argument of MAIL: "<news@a.example>", "<>", or without brackets; "" is
  ///                 the null sender. ESMTP parameters are separate arguments, which nothing here
  ///                 needs.
  void on_mail(std::string_view address, const MailMacros& macros);
  Answer on_rcpt(std::string_view address, const RecipientMacros& macros);
  /// Called only where the MTA insists on sending DATA.
  void on_data(std::string_view queue_id);
  /// Called only if the session reads notices, or where the MTA insists.
  void on_header(std::string_view name, std::string_view value);
  Body on_body(std::string_view chunk);
  Answer on_eom(std::string_view queue_id, Changes& changes);
  void on_abort();
  void on_close();

  /// The answer at RCPT when the call failed; the recipient counts as accepted if it is Continue.
  Answer after_rcpt_error() noexcept;
  /// The answer at end of message when the call failed. Gives every reservation back.
  Answer after_eom_error() noexcept;

  [[nodiscard]] bool is_non_smtp() const noexcept { return non_smtp_; }
  [[nodiscard]] const std::string& queue_id() const noexcept { return queue_id_.text(); }

 private:
  [[nodiscard]] bool must_accept() const noexcept { return non_smtp_ || null_sender_; }
  void take_queue_id(std::string_view queue_id);
  void end_transaction();
  Answer error_answer() const;
  Answer too_many_recipients();
  Answer refuse(const engine::Verdict& verdict, std::string_view address);
  void apply(const engine::Ending& ending, Changes& changes);
  void mark(const engine::Ending& ending, Changes& changes);
  void hold(std::string_view reason, bool known_to_engine, Changes& changes);
  [[nodiscard]] bool all_removed(const std::vector<std::string>& removed) const;
  void log_not_understood(std::string_view what, std::string_view text) const;

  Decider& decider_;
  OnError on_error_;
  bool reads_notices_;
  std::string host_;
  std::string address_;

  engine::Transaction transaction_;
  bool open_ = false;    // begun, neither committed nor aborted
  bool failed_ = false;  // MAIL could not be handled: recipients get the answer for errors
  bool null_sender_ = false;
  bool non_smtp_ = false;
  mail::QueueId queue_id_;
  std::vector<std::string> accepted_;  // spellings, of recipients that were decided
  std::size_t undecided_ = 0;          // accepted without a decision
  Collector message_;                  // of a null sender, if notices are read
  std::uint32_t old_tokens_ = 0;       // headers kTokenHeader that the message came with
};

}  // namespace rampart::milter
