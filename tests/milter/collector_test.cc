#include "milter/collector.h"

#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace rampart::milter {
namespace {

TEST_CASE("a header field is rebuilt on lines of its own", "[milter][unit]") {
  struct Case {
    std::string value;
    std::string field;
  };
  const std::vector<Case> cases{
      {"a b", "Subject: a b\r\n"},
      {" a b", "Subject: a b\r\n"},
      {" \t a b ", "Subject: a b \r\n"},
      {"", "Subject: \r\n"},
      {"a\n\tb", "Subject: a\r\n\tb\r\n"},
      {"a\r\n b", "Subject: a\r\n b\r\n"},
      {"\n a", "Subject: \r\n a\r\n"},
      {"a\n", "Subject: a\r\n"},
      {"a\nX-Rampart-Id: b", "Subject: a\r\n X-Rampart-Id: b\r\n"},
      {"a\n\nb", "Subject: a\r\n \r\n b\r\n"},
      {"\xff\x01%s", "Subject: \xff\x01%s\r\n"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.value);
    Collector collector;
    collector.add_header("Subject", c.value);
    CHECK(collector.take() == c.field + "\r\n");
  }
}

TEST_CASE("the header ends at the first piece of body, or without one", "[milter][unit]") {
  Collector collector;
  collector.add_header("A", "1");
  collector.add_header("B", "2");
  collector.add_body("one");
  collector.add_body("");
  collector.add_body("two\r\n");
  CHECK(collector.take() == "A: 1\r\nB: 2\r\n\r\nonetwo\r\n");
  // Empty again.
  CHECK(collector.take() == "\r\n");
  collector.add_body("body");
  CHECK(collector.take() == "\r\nbody");
  collector.add_header("A", "1");
  CHECK(collector.take() == "A: 1\r\n\r\n");
  collector.add_body("old");
  collector.clear();
  collector.add_header("A", "1");
  CHECK(collector.take() == "A: 1\r\n\r\n");
}

TEST_CASE("a message is cut at its largest size", "[milter][unit]") {
  const std::size_t head = std::string_view("A: 1\r\n\r\n").size();
  for (const std::size_t extra : {std::size_t{0}, std::size_t{1}, std::size_t{70'000}}) {
    CAPTURE(extra);
    Collector collector;
    collector.add_header("A", "1");
    collector.add_body(std::string(kMessageBytesMax - head - 1, 'x'));
    CHECK_FALSE(collector.is_full());
    collector.add_body(std::string(1 + extra, 'y'));
    CHECK(collector.is_full());
    collector.add_body("z");
    const std::string whole = collector.take();
    CHECK(whole.size() == kMessageBytesMax);
    CHECK(whole.back() == 'y');
  }
  Collector header;
  header.add_header("A", std::string(2 * kMessageBytesMax, '\n'));
  header.add_body("x");
  CHECK(header.take().size() == kMessageBytesMax);
  CHECK_FALSE(header.is_full());
}

}  // namespace
}  // namespace rampart::milter
