#include "rampart/reply/suggest.h"

#include <string>
#include <vector>

#include "support/catch.h"

#include "reply/rules_file.h"

namespace rampart::reply {
namespace {

TEST_CASE("replies of one kind are generalised to one text", "[reply][unit]") {
  struct Case {
    std::string_view reply;
    std::string_view general;
  };
  static const Case kCases[] = {
      {"550 5.7.1 [192.0.2.1] xyz id=4Xk2Pq1z9Rz", "550 5.7.1 [IP] xyz id=ID"},
      {"550 5.7.1 [2001:db8::1] xyz id=5Yl3Qr2a0Sb", "550 5.7.1 [IP] xyz id=ID"},
      {"host mx.example.net[192.0.2.9] said: 550 no <u@example.net> (in reply to RCPT TO command)",
       "550 no <@>"},
      {"451 try in 300 seconds", "451 try in N seconds"},
      {"451 try in 60 seconds", "451 try in N seconds"},
      {"550 see https://example.net/a?b=1.", "550 see URL."},
      {"550 mx1.example.net does not like you", "550 HOST does not like you"},
      {"550 mailbox", "550 mailbox"},
      {"550 IPv6 only", "550 IPv6 only"},
      {"550 sentence one. Sentence two", "550 sentence one. Sentence two"},
      {"", ""},
      {"550", "550"},
  };
  for (const Case& c : kCases) {
    INFO(c.reply);
    CHECK(generalise(c.reply) == c.general);
  }
}

TEST_CASE("a generalised reply is bounded and clean", "[reply][unit]") {
  std::string reply = "550 ";
  while (reply.size() < 64 * 1024) {
    reply += "\xC3\xBC\x01\xFF wort ";
  }
  const std::string general = generalise(reply);
  CHECK(general.size() <= kGeneralBytesMax);
  CHECK(general.size() > kGeneralBytesMax - 8);
  for (const char c : general) {
    CHECK(static_cast<unsigned char>(c) >= 0x20);
  }
}

// Loads the rule as an operator's file and asks it about the reply it was made from.
std::string problem_with(const Question& question) {
  const std::string text = suggest_rule(question);
  std::vector<Rule> rules;
  try {
    const toml::table root = toml::parse(text);
    for (const auto& entry : *root["rule"].as_array()) {
      rules.push_back(test::rule_of(*entry.as_table(), "own.toml"));
    }
  } catch (const std::exception& e) {
    return std::string(e.what()) + '\n' + text;
  }
  for (Sample& sample : rules.at(0).samples) {
    sample.provider = question.provider;
  }
  const auto table = Table::compile(rules, {});
  if (!table) {
    return table.error().what + '\n' + text;
  }
  return table->rule(table->classify(question).rule).where == "built in" ? "not matched: " + text
                                                                         : "";
}

TEST_CASE("a suggested rule loads and matches its reply", "[reply][unit]") {
  std::vector<std::string> replies{
      "550 5.7.1 [192.0.2.1] \"quoted\" back\\slash (a|b) [x] {2,3} $ ^ * + ? end",
      "550-5.1.0 first line 550 5.1.0 second_line of it",
      "host mx.example.net[192.0.2.9] said: 550 no <u@example.net> (in reply to RCPT TO command)",
      "550",
      "",
      "xyzzy",
      "550 192.0.2.1",
      "550 5.1.1",
      "((((",
      "550 \xFF\xFE\x01\x02 bytes",
      "550 5.7.1 Нет такого",
      "554 a",
      "550 550 550-550",
      "421 4.7.0 it's 100% full of #hash = x",
      "Deferred: 451 later",
      "250 ok not ok"};
  replies.push_back("550 " + std::string(5000, 'x'));
  std::string words = "550 ";
  for (int i = 0; i < 3000; ++i) {
    words += "word ";
  }
  replies.push_back(words);
  for (const std::string& reply : replies) {
    for (const std::string_view provider : {"", "gmail"}) {
      INFO(reply.substr(0, 200));
      Question question;
      question.reply = reply;
      question.provider = provider;
      question.stage = mail::Stage::Rcpt;
      if (reply.starts_with("250")) {
        continue;  // a delivery needs no rule
      }
      CHECK(problem_with(question) == "");
    }
  }
}

TEST_CASE("a suggested rule names what it knows", "[reply][unit]") {
  Question question;
  question.reply =
      "550 5.7.1 <u@example.net>: The moon is not in the right phase, see id=4Xk2Pq1z9";
  question.provider = "gmail";
  question.stage = mail::Stage::Rcpt;
  CHECK(suggest_rule(question) ==
        "[[rule]]\n"
        "name   = \"my-the-moon-is-not\"\n"
        "provider = \"gmail\"\n"
        "match  = \"The moon is not in the right phase\"\n"
        "code   = \"550\"\n"
        "class  = \"undefined\"  # change this\n"
        "scope  = \"none\"       # and this\n"
        "sample = [{ reply = \"550 5.7.1 <@>: The moon is not in the right phase, see "
        "id=4Xk2Pq1z9\", stage = \"rcpt\" }]\n");
}

}  // namespace
}  // namespace rampart::reply
