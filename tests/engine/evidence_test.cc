// Soft evidence over weeks of simulated time.

#include "rampart/engine/status.h"
#include "rampart/engine/transaction.h"

#include "fixture.h"

namespace rampart::test {
namespace {

using Answer = engine::Verdict::Answer;

class Weeks {
 public:
  /// One message to Bob today. @return whether it was accepted
  bool mail(std::string_view end, std::string_view sender = "x@a.example") {
    std::string digits = std::to_string(++sent_);
    const std::string id = "D" + std::string(5 - digits.size(), '0') + digits;
    if (!bench.send(sender, "bob@gmail.example", id)) {
      return false;
    }
    bench.log({active(id, sender),
               Bench::delivery(id, "bob@gmail.example", "mx.google.example", end),
               "postfix/qmgr[1]: " + id + ": removed"});
    return true;
  }

  void pass(int days) {
    bench.clock.advance(std::chrono::hours{24 * days});
    bench.see_feed();
  }

  [[nodiscard]] std::uint64_t suppressed() const { return bench.engine->status().suppressed; }

  Bench bench;

 private:
  int sent_ = 0;
};

TEST_CASE("four days of a full mailbox over two weeks suppress for that sender", "[engine][unit]") {
  Weeks weeks;
  for (const int day : {0, 5, 10, 15}) {
    CHECK(weeks.suppressed() == 0);
    CAPTURE(day);
    CHECK(weeks.mail(kFull));
    CHECK(weeks.mail(kFull) == (day < 15));  // a second time that day tells nothing more
    weeks.pass(5);
  }
  CHECK(weeks.suppressed() == 1);
  CHECK_FALSE(weeks.mail(kFull));
  CHECK(weeks.mail(kSent, "y@other.example"));
  weeks.bench.restart();
  CHECK_FALSE(weeks.mail(kFull));
  weeks.pass(91);
  CHECK(weeks.mail(kSent));
}

TEST_CASE("four days close together are not enough", "[engine][unit]") {
  Weeks weeks;
  for (int day = 0; day < 10; ++day) {
    CHECK(weeks.mail(kFull));
    weeks.pass(1);
  }
  CHECK(weeks.suppressed() == 0);
  weeks.pass(5);
  CHECK(weeks.mail(kFull));
  CHECK(weeks.suppressed() == 1);
}

TEST_CASE("a delivery between forgets what came before", "[engine][unit]") {
  Weeks weeks;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 3; ++i) {
      CHECK(weeks.mail(kFull));
      weeks.pass(5);
    }
    CHECK(weeks.mail(kSent));
    weeks.pass(1);
  }
  CHECK(weeks.suppressed() == 0);
}

TEST_CASE("evidence for one sender is none for another", "[engine][unit]") {
  Weeks weeks;
  for (int i = 0; i < 6; ++i) {
    CHECK(weeks.mail(kFull, i % 2 == 0 ? "x@a.example" : "y@b.example"));
    weeks.pass(5);
  }
  CHECK(weeks.suppressed() == 0);
}

TEST_CASE("evidence survives restarts between the days", "[engine][unit]") {
  Weeks weeks;
  for (int i = 0; i < 4; ++i) {
    CHECK(weeks.mail(kFull));
    weeks.pass(5);
    weeks.bench.restart();
  }
  CHECK(weeks.suppressed() == 1);
}

}  // namespace
}  // namespace rampart::test
