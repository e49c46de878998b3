// Mails that are bounces, and mails that only look like it.

#include "rampart/report/message.h"

#include <chrono>
#include <string>
#include <vector>

#include "support/catch.h"

#include "report/message_text.h"
#include "report/phrases_file.h"

namespace rampart::report {
namespace {

const std::string kToken = "0123456789abcdef0123456789abcdef";

// A mail of a mail system whose text is all there is.
std::string notice(const std::string& text) {
  return "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: news@bounces.example\n"
         "Subject: Undeliverable mail\n\n" +
         text;
}

// A delivery status with the fields of its recipients.
std::string status(const std::string& fields, const std::string& returned = "") {
  return "From: MAILER-DAEMON@mx.example\nTo: news@bounces.example\nSubject: Report\n"
         "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b b\"\n\n"
         "--b b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n" +
         fields + "\n--b b\nContent-Type: message/rfc822\n\n" + returned + "\n--b b--\n";
}

std::string first_recipient(const Message& message) {
  return message.recipients.empty() ? "" : to_string(message.recipients.front().recipient);
}

TEST_CASE("recipients of a delivery status", "[report][unit]") {
  struct Case {
    const char* name;
    std::string fields;
    std::string recipient;
    std::string original;
    Action action;
    std::string status;
  };
  const std::vector<Case> cases{
      {"plain", "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n",
       "a@b.example", "", Action::Failed, "5.1.1"},
      {"original first",
       "Original-Recipient: rfc822;o@b.example\nFinal-Recipient: RFC822;a@b.example"
       "\nAction: FAILED\nStatus: 5.1.1 (bad mailbox)\n",
       "a@b.example", "o@b.example", Action::Failed, "5.1.1"},
      {"comments",
       "Final-Recipient: rfc822; <a@b.example> (A B)\nAction: relayed (to a mailer)\n"
       "Status: 2.1.5 (ok)\n",
       "a@b.example", "", Action::Relayed, "2.1.5"},
      {"no type", "Final-Recipient: a@b.example\nAction: delayed\nStatus: 4.4.1\n", "a@b.example",
       "", Action::Delayed, "4.4.1"},
      {"failed is not hard", "Final-Recipient: rfc822;a@b.example\nAction: failed\nStatus: 4.4.7\n",
       "a@b.example", "", Action::Failed, "4.4.7"},
      {"a user of the host",
       "Final-Recipient: LOCAL;anna\nOriginal-Recipient: rfc822;a@b.example\n"
       "Action: failed\nStatus: 5.2.2\n",
       "a@b.example", "", Action::Failed, "5.2.2"},
      {"only the original", "Original-Recipient: rfc822;a@b.example\nAction: expanded\n",
       "a@b.example", "", Action::Expanded, ""},
      {"unitext", "Final-Recipient: utf-8; \\x{FC}@b\xc3\xbc.example\nAction: delivered\n",
       "\xc3\xbc@xn--b-eha.example", "", Action::Delivered, ""},
      {"code points that are none",
       "Final-Recipient: utf-8; a\\x{D800}\\x{110000}\\x{zz}@b.example\n"
       "Action: failed\n",
       "a\\x{zz}@b.example", "", Action::Failed, ""},
      {"status without action", "Final-Recipient: rfc822;a@b.example\nStatus: 5.0.0\n",
       "a@b.example", "", Action::Failed, "5.0.0"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    const Message message = test::read_notice(status(test.fields));
    REQUIRE(message.recipients.size() == 1);
    const MessageRecipient& recipient = message.recipients.front();
    CHECK(to_string(recipient.recipient) == test.recipient);
    CHECK((recipient.original ? to_string(*recipient.original) : "") == test.original);
    CHECK(recipient.action == test.action);
    CHECK((recipient.status ? to_string(*recipient.status) : "") == test.status);
    CHECK(message.reporting_mta == "mx.example");
  }
}

TEST_CASE("a delivery status without an address names nobody", "[report][unit]") {
  for (const char* fields :
       {"Final-Recipient: rfc822; <>\nAction: failed\nStatus: 5.1.1\n",
        "Final-Recipient: rfc822;\nAction: failed\nStatus: 5.1.1\n", "Action: failed\n"}) {
    CAPTURE(fields);
    CHECK(test::read_notice(status(fields)).recipients.empty());
  }
}

TEST_CASE("the diagnostic code gives the reply", "[report][unit]") {
  struct Case {
    std::string diagnostic;
    std::uint16_t code;
    std::string enhanced;
    mail::Stage stage;
    bool smtp;
    std::string text;
  };
  const std::vector<Case> cases{
      {"smtp; 550 5.1.1 No\n  such user", 550, "5.1.1", mail::Stage::Unknown, true,
       "550 5.1.1 No such user"},
      {"SMTP;550-5.1.1 a 550 5.1.1 b", 550, "5.1.1", mail::Stage::Unknown, true,
       "550-5.1.1 a 550 5.1.1 b"},
      {"X-Postfix; host mx.example[192.0.2.1] said: 554 5.7.1 no (in reply to end of DATA command)",
       554, "5.7.1", mail::Stage::EndOfData, false, "554 5.7.1 no"},
      {"X-Postfix; unknown user: \"a\"", 0, "", mail::Stage::Unknown, false, "unknown user: \"a\""},
      {"smtp; Mailbox full (#5.2.2)", 0, "5.2.2", mail::Stage::Unknown, true,
       "Mailbox full (#5.2.2)"},
      {"smtp; The year 2026 has 550 days", 0, "", mail::Stage::Unknown, true,
       "The year 2026 has 550 days"},
      {"x-unix; connected to 5.5.2653.19", 0, "", mail::Stage::Unknown, false,
       "connected to 5.5.2653.19"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.diagnostic);
    const Message message = test::read_notice(status(
        "Final-Recipient: rfc822;a@b.example\nAction: failed\nDiagnostic-Code: " + test.diagnostic +
        "\n"));
    REQUIRE(message.recipients.size() == 1);
    const MessageRecipient& recipient = message.recipients.front();
    CHECK(recipient.reply.code == test.code);
    CHECK((recipient.reply.enhanced ? to_string(*recipient.reply.enhanced) : "") == test.enhanced);
    CHECK(recipient.reply.stage == test.stage);
    CHECK(recipient.diagnostic_is_smtp == test.smtp);
    CHECK(recipient.reply.text == test.text);
  }
}

TEST_CASE("recipients in a notice for people", "[report][unit]") {
  struct Case {
    const char* name;
    std::string text;
    std::vector<std::string> recipients;
  };
  const std::vector<Case> cases{
      {"under a heading",
       "These failed:\n\n<a@b.example>:\nNo such user.\n\n<c@b.example>:\nFull.\n",
       {"a@b.example", "c@b.example"}},
      {"in a list",
       "Could not be delivered to\n  a@b.example, c@b.example\n",
       {"a@b.example", "c@b.example"}},
      {"behind a label", "Unknown user: a@b.example\n", {"a@b.example"}},
      {"in a sentence", "Delivery failed: your mail to <a@b.example>.\n", {"a@b.example"}},
      {"not the postmaster",
       "<a@b.example>: no\n\nQuestions? Contact\npostmaster@b.example\n",
       {"a@b.example"}},
      {"not whom to ask",
       "a@b.example: no\n\nFor help, please write to\nhelp@b.example\n",
       {"a@b.example"}},
      {"not in a reason",
       "<a@b.example>: host mx said: 550\n    <z@b.example> is wrong\n",
       {"a@b.example"}},
      {"not behind the cut",
       "<a@b.example>: no\n\n--- Original message follows.\n\n"
       "Received: x\nTo: z@b.example\n\n<z@b.example>: hello\n",
       {"a@b.example"}},
      {"not behind a header",
       "<a@b.example>: no\n\nReceived: from x\nReturn-Path: <n@b.example>\n"
       "Subject: y\n\n<z@b.example>: hello\n",
       {"a@b.example"}},
      {"only the message's",
       "Sorry.\n\n--- Original message follows.\n\nReceived: x\n"
       "Message-Id: <1@b.example>\nTo: A <a@b.example>\n\nhello\n",
       {"a@b.example"}},
      {"unclear which",
       "We were unable to deliver it for q@b.example or for r@b.example. Sorry.\n",
       {}},
      {"another script", "a@b.example\xe6\x82\xa8\xe5\xa5\xbd\n", {"a@b.example"}},
      {"marked", "   * a@b.example\n", {"a@b.example"}},
      {"none", "We were unable to deliver it.\n", {}},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    const Message message = test::read_notice(notice(test.text));
    CHECK(message.kind == MessageKind::Bounce);
    std::vector<std::string> recipients;
    for (const MessageRecipient& recipient : message.recipients) {
      recipients.push_back(to_string(recipient.recipient));
      CHECK(recipient.action == Action::Failed);
    }
    CHECK(recipients == test.recipients);
  }
}

TEST_CASE("mails that say nothing about delivery", "[report][unit]") {
  struct Case {
    const char* name;
    std::string header;
    MessageKind kind;
  };
  const std::vector<Case> cases{
      {"absence", "From: a@b.example\nSubject: Out of office: News\n", MessageKind::AutoReply},
      {"absence, null sender",
       "Return-Path: <>\nFrom: a@b.example\nAuto-Submitted: auto-replied\n"
       "Subject: Abwesenheit\n",
       MessageKind::AutoReply},
      {"declared", "From: a@b.example\nSubject: x\nAuto-Submitted: auto-generated\n",
       MessageKind::AutoReply},
      {"declared by a person", "From: a@b.example\nSubject: x\nAuto-Submitted: no\n",
       MessageKind::Other},
      {"an answer about a bounce",
       "From: a@b.example\nIn-Reply-To: <1@b.example>\n"
       "Subject: Re: Undeliverable mail\n",
       MessageKind::Other},
      {"older habits", "From: a@b.example\nSubject: x\nPrecedence: auto_reply\n",
       MessageKind::AutoReply},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    const Message message =
        test::read_notice(test.header + "\n<c@b.example>: user unknown, could not be delivered\n");
    CHECK(message.kind == test.kind);
    CHECK(message.recipients.empty());
  }
}

TEST_CASE("without phrases standard notices are known, others are not", "[report][unit]") {
  const std::string standard = status("Final-Recipient: rfc822;a@b.example\nAction: failed\n");
  CHECK(read_message(standard, {}).kind == MessageKind::Bounce);
  CHECK(read_message(standard, {}).recipients.size() == 1);
  const std::string other = notice("<c@b.example>: user unknown, could not be delivered\n");
  CHECK(test::read_notice(other).kind == MessageKind::Bounce);
  CHECK(read_message(other, {}).kind == MessageKind::Other);
}

TEST_CASE("a notice of delay is not a bounce", "[report][unit]") {
  const Message message = test::read_notice(notice(
      "THIS IS A WARNING MESSAGE ONLY.\nDelivery to <a@b.example> has been delayed; we will\n"
      "keep trying before giving up.\n\na@b.example\n"));
  CHECK(message.kind == MessageKind::Delay);
  REQUIRE(message.recipients.size() == 1);
  CHECK(message.recipients.front().action == Action::Delayed);
}

TEST_CASE("the token of the returned message", "[report][token]") {
  struct Case {
    const char* name;
    std::string returned;
    std::string token;
  };
  const std::string half = kToken.substr(0, 16);
  const std::vector<Case> cases{
      {"plain", "X-Rampart-Id: " + kToken + "\n", kToken},
      {"any case", "x-rAMPART-iD:0123456789ABCDEF0123456789abcdef\n", kToken},
      {"folded", "X-Rampart-Id:\n " + kToken + "\n", kToken},
      {"folded within", "X-Rampart-Id: " + half + "\n\t" + half + "\nTo: x\n", kToken},
      {"encoded-word", "X-Rampart-Id: =?utf-8?q?" + kToken + "?=\n", kToken},
      {"encoded-words",
       "X-Rampart-Id: =?utf-8?q?" + half + "?=\n =?utf-8?b?MDEyMzQ1Njc4OWFiY2RlZg==?=\n", kToken},
      {"twice the same", "X-Rampart-Id: " + kToken + "\nX-Rampart-Id: " + kToken + "\n", kToken},
      {"two", "X-Rampart-Id: " + kToken + "\nX-Rampart-Id: " + std::string(32, 'f') + "\n", ""},
      {"cut", "X-Rampart-Id: " + half + "\n", ""},
      {"cut, then another field", "X-Rampart-Id: " + half + "\nTo: x\n", ""},
      {"too long", "X-Rampart-Id: " + kToken + "0\n", ""},
      {"no digits", "X-Rampart-Id: " + std::string(32, 'g') + "\n", ""},
      {"with a comment", "X-Rampart-Id: " + kToken + " (ours)\n", ""},
      {"another name", "X-Rampart-Ids: " + kToken + "\nY-X-Rampart-Id: " + kToken + "\n", ""},
      {"in the body", "To: x\n\nX-Rampart-Id: " + kToken + "\n", ""},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    const std::string fields = "Final-Recipient: rfc822;a@b.example\nAction: failed\n";
    CHECK(test::read_notice(status(fields, test.returned)).token == test.token);
    CHECK(test::read_notice("X-Rampart-Id: " + std::string(32, 'e') + "\n" +
                            status(fields, test.returned))
              .token == test.token);
  }
}

TEST_CASE("the token in a text that quotes the message", "[report][token]") {
  const std::string other(32, 'f');
  CHECK(test::read_notice(notice("> X-Rampart-Id: " + kToken + "\n")).token == kToken);
  CHECK(test::read_notice(notice("> > X-Rampart-Id:\n> > " + kToken + "\n> > To: x\n")).token ==
        kToken);
  CHECK(test::read_notice(notice("X-Rampart-Id: " + kToken + "\nX-Rampart-Id: " + other + "\n"))
            .token.empty());
  CHECK(
      test::read_notice("X-Rampart-Id: " + kToken + "\n" + notice("no such user\n")).token.empty());
  // What is quoted does not outweigh the returned message.
  const std::string both =
      "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n"
      "X-Rampart-Id: " +
      other + "\n\n--b\nContent-Type: text/rfc822-headers\n\nX-Rampart-Id: " + kToken + "\n--b--\n";
  CHECK(test::read_notice(both).token == kToken);
}

TEST_CASE("abuse reports", "[report][unit]") {
  struct Case {
    std::string fields;
    std::string type;
    std::vector<std::string> recipients;
  };
  const std::vector<Case> cases{
      {"Feedback-Type: abuse\nOriginal-Rcpt-To: <a@b.example>\n", "abuse", {"a@b.example"}},
      {"Original-Rcpt-To: a@b.example\nOriginal-Rcpt-To: rfc822;c@b.example\nFeedback-Type: "
       "Opt-Out\n",
       "opt-out",
       {"a@b.example", "c@b.example"}},
      {"Feedback-Type: not-spam\n", "not-spam", {}},
      {"Feedback-Type: abuse\nRemoval-Recipient: a@b.example\n", "abuse", {}},
  };
  for (const Case& test : cases) {
    CAPTURE(test.fields);
    const Message message = test::read_notice(
        "From: x@y.example\nContent-Type: multipart/report; boundary=b\n\n--b\n\n<z@b.example>: "
        "no\n"
        "--b\nContent-Type: message/feedback-report\n\n" +
        test.fields + "\n--b\nContent-Type: message/rfc822\n\nTo: q@b.example\nX-Rampart-Id: " +
        kToken + "\n\nhello\n");
    CHECK(message.kind == MessageKind::Feedback);
    CHECK(message.feedback_type == test.type);
    CHECK(message.recipients.empty());
    CHECK(message.token == kToken);
    std::vector<std::string> recipients;
    for (const mail::Address& address : message.feedback_recipients) {
      recipients.push_back(to_string(address));
    }
    CHECK(recipients == test.recipients);
  }
}

TEST_CASE("parts are found however they are wrapped", "[report][mime]") {
  const std::string fields = "Final-Recipient: rfc822;a@b.example\nAction: failed\nStatus: 5.1.1\n";
  struct Case {
    const char* name;
    std::string mail;
  };
  const std::string from = "From: MAILER-DAEMON@mx.example\n";
  const std::vector<Case> cases{
      {"alone", from + "Content-Type: message/delivery-status\n\n" + fields},
      {"never closed", from +
                           "Content-Type: multipart/report; boundary=b\n\n--b\n"
                           "Content-Type: message/delivery-status\n\n" +
                           fields},
      {"in another type", from +
                              "Content-Type: multipart/mixed;\n boundary = \"b\"; x=y\n\npreamble\n"
                              "--b\nContent-Type: application/octet-stream\n\n" +
                              fields + "--b--"},
      {"as text", from + "Subject: Delivery failure\n\n" + fields},
      {"in base64",
       from + "Content-Type: message/delivery-status\nContent-Transfer-Encoding: BASE64\n\n"
              "RmluYWwtUmVjaXBpZW50OiByZmM4MjI7YUBiLmV4YW1wbGUKQWN0aW9uOiBmYWlsZWQK\n"
              "U3RhdHVzOiA1LjEuMQo=\n"},
      {"in quoted-printable", from + "Content-Type: message/delivery-status\n"
                                     "Content-Transfer-Encoding: quoted-printable\n\n"
                                     "Final-Recipient: rfc822;a=40b.exa=\nmple\nAction: failed\n"},
      {"nested", from +
                     "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/"
                     "report; boundary=bb\n\n--bb\n\nSorry.\n--bb\nContent-Type: "
                     "message/global-delivery-status\n\n" +
                     fields + "--bb--\n--b--\n"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    const Message message = test::read_notice(test.mail);
    CHECK(message.kind == MessageKind::Bounce);
    CHECK(first_recipient(message) == "a@b.example");
  }
}

TEST_CASE("limits are kept and told", "[report][limit]") {
  std::string fields;
  for (std::size_t i = 0; i < kMessageRecipientsMax + 5; ++i) {
    fields += "Final-Recipient: rfc822;a" + std::to_string(i) + "@b.example\nAction: failed\n\n";
  }
  const Message many = test::read_notice(status(fields));
  CHECK(many.recipients.size() == kMessageRecipientsMax);
  CHECK(many.truncated);

  const Message longest =
      test::read_notice(notice("<a@b.example>: no\n" + std::string(kMessageBytesMax, 'x')));
  CHECK(longest.truncated);
  REQUIRE(longest.recipients.size() == 1);
  CHECK(longest.recipients.front().reply.text.size() <= 4096);

  std::string parts = "Content-Type: multipart/mixed; boundary=b\n\n";
  for (std::size_t i = 0; i <= kMessagePartsMax; ++i) {
    parts += "--b\n\nx\n";
  }
  CHECK(test::read_notice(parts).truncated);

  std::string deep;
  for (std::size_t i = 0; i < kMessageDepthMax + 2; ++i) {
    deep += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\n\n--b" +
            std::to_string(i) + "\n";
  }
  CHECK(test::read_notice(deep).truncated);
  CHECK_FALSE(test::read_notice(status("")).truncated);
}

// Texts that would be slow for anything but linear time.
TEST_CASE("hostile texts are read in time", "[report][limit]") {
  const auto repeat = [](const std::string& piece) {
    std::string text;
    while (text.size() < kMessageBytesMax) {
      text += piece;
    }
    return text;
  };
  std::string recipients;
  for (int i = 0; i < 1000; ++i) {
    recipients += "Final-Recipient: rfc822;a@b.example\nAction: failed\n\n";
  }
  const std::vector<std::string> texts{
      notice(repeat("@")),
      notice(repeat("a@b.example ")),
      notice(repeat("<a@b.example>:\n")),
      notice(repeat("550 ")),
      notice(repeat("<<< 550-\n")),
      notice(repeat("\"")),
      notice(repeat("X-Rampart-Id: 0\n")),
      notice(repeat("Original message\n")),
      notice(repeat("To: x\n")),
      notice(repeat("=?u?q?")),
      repeat("=?u?q?"),
      repeat("Subject: =?u?q?"),
      "Content-Type: multipart/mixed; boundary=b\n\n" + repeat("--b\n"),
      "Content-Type: text/html\n\n" + repeat("<"),
      status(recipients) + repeat("<a@b.example>:\n"),
      "From: MAILER-DAEMON@x\nContent-Type: multipart/report; boundary=b\n\n--b\n\n" +
          repeat("<a@b.example>:\n") + "--b\nContent-Type: message/delivery-status\n\n" +
          recipients};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CAPTURE(i);
    const Message message = test::read_notice(texts[i]);
    CHECK(message.recipients.size() <= kMessageRecipientsMax);
  }
}

}  // namespace
}  // namespace rampart::report
