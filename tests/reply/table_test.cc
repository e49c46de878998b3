#include "rampart/reply/table.h"

#include <string>

#include "support/catch.h"

namespace rampart::reply {
namespace {

using mail::Stage;

Rule make(std::string name, std::string match, ReplyClass reply_class, std::string sample) {
  Rule rule;
  rule.name = std::move(name);
  rule.match = std::move(match);
  rule.reply_class = reply_class;
  rule.scope = Scope::Sender;
  rule.where = "t.toml:" + rule.name;
  rule.samples.push_back({std::move(sample), "", Stage::Unknown, std::nullopt, ""});
  return rule;
}

Table compiled(std::vector<Rule> operator_rules, std::vector<Rule> shipped) {
  auto table = Table::compile(std::move(operator_rules), std::move(shipped));
  INFO((table ? "" : table.error().what));
  REQUIRE(table.has_value());
  return std::move(*table);
}

std::string name_for(const Table& table, std::string_view reply, std::string_view provider = "") {
  Question question;
  question.reply = reply;
  question.provider = provider;
  return table.rule(table.classify(question).rule).name;
}

TEST_CASE("rules are tried in their order", "[reply][unit]") {
  // Written in the reverse of the order in which they are tried.
  Rule by_code = make("by-code", "", ReplyClass::System, "450 apple");
  by_code.code = "4xx";
  Rule by_enhanced = make("by-enhanced", "", ReplyClass::Network, "450 4.4.1 apple");
  by_enhanced.enhanced = "4.4.1";
  Rule text = make("text", "pear", ReplyClass::Policy, "450 4.4.1 pear");
  Rule late = make("late", "pear|plum", ReplyClass::Virus, "450 plum");
  Rule of_gmail = make("of-gmail", "pear|fig", ReplyClass::RateLimited, "450 4.4.1 pear");
  of_gmail.provider = "gmail";
  Rule own = make("own", "fig", ReplyClass::SpamContent, "450 fig");
  own.provider = "gmail";
  const Table table = compiled({own}, {by_code, by_enhanced, text, late, of_gmail});
  CHECK(name_for(table, "450 4.4.1 fig", "gmail") == "own");
  CHECK(name_for(table, "450 4.4.1 fig", "yahoo") == "by-enhanced");
  CHECK(name_for(table, "450 4.4.1 pear", "gmail") == "of-gmail");
  CHECK(name_for(table, "450 4.4.1 pear", "yahoo") == "text");
  CHECK(name_for(table, "450 4.4.1 PLUM pear") == "text");
  CHECK(name_for(table, "450 4.4.1 plum") == "late");
  CHECK(name_for(table, "450 4.4.1 apple") == "by-enhanced");
  CHECK(name_for(table, "450 apple") == "by-code");
  CHECK(name_for(table, "550 apple") == "no-rule");
  CHECK(name_for(table, "250 2.0.0 pear") == "code-2xx");
  CHECK(table.size() == 9);
}

TEST_CASE("a reply whose reason nothing but its code tells is unexplained", "[reply][unit]") {
  Rule by_code = make("by-code", "", ReplyClass::System, "450 apple");
  by_code.code = "450, 552";
  Rule full = make("full", "", ReplyClass::MailboxFull, "452 apple");
  full.code = "452";
  Rule by_enhanced = make("by-enhanced", "", ReplyClass::System, "450 4.3.2 apple");
  by_enhanced.enhanced = "4.3.2";
  Rule own = make("own", "", ReplyClass::System, "451 apple");
  own.code = "451";
  const Table table = compiled(
      {own}, {by_code, full, by_enhanced, make("text", "pear", ReplyClass::System, "450 pear")});
  const auto unexplained = [&](std::string_view reply) {
    Question question;
    question.reply = reply;
    return is_unexplained(table.classify(question));
  };
  CHECK(unexplained("450 fig"));
  CHECK(unexplained("454 fig"));        // no rule
  CHECK_FALSE(unexplained("451 fig"));  // the operator says so
  CHECK_FALSE(unexplained("452 fig"));
  CHECK_FALSE(unexplained("450 4.3.2 fig"));
  CHECK_FALSE(unexplained("450 a pear"));
  CHECK_FALSE(unexplained("250 fig"));
}

TEST_CASE("a class that begins with a bracket matches as RE2 has it", "[reply][unit]") {
  const Table table = compiled(
      {make("refused", "id [^], ]+ refused", ReplyClass::Policy, "550 id x1 refused")}, {});
  CHECK(name_for(table, "554 your id ab-7 refused by policy") == "refused");
  CHECK(name_for(table, "554 your id a,7 refused by policy") == "no-rule");
}

TEST_CASE("a rule without a text keeps its place among a provider's rules", "[reply][unit]") {
  Rule first = make("first", "", ReplyClass::AuthFailure, "550 5.7.26 x");
  first.provider = "gmail";
  first.enhanced = "5.7.26";
  Rule second = make("second", "spam", ReplyClass::SpamContent, "550 5.7.1 spam");
  second.provider = "gmail";
  const Table table = compiled({}, {first, second});
  CHECK(name_for(table, "550 5.7.26 spam", "gmail") == "first");
  CHECK(name_for(table, "550 5.7.1 spam", "gmail") == "second");
}

TEST_CASE("stages narrow a rule", "[reply][unit]") {
  Rule rule = make("at-rcpt", "x", ReplyClass::MailboxUnknown, "550 x");
  rule.stages = {Stage::Rcpt};
  rule.samples[0].stage = Stage::Rcpt;
  const Table table = compiled({}, {rule});
  Question question;
  question.reply = "550 x";
  CHECK(table.rule(table.classify(question).rule).name == "no-rule");
  question.stage = Stage::Rcpt;
  CHECK(table.rule(table.classify(question).rule).name == "at-rcpt");
  question.stage = Stage::Unknown;
  question.reply = "host a[192.0.2.1] said: 550 x (in reply to RCPT TO command)";
  const Classification answer = table.classify(question);
  CHECK(answer.stage == Stage::Rcpt);
  CHECK(table.rule(answer.rule).name == "at-rcpt");
}

TEST_CASE("every bad rule is named", "[reply][unit]") {
  Rule pattern = make("pattern", "a(b", ReplyClass::Policy, "550 ab");
  Rule code = make("code", "a", ReplyClass::Policy, "550 a");
  code.code = "55";
  Rule enhanced = make("enhanced", "a", ReplyClass::Policy, "550 a");
  enhanced.enhanced = "5.1";
  Rule twice = make("code", "b", ReplyClass::Policy, "550 b");
  Rule name = make("Bad Name", "c", ReplyClass::Policy, "550 c");
  Rule nothing = make("nothing", "", ReplyClass::Policy, "550 d");
  const auto table = Table::compile({pattern}, {code, enhanced, twice, name, nothing});
  REQUIRE_FALSE(table.has_value());
  const std::string& what = table.error().what;
  INFO(what);
  for (const std::string_view part :
       {"t.toml:pattern: error: rule \"pattern\": match: missing )", "\"55\" is not of the form",
        "\"5.1\" is not of the form", "the name is taken by t.toml:code",
        "t.toml:Bad Name: error: rule \"Bad Name\"", "rule \"nothing\": needs at least one of"}) {
    INFO(part);
    CHECK(what.find(part) != std::string::npos);
  }
}

TEST_CASE("every bad sample is named with the rule that caught it", "[reply][unit]") {
  Rule first = make("first", "full", ReplyClass::MailboxFull, "552 full");
  Rule second = make("second", "mailbox", ReplyClass::MailboxUnknown, "552 mailbox full");
  Rule third = make("third", "spam", ReplyClass::SpamContent, "550 ham");
  Rule fourth = make("fourth", "x", ReplyClass::Policy, "550 x");
  fourth.samples.clear();
  const auto table = Table::compile({}, {first, second, third, fourth});
  REQUIRE_FALSE(table.has_value());
  CHECK(table.error().what ==
        "t.toml:second: error: rule \"second\": its sample \"552 mailbox full\" is caught by rule "
        "\"first\" "
        "(t.toml:first)\n"
        "t.toml:third: error: rule \"third\": no rule matches its sample \"550 ham\"\n"
        "t.toml:fourth: error: rule \"fourth\": needs at least one sample");
}

TEST_CASE("an operator may overrule shipped samples", "[reply][unit]") {
  const Table table = compiled({make("own", "full", ReplyClass::System, "552 full")},
                               {make("shipped", "full", ReplyClass::MailboxFull, "552 full")});
  CHECK(name_for(table, "552 full") == "own");
}

TEST_CASE("an empty table knows only deliveries", "[reply][unit]") {
  const Table table = compiled({}, {});
  CHECK(name_for(table, "250 ok") == "code-2xx");
  CHECK(name_for(table, "550 5.1.1 no") == "no-rule");
  Question question;
  question.reply = "Sent (queued)";
  question.status = mail::DeliveryStatus::Sent;
  const Classification answer = table.classify(question);
  CHECK(table.rule(answer.rule).name == "status-sent");
  CHECK(answer.reply_class == ReplyClass::Delivered);
  CHECK(answer.permanence == Permanence::None);
}

TEST_CASE("permanence comes from the code, then the enhanced code, then the status",
          "[reply][unit]") {
  const Table table = compiled({}, {});
  const auto permanence = [&table](std::string_view reply, std::string_view dsn,
                                   std::optional<mail::DeliveryStatus> status) {
    Question question;
    question.reply = reply;
    question.dsn = mail::consume_enhanced_status_code(dsn);
    question.status = status;
    return to_string(table.classify(question).permanence);
  };
  CHECK(permanence("450 5.1.1 x", "5.1.1", mail::DeliveryStatus::Bounced) == "transient");
  CHECK(permanence("550 4.1.1 x", "", std::nullopt) == "permanent");
  CHECK(permanence("x", "4.4.1", mail::DeliveryStatus::Bounced) == "transient");
  CHECK(permanence("x", "5.4.4", std::nullopt) == "permanent");
  CHECK(permanence("x", "", mail::DeliveryStatus::Expired) == "permanent");
  CHECK(permanence("x", "", mail::DeliveryStatus::Deferred) == "transient");
  CHECK(permanence("x", "", std::nullopt) == "unknown");
  CHECK(permanence("354 go on", "", std::nullopt) == "unknown");
}

}  // namespace
}  // namespace rampart::reply
