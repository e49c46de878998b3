#include "rampart/release/protocol.h"

#include <random>

#include "support/catch.h"

namespace rampart::release {
namespace {

using base::Error;
using Ids = std::vector<mail::QueueId>;

mail::QueueId id(std::string_view text) {
  return *mail::parse_queue_id(text);
}

Ids many(std::size_t count) {
  Ids ids;
  for (std::size_t i = 0; i < count; ++i) {
    ids.push_back(id("4Xk2Pq" + std::to_string(100'000 + i)));
  }
  return ids;
}

TEST_CASE("a request is written and read, in any pieces", "[release]") {
  for (const Request& request : {Request{Command::List, {}},
                                 Request{Command::Release, {id("4Xk2Pq1z9Rz"), id("0ABC12DEF34")}},
                                 Request{Command::Delete, many(kIdsMax)}}) {
    const std::string text = encode(request);
    CHECK(text.size() <= kRequestBytesMax);
    for (std::size_t size = 0; size < text.size(); size += 1 + text.size() / 100) {
      const auto part = parse_request(text.substr(0, size));
      REQUIRE(part.has_value());
      CHECK_FALSE(part->has_value());
    }
    const auto whole = parse_request(text);
    REQUIRE(whole.has_value());
    REQUIRE(whole->has_value());
    CHECK((*whole)->command == request.command);
    CHECK((*whole)->ids == request.ids);
  }
  CHECK(encode({Command::Release, {id("4Xk2Pq1z9Rz")}}) == "rampart 1 release 1\n4Xk2Pq1z9Rz\n");
}

TEST_CASE("what is no request is refused", "[release]") {
  const std::string_view text = GENERATE(
      as<std::string_view>{}, "\n", "GET / HTTP/1.1\n", "rampart 1 list\n", "rampart 2 list 0\n",
      "rampart 1 list 0 \n", "rampart 1  list 0\n", "rampart 1 List 0\n",
      "rampart 1 list 1\n4Xk2Pq1z9Rz\n", "rampart 1 hold 1\n4Xk2Pq1z9Rz\n", "rampart 1 release 0\n",
      "rampart 1 release -1\n", "rampart 1 release 1001\n",
      "rampart 1 release 99999999999999999999\n", "rampart 1 release 1\nALL\n",
      "rampart 1 release 1\n-\n", "rampart 1 release 1\n../x\n",
      "rampart 1 release 1\n 4Xk2Pq1z9Rz\n", "rampart 1 release 1\n4Xk2Pq1z9Rz\r\n",
      "rampart 1 release 1\n4Xk2Pq1z9Rz\n4Xk2Pq1z9Ry\n",
      "rampart 1 release 2\n4Xk2Pq1z9Rz\n4Xk2Pq1z9Rz\n", "rampart 1 release 1\n\n",
      "rampart 1 release 1\n4Xk2Pq1z9Rz4Xk2Pq1z9Rz4Xk2Pq1z9Rz",
      "rampart 1 release 1 and a head that goes on and on and on and on and on and on and on");
  const auto parsed = parse_request(text);
  CAPTURE(text);
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().kind == Error::Kind::InvalidInput);
}

TEST_CASE("answers are written and read", "[release]") {
  const std::vector<Answer> answers{{id("4Xk2Pq1z9R1"), Outcome::Released, ""},
                                    {id("4Xk2Pq1z9R2"), Outcome::StillHeld, "postsuper says: no"},
                                    {id("4Xk2Pq1z9R3"), Outcome::NotOurs, "a\nb\xff"},
                                    {id("4Xk2Pq1z9R4"), Outcome::Gone, ""},
                                    {id("4Xk2Pq1z9R5"), Outcome::Deleted, ""}};
  const Ids asked{answers[0].id, answers[1].id, answers[2].id, answers[3].id, answers[4].id};
  const std::string text = encode_answers(answers);
  const auto read = parse_answers(text, asked);
  REQUIRE(read.has_value());
  REQUIRE(read->size() == 5);
  CHECK((*read)[1].outcome == Outcome::StillHeld);
  CHECK((*read)[1].text == "postsuper says: no");
  CHECK((*read)[2].text == "a?b?");
  CHECK((*read)[4].outcome == Outcome::Deleted);
  for (std::size_t size = 0; size < text.size(); ++size) {
    CHECK_FALSE(parse_answers(text.substr(0, size), asked).has_value());
  }
  CHECK_FALSE(parse_answers(text, many(5)).has_value());
  CHECK_FALSE(parse_answers(text, {asked[0]}).has_value());
}

TEST_CASE("an answer that is none is told from a refusal", "[release]") {
  const Ids asked{id("4Xk2Pq1z9R1")};
  const auto refused = parse_answers("error no key\n", asked);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == Error::Kind::Unavailable);
  CHECK(refused.error().what == "no key");
  const std::string_view text =
      GENERATE(as<std::string_view>{}, "\n", "ok\n", "ok 1\n", "ok 2\n4Xk2Pq1z9R1 released\n",
               "ok 1\n4Xk2Pq1z9R1\n", "ok 1\n4Xk2Pq1z9R1 freed\n", "ok 1\n4Xk2Pq1z9R1  released\n",
               "ok 1\n4Xk2Pq1z9R2 released\n", "ok -1\n", "ok 1\n4Xk2Pq1z9R1 released\n\n",
               "error a\nok 1\n", "yes\n");
  CAPTURE(text);
  const auto read = parse_answers(text, asked);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().kind == Error::Kind::Corrupt);
}

TEST_CASE("a list is written and read", "[release]") {
  const std::set<std::string> ids{"0ABC12DEF34", "4Xk2Pq1z9Rz"};
  const auto read = parse_list(encode_list(ids));
  REQUIRE(read.has_value());
  CHECK(*read == ids);
  CHECK(parse_list(encode_list({})).has_value());
  CHECK_FALSE(parse_list("ok 1\n").has_value());
  CHECK_FALSE(parse_list("ok 1\nALL\n").has_value());
  CHECK_FALSE(parse_list("").has_value());
  CHECK_FALSE(parse_list("ok 2\n0ABC12DEF34\n").has_value());
}

TEST_CASE("changed bytes are read without harm", "[release]") {
  std::mt19937 random(1);
  const Ids asked{id("4Xk2Pq1z9R1"), id("4Xk2Pq1z9R2")};
  const std::string request = encode({Command::Release, asked});
  const std::string answer =
      encode_answers({{asked[0], Outcome::Released, "x"}, {asked[1], Outcome::Gone, ""}});
  for (int round = 0; round < 20'000; ++round) {
    std::string text = round % 2 == 0 ? request : answer;
    for (std::size_t i = 0; i < 1 + random() % 3; ++i) {
      text[random() % text.size()] = static_cast<char>(random() % 256);
    }
    const auto parsed = parse_request(text);
    if (parsed && *parsed) {
      CHECK((*parsed)->ids.size() <= kIdsMax);
    }
    const auto answers = parse_answers(text, asked);
    if (answers) {
      CHECK(answers->size() == asked.size());
    }
    static_cast<void>(parse_list(text));
  }
}

}  // namespace
}  // namespace rampart::release
