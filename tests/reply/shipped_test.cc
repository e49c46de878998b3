#include <string>

#include "rampart/reply/table.h"
#include "support/catch.h"

#include "reply/golden_replies.h"
#include "reply/rules_file.h"

namespace rampart::reply {
namespace {

using mail::Stage;

const Table& shipped() {
  static const Table table = [] {
    auto compiled = Table::compile({}, test::read_rules(RAMPART_SOURCE_DIR "/conf/replies.toml"));
    INFO((compiled ? "" : compiled.error().what));
    REQUIRE(compiled.has_value());
    return std::move(*compiled);
  }();
  return table;
}

// Classes that concern nobody in particular, or whom a cause does not name.
bool is_nobody(ReplyClass c) {
  return c == ReplyClass::Delivered || c == ReplyClass::Greylisted || c == ReplyClass::Expired ||
         c == ReplyClass::Network;
}

TEST_CASE("the shipped table compiles and explains itself", "[reply][unit]") {
  const Table& table = shipped();
  CHECK(table.size() > 140);
  std::size_t providers = 0;
  for (std::uint32_t i = 0; i + 3 < table.size(); ++i) {
    const Rule& rule = table.rule(i);
    INFO(rule.where << " " << rule.name);
    providers += rule.provider.empty() ? 0U : 1U;
    CHECK((rule.advice.empty() || rule.advice.ends_with('.')));
    CHECK((rule.url.empty() || rule.url.starts_with("https://")));
    CHECK((rule.provider.empty() || !rule.advice.empty()));
    CHECK((rule.provider.empty() || !rule.url.empty()));
    CHECK_FALSE(rule.samples.empty());
    CHECK((rule.scope != Scope::None || is_nobody(rule.reply_class)));
  }
  CHECK(providers > 30);
}

TEST_CASE("replies in other words than the samples", "[reply][unit]") {
  for (const test::GoldenReply& c : test::golden_replies("general")) {
    INFO(c.reply);
    Question question;
    question.reply = c.reply;
    question.stage = c.stage;
    const Classification answer = shipped().classify(question);
    INFO(shipped().rule(answer.rule).name);
    CHECK(to_string(answer.reply_class) == c.reply_class);
  }
}

TEST_CASE("replies written down after the rules", "[reply][unit]") {
  for (const test::GoldenReply& c : test::golden_replies("fresh")) {
    INFO(c.reply);
    Question question;
    question.reply = c.reply;
    question.provider = c.provider;
    question.stage = c.stage;
    question.status = mail::DeliveryStatus::Bounced;
    const Classification answer = shipped().classify(question);
    INFO(shipped().rule(answer.rule).name);
    CHECK(to_string(answer.reply_class) == c.reply_class);
    CHECK(answer.suppress == c.suppress);
  }
}

TEST_CASE("what providers and filters are known to say", "[reply][unit]") {
  for (const test::GoldenReply& c : test::golden_replies("catalogue")) {
    INFO(c.provider << ": " << c.reply);
    Question question;
    question.reply = c.reply;
    question.provider = c.provider;
    question.stage = c.stage;
    const Classification answer = shipped().classify(question);
    INFO(shipped().rule(answer.rule).name);
    CHECK(to_string(answer.reply_class) == c.reply_class);
    if (!c.scope.empty()) {
      CHECK(to_string(answer.scope) == c.scope);
    }
  }
}

TEST_CASE("replies whose code lies", "[reply][unit]") {
  struct Case {
    std::string_view reply;
    std::string_view provider;
    Stage stage;
    std::string_view reply_class;
    std::string_view scope;
    bool suppress;
  };
  static const Case kCases[] = {
      // 550 5.2.1 means two things at Gmail.
      {"550 5.2.1 The email account that you tried to reach is disabled. - gsmtp", "gmail",
       Stage::Rcpt, "mailbox_disabled", "recipient", true},
      {"550-5.2.1 The user you are trying to contact is receiving mail at a rate that 550-5.2.1 "
       "prevents "
       "additional messages from being delivered. - gsmtp",
       "gmail", Stage::Rcpt, "rate_limited", "recipient", false},
      // 550 5.4.1 at Microsoft is an unknown user, elsewhere the same words are policy.
      {"550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "microsoft365",
       Stage::Rcpt, "mailbox_unknown", "recipient", true},
      {"554 5.7.1 <user@example.com>: Recipient address rejected: Access denied", "", Stage::Rcpt,
       "policy", "recipient", false},
      // QQ throttles with 550.
      {"550 Domain frequency limited [Mabc IP: 192.0.2.1]", "qq", Stage::EndOfData, "rate_limited",
       "sender", false},
      {"550 Mailbox unavailable or access denined [Mabc]", "qq", Stage::Rcpt, "policy", "recipient",
       false},
      // Yahoo's 552 at the end of data is an unknown mailbox, its 553 TSS09 a block.
      {"552 1 Requested mail action aborted, mailbox not found", "yahoo", Stage::EndOfData,
       "mailbox_unknown", "recipient", true},
      {"553 5.7.2 [TSS09] All messages from 192.0.2.1 will be permanently deferred; Retrying will "
       "NOT succeed.",
       "yahoo", Stage::Mail, "reputation_block", "host", false},
      // Gmail reports missing authentication with 421.
      {"421-4.7.26 This mail has been rate limited because it is unauthenticated.", "gmail",
       Stage::EndOfData, "auth_failure", "sender", false},
      // Barracuda says the same of senders and recipients.
      {"550 permanent failure for one or more recipients (user@example.com:blocked)", "barracuda",
       Stage::EndOfData, "policy", "recipient", false},
      // The last line of a GMX reply decides.
      {"554-gmx.net (mxgmx016) Nemesis ESMTP Service not available 554-No SMTP service 554-IP "
       "address is block "
       "listed. 554 For explanation visit https://postmaster.gmx.net/",
       "gmx", Stage::Connect, "reputation_block", "host", false},
      // Full storage is the server's at MAIL and the mailbox's at RCPT.
      {"452 4.2.2 xyzzy", "", Stage::Mail, "system", "provider", false},
      {"452 4.2.2 xyzzy", "", Stage::Rcpt, "mailbox_full", "recipient", false},
      // What is unknown at MAIL is the sender.
      {"550 5.1.1 user unknown", "", Stage::Mail, "auth_failure", "sender", false},
      {"550 5.1.1 user unknown", "", Stage::Rcpt, "mailbox_unknown", "recipient", true},
      {"450 5.1.1 user unknown", "", Stage::Rcpt, "mailbox_unknown", "recipient", false},
      // An address is no reason, whatever it is called.
      {"550 5.7.1 <user.unknown@example.com>: Message refused", "", Stage::Rcpt, "policy",
       "recipient", false},
      {"550 5.1.1 <spam.virus.greylist@spamhaus.example> User unknown", "", Stage::Rcpt,
       "mailbox_unknown", "recipient", true},
      // No code alone condemns an address.
      {"550 xyzzy", "", Stage::Rcpt, "undefined", "none", false},
      {"554 xyzzy", "", Stage::EndOfData, "undefined", "none", false},
  };
  for (const Case& c : kCases) {
    INFO(c.reply);
    Question question;
    question.reply = c.reply;
    question.provider = c.provider;
    question.stage = c.stage;
    const Classification answer = shipped().classify(question);
    INFO(shipped().rule(answer.rule).name);
    CHECK(to_string(answer.reply_class) == c.reply_class);
    CHECK(to_string(answer.scope) == c.scope);
    CHECK(answer.suppress == c.suppress);
  }
}

TEST_CASE("an MTA's own enhanced code condemns no address", "[reply][unit]") {
  Question question;
  question.reply = "550 xyzzy";
  question.stage = Stage::Rcpt;
  question.dsn = mail::EnhancedStatusCode{mail::StatusClass::PermanentFailure, 1, 1};
  CHECK(shipped().classify(question).reply_class == ReplyClass::MailboxUnknown);
  CHECK_FALSE(shipped().classify(question).suppress);
  question.reply = "550 5.1.1 xyzzy";
  CHECK(shipped().classify(question).suppress);
  CHECK_FALSE(shipped().classify(question).blames_address);
  question.stage = Stage::EndOfData;
  CHECK_FALSE(shipped().classify(question).suppress);
}

TEST_CASE("a null MX is told from a domain that is missing", "[reply][unit]") {
  Question question;
  question.reply = "Domain parked.example does not accept mail (nullMX)";
  question.dsn = mail::EnhancedStatusCode{mail::StatusClass::PermanentFailure, 1, 0};
  CHECK(shipped().classify(question).null_mx);
  CHECK(shipped().classify(question).suppress);
  question.reply =
      "Host or domain name not found. Name service error for name=a.example type=AAAA: Host not "
      "found";
  question.dsn = mail::EnhancedStatusCode{mail::StatusClass::PermanentFailure, 4, 4};
  CHECK(shipped().classify(question).reply_class == ReplyClass::DomainUnknown);
  CHECK_FALSE(shipped().classify(question).null_mx);
}

TEST_CASE("hostile replies get one class in bounded time", "[reply][unit]") {
  std::vector<std::string> replies{
      "", " ", "550", "-", std::string(64, '\0'), std::string("\xFF\xFE\x80")};
  for (const std::string_view piece :
       {"a", " ", "@", "\"@", "550-", "550 5.1.1 ", "(in reply to ", "user ",
        "mailbox unknown full spam ", "host x said: ", "\xC3", "5.1.1.", "connection to "}) {
    std::string reply = "550 ";
    while (reply.size() < 64 * 1024) {
      reply += piece;
    }
    replies.push_back(std::move(reply));
  }
  for (const std::string& reply : replies) {
    Question question;
    question.reply = reply;
    const Classification answer = shipped().classify(question);
    CHECK(answer.rule < shipped().size());
  }
}

TEST_CASE("a reply longer than a log line keeps its meaning", "[reply][unit]") {
  std::string reply = "550-5.1.1 The email account that you tried to reach does not exist.";
  for (int i = 0; i < 60; ++i) {
    reply += " 550-5.1.1 Please read on, there is more to come.";
  }
  Question question;
  question.reply = reply;
  question.stage = Stage::Rcpt;
  CHECK(shipped().classify(question).reply_class == ReplyClass::MailboxUnknown);
}

}  // namespace
}  // namespace rampart::reply
