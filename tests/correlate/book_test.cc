#include "rampart/correlate/book.h"

#include <algorithm>
#include <random>

#include "support/catch.h"

namespace rampart::correlate {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using base::WallTime;

constexpr WallTime kStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 2}};

constexpr base::Micros kLifetime = 5 * 24h;

Recipient recipient(const std::string& address) {
  return {address, {"a.example", "gmail"}, ramp::Standing::Unadmitted, kStart};
}

// Forgets what is due, as the owner of a book does. @return the queue IDs, in order
std::vector<std::string> forget(Book& book, WallTime now) {
  std::vector<std::string> ids;
  while (const Message* due = book.find_due(now, kLifetime)) {
    ids.push_back(due->queue_id);
    book.erase(*due);
  }
  return ids;
}

TEST_CASE("a note without instance serves every instance without one of its own",
          "[correlate][unit]") {
  Book book;
  Message* const shared = book.enter("", "A1234", kStart);
  CHECK(book.enter("postfix-out", "A1234", kStart) == shared);
  Message& own = book.restore("postfix-in", "A1234", kStart);
  CHECK(&own != shared);
  CHECK(book.find("postfix-in", "A1234") == &own);
  CHECK(book.find("postfix-out", "A1234") == shared);
  CHECK(book.find("", "A1234") == shared);
  CHECK(book.find("", "B1234") == nullptr);
  CHECK(book.size() == 2);
  book.erase(*shared);
  CHECK(book.find("postfix-out", "A1234") == nullptr);
  CHECK(book.find("postfix-in", "A1234") == &own);
}

TEST_CASE("a message goes on under another queue ID", "[correlate][unit]") {
  Book book;
  Message* const message = book.enter("", "A1234", kStart);
  const std::uint64_t serial = message->serial;
  book.rename(*message, "a-queue-ID-of-any-length");
  CHECK(book.find("", "A1234") == nullptr);
  CHECK(book.find("", "a-queue-ID-of-any-length") == message);
  CHECK(message->serial == serial);
  CHECK(book.enter("", "A1234", kStart) != message);
  book.erase(*message);
  CHECK(book.size() == 1);
}

TEST_CASE("a full book takes no new message", "[correlate][unit]") {
  Book book(2);
  REQUIRE(book.enter("", "A1234", kStart) != nullptr);
  REQUIRE(book.enter("", "B1234", kStart) != nullptr);
  CHECK(book.enter("", "C1234", kStart) == nullptr);
  CHECK(book.enter("", "A1234", kStart) != nullptr);
  book.erase(*book.find("", "A1234"));
  CHECK(book.enter("", "C1234", kStart) != nullptr);
}

TEST_CASE("messages are due when they are done, or too old", "[correlate][unit]") {
  using Ids = std::vector<std::string>;
  constexpr WallTime kTooOld = kStart + kLifetime;
  Book book;
  for (const char* id : {"A1", "A2", "A3", "A4"}) {
    book.enter("", id, kStart)->recipients.push_back(recipient("u@gmail.example"));
  }
  book.enter("", "A5", kStart);  // nobody was reported: may still come

  Message& done = *book.find("", "A2");
  done.reported_at = kStart + 1h;
  done.recipients.clear();
  book.note_done(done);
  Message& not_done = *book.find("", "A3");
  not_done.reported_at = kStart + 1h;
  book.note_done(not_done);
  Message& again = *book.find("", "A4");
  again.reported_at = kStart + 1h;
  again.recipients.clear();
  book.note_done(again);
  again.recipients.push_back(recipient("v@gmail.example"));

  CHECK(forget(book, kStart + 1h + Book::kDone - 1s).empty());
  CHECK(forget(book, kStart + 1h + Book::kDone + 6min) == Ids{"A2"});
  book.find("", "A1")->seen_at = kStart + 24h;  // its queue ID was used again
  CHECK(forget(book, kTooOld - 1s).empty());
  CHECK(forget(book, kTooOld + 6min) == Ids{"A3", "A5", "A4"});
  CHECK(forget(book, kTooOld + 24h - 1s).empty());
  CHECK(forget(book, kTooOld + 24h + 6min) == Ids{"A1"});
  CHECK(book.size() == 0);
}

TEST_CASE("another queue lifetime is that of new messages, a longer one of all",
          "[correlate][unit]") {
  Book book;
  book.enter("", "A1", kStart);
  CHECK(book.find_due(kStart, 2 * kLifetime) == nullptr);
  book.enter("", "A2", kStart);
  CHECK(book.find_due(kStart + kLifetime + 6min, 2 * kLifetime) == nullptr);
  CHECK(book.find_due(kStart, kLifetime) == nullptr);
  book.enter("", "A3", kStart);
  const Message* due = book.find_due(kStart + kLifetime + 6min, kLifetime);
  REQUIRE(due != nullptr);
  CHECK(due->queue_id == "A3");
  book.erase(*due);
  CHECK(book.find_due(kStart + 2 * kLifetime - 1min, kLifetime) == nullptr);
  CHECK(forget(book, kStart + 2 * kLifetime + 6min).size() == 2);
}

// However it is used, a message is told to be due at its time, and never before.
TEST_CASE("no message is forgotten early, nor kept for long", "[correlate][property]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Book book;
    WallTime now = kStart;
    const auto due_at = [](const Message& message) {
      const bool done = message.recipients.empty() && message.reported_at != WallTime{};
      const WallTime old = message.seen_at + kLifetime;
      return done ? std::min(old, message.reported_at + Book::kDone) : old;
    };
    for (int step = 0; step < 3000; ++step) {
      now += std::chrono::seconds{random() % 7200};
      if (random() % 50 == 0) {
        now -= std::chrono::hours{random() % 30};  // the clock is set, or a source is late
      }
      const std::string id = "A" + std::to_string(random() % 300);
      Message* message = book.enter("", id, now);
      switch (random() % 5) {
        case 0:
          message->recipients.push_back(recipient("u@gmail.example"));
          break;
        case 1:
          message->reported_at = now;
          message->recipients.clear();
          book.note_done(*message);
          break;
        case 2:
          message->seen_at = std::max(message->seen_at, now);
          break;
        case 3:
          book.erase(*message);
          break;
        default:
          break;
      }
      while (Message* due = book.find_due(now, kLifetime)) {
        REQUIRE(due_at(*due) <= now);
        book.erase(*due);
      }
      bool late = false;
      for (int i = 0; step % 50 == 0 && i < 300; ++i) {
        const Message* kept = book.find("", "A" + std::to_string(i));
        late = late || (kept != nullptr && due_at(*kept) <= now - 10min);
      }
      REQUIRE_FALSE(late);
    }
  }
}

}  // namespace
}  // namespace rampart::correlate
