#include "rampart/mail/hold_mark.h"

#include "support/catch.h"

namespace rampart::mail {
namespace {

const HoldKey kKey{{{1, 2}, {3, 4}}};
const base::WallTime kTime{std::chrono::seconds{1'795'252'764}};

QueueId id(std::string_view text) {
  return *parse_queue_id(text);
}

TEST_CASE("a mark is good for its message and key", "[mail]") {
  const std::string mark = make_hold_mark(kKey, id("4Xk2Pq1z9Rz"), kTime);
  CHECK(mark.starts_with("1 4Xk2Pq1z9Rz 1795252764 "));
  CHECK(mark.size() == std::string_view("1 4Xk2Pq1z9Rz 1795252764 ").size() + 32);
  CHECK(verify_hold_mark(kKey, mark, id("4Xk2Pq1z9Rz")) == kTime);
  CHECK(make_hold_mark(kKey, id("4Xk2Pq1z9Rz"), kTime + std::chrono::microseconds{999'999}) ==
        mark);
  CHECK_FALSE(verify_hold_mark(kKey, mark, id("4Xk2Pq1z9Ry")));
  CHECK_FALSE(verify_hold_mark(kKey, mark, id("4xk2Pq1z9Rz")));
  CHECK_FALSE(verify_hold_mark(kKey, mark, QueueId{}));
  for (const HoldKey& other : {HoldKey{{{1, 2}, {3, 5}}}, HoldKey{{{1, 3}, {3, 4}}},
                               HoldKey{{{3, 4}, {1, 2}}}, HoldKey{}}) {
    CHECK_FALSE(verify_hold_mark(other, mark, id("4Xk2Pq1z9Rz")));
  }
}

TEST_CASE("a mark that is not wholly right is none", "[mail]") {
  const QueueId queue_id = id("4Xk2Pq1z9Rz");
  const std::string mark = make_hold_mark(kKey, queue_id, kTime);
  for (std::size_t size = 0; size < mark.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(verify_hold_mark(kKey, mark.substr(0, size), queue_id));
  }
  for (std::size_t i = 0; i < mark.size(); ++i) {
    for (const char c : {'0', 'f', 'F', ' ', '\0', '\n'}) {
      std::string other = mark;
      other[i] = c;
      CAPTURE(other);
      CHECK((other == mark || !verify_hold_mark(kKey, other, queue_id)));
    }
  }
  for (const std::string& other :
       {mark + " ", " " + mark, mark + "0", mark + "\n", mark + " x", "0" + mark, mark + mark,
        "1  4Xk2Pq1z9Rz 1795252764 " + mark.substr(25),
        "1 4Xk2Pq1z9Rz 01795252764 " + mark.substr(25), "1 4Xk2Pq1z9Rz -1 " + mark.substr(25),
        "1 4Xk2Pq1z9Rz 99999999999999999999 " + mark.substr(25),
        "1\t4Xk2Pq1z9Rz 1795252764 " + mark.substr(25), std::string(), std::string("   "),
        std::string(100'000, ' ')}) {
    CAPTURE(other.substr(0, 80));
    CHECK_FALSE(verify_hold_mark(kKey, other, queue_id));
  }
  std::string upper = mark;
  for (char& c : upper) {
    c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
  }
  REQUIRE(upper != mark);
  CHECK_FALSE(verify_hold_mark(kKey, upper, queue_id));
}

TEST_CASE("both halves of the tag count", "[mail]") {
  const QueueId queue_id = id("4Xk2Pq1z9Rz");
  const std::string mark = make_hold_mark(kKey, queue_id, kTime);
  const std::string half = make_hold_mark({kKey[0], {9, 9}}, queue_id, kTime);
  const std::string other = make_hold_mark({{{9, 9}, {3, 4}}}, queue_id, kTime);
  CHECK(mark.substr(0, mark.size() - 16) == half.substr(0, half.size() - 16));
  CHECK(mark.substr(mark.size() - 16) == other.substr(other.size() - 16));
  CHECK_FALSE(verify_hold_mark(kKey, half, queue_id));
  CHECK_FALSE(verify_hold_mark(kKey, other, queue_id));
}

TEST_CASE("a key is written and read", "[mail]") {
  const HoldKey key{{{0x0123456789abcdef, 0}, {~0ULL, 1}}};
  const std::string text = to_string(key);
  CHECK(text == "0123456789abcdef0000000000000000ffffffffffffffff0000000000000001");
  CHECK(parse_hold_key(text) == key);
  for (const std::string& other :
       {std::string(), text.substr(1), text + "0", text + "\n", " " + text.substr(1),
        "g" + text.substr(1), "A" + text.substr(1), "-" + text.substr(1)}) {
    CAPTURE(other);
    CHECK_FALSE(parse_hold_key(other));
  }
}

}  // namespace
}  // namespace rampart::mail
