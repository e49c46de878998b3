#include "cli/explain_message.h"

#include <fstream>
#include <sstream>

#include "rampart/config/config.h"
#include "support/catch.h"

#include "cli/json.h"

namespace rampart::cli {
namespace {

const policy::Policy& shipped() {
  static const config::Loaded kLoaded = config::load({"", RAMPART_SOURCE_DIR "/conf"});
  REQUIRE(kLoaded.config != nullptr);
  return *kLoaded.config->policy;
}

// A bounce as RFC 3464 has it. @param recipients  blocks of its delivery-status part
report::Message bounce(const std::string& recipients, bool with_token = true) {
  return report::read_message(
      "From: MAILER-DAEMON@mx.example\nTo: news@a.example\nSubject: Undelivered Mail\n"
      "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n"
      "--b\nContent-Type: text/plain\n\nIt did not go.\n\n"
      "--b\nContent-Type: message/delivery-status\n\n"
      "Reporting-MTA: dns; mx.example\n\n" +
          recipients + "\n--b\nContent-Type: message/rfc822\n\nFrom: news@a.example\n" +
          (with_token ? "X-Rampart-Id: 0123456789abcdef0123456789abcdef\n" : "") +
          "Subject: news\n\nhello\n\n--b--\n",
      shipped().phrases);
}

std::string block(const std::string& address,
                  const std::string& action,
                  const std::string& status,
                  const std::string& reply) {
  return "Final-Recipient: rfc822; " + address + "\nAction: " + action + "\nStatus: " + status +
         "\nRemote-MTA: dns; gmail-smtp-in.l.google.com\nDiagnostic-Code: smtp; " + reply + "\n\n";
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("each recipient of a bounce is told with what would be done", "[cli]") {
  struct Case {
    std::string action;
    std::string status;
    std::string reply;
    std::string reply_class;
    bool suppress;
    std::string effect;
    std::string in_words;
  };
  const std::vector<Case> cases{
      {"failed", "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist",
       "mailbox_unknown", true, "suppress", "suppressed for 365d"},
      {"failed", "5.2.2", "552 5.2.2 The email account that you tried to reach is over quota",
       "mailbox_full", false, "soft", "not suppressed yet"},
      {"failed", "4.4.7", "452 4.2.2 The email account that you tried to reach is over quota",
       "mailbox_full", false, "soft", "not suppressed yet"},
      {"failed", "5.7.26", "550 5.7.26 This mail is unauthenticated", "auth_failure", false, "none",
       "not suppressed"},
      {"delayed", "5.1.1", "550 5.1.1 The email account that you tried to reach does not exist",
       "mailbox_unknown", false, "soft", "soft evidence: the message still waits"},
      {"delayed", "4.7.28", "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail",
       "rate_limited", false, "none", "nothing: the message still waits"},
      {"relayed", "2.0.0", "250 2.0.0 OK", "delivered", false, "none", "nothing: it was delivered"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.action, c.reply);
    const Json json =
        message_json(shipped(), bounce(block("bob@b.example", c.action, c.status, c.reply)));
    CAPTURE(json.dump(2));
    REQUIRE(json["recipients"].size() == 1);
    const Json& recipient = json["recipients"][0];
    CHECK(recipient["recipient"] == "bob@b.example");
    CHECK(recipient["action"] == c.action);
    CHECK(recipient["status"] == c.status);
    CHECK(recipient["reply"] == c.reply);
    CHECK(recipient["class"] == c.reply_class);
    CHECK(recipient["suppress"] == c.suppress);
    CHECK(recipient["effect"] == c.effect);
    CHECK(recipient["in_words"].get<std::string>().starts_with(c.in_words));
  }
}

TEST_CASE("the whole answer in JSON", "[cli]") {
  const Json json = message_json(
      shipped(), bounce(block("bob@b.example", "failed", "5.1.1",
                              "550-5.1.1 The email account that you tried to reach does not "
                              "exist")));
  CHECK(json["kind"] == "bounce");
  CHECK(json["token"] == "0123456789abcdef0123456789abcdef");
  CHECK(json["queue_id"].is_null());
  CHECK(json["reporting_mta"] == "mx.example");
  const Json& recipient = json["recipients"][0];
  CHECK(recipient["original"].is_null());
  CHECK(recipient["code"] == 550);
  CHECK(recipient["enhanced"] == "5.1.1");
  CHECK(recipient["host"] == "gmail-smtp-in.l.google.com");
  CHECK(recipient["scope"] == "recipient");
  CHECK(recipient["permanence"] == "permanent");
  CHECK_FALSE(recipient["rule"].get<std::string>().empty());
}

TEST_CASE("without a token it is said that nothing is learned", "[cli]") {
  const std::string recipient =
      block("bob@b.example", "failed", "5.1.1", "550 5.1.1 The email account does not exist");
  const std::string with = render_message(shipped(), bounce(recipient), false);
  CAPTURE(with);
  CHECK(has(with, "token       0123456789abcdef0123456789abcdef (counts if this host made it)\n"));
  CHECK(has(with, "what we do  suppressed for 365d"));
  CHECK_FALSE(has(with, "only with this host's token"));
  const std::string without = render_message(shipped(), bounce(recipient, false), false);
  CAPTURE(without);
  CHECK(has(without, "token       none: "));
  CHECK(has(without, "; only with this host's token\n"));
  CHECK(message_json(shipped(), bounce(recipient, false))["token"].is_null());
}

TEST_CASE("of several recipients nobody is suppressed at once", "[cli]") {
  const std::string reply = "550 5.1.1 The email account that you tried to reach does not exist";
  const std::string text = render_message(shipped(),
                                          bounce(block("a@b.example", "failed", "5.1.1", reply) +
                                                 block("c@b.example", "failed", "5.1.1", reply)),
                                          false);
  CAPTURE(text);
  CHECK(has(text, "recipient   a@b.example\n"));
  CHECK(has(text, "recipient   c@b.example\n"));
  CHECK(has(text, "soft evidence: all recipients of the message know its token"));
}

TEST_CASE("mail that says nothing about addresses does nothing", "[cli]") {
  const report::Message ordinary =
      report::read_message("Subject: hello\n\nbob@b.example\n", shipped().phrases);
  CHECK(has(render_message(shipped(), ordinary, false), "what we do  nothing: "));
  CHECK(message_json(shipped(), ordinary)["recipients"].empty());
  const report::Message empty = report::read_message("", shipped().phrases);
  CHECK(message_json(shipped(), empty)["kind"] == "other");
}

TEST_CASE("an abuse report tells its kind and by whom", "[cli]") {
  std::ifstream file(RAMPART_SOURCE_DIR "/tests/golden/message/feedback-abuse.eml",
                     std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  const report::Message message = report::read_message(bytes.str(), shipped().phrases);
  const Json json = message_json(shipped(), message);
  CHECK(json["kind"] == "feedback");
  CHECK(json["feedback_type"] == "abuse");
  CHECK(json["feedback_recipients"].size() == message.feedback_recipients.size());
  CHECK(json["recipients"].empty());
  CHECK(has(render_message(shipped(), message, false), "complaint   abuse\n"));
}

TEST_CASE("no control byte of a mail reaches the terminal", "[cli]") {
  const std::string text = render_message(
      shipped(), bounce(block("bob@b.example", "failed", "5.1.1", "550 5.1.1 \x1b[31mred\x07")),
      false);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\x07') == std::string::npos);
}

}  // namespace
}  // namespace rampart::cli
