#include "cli/words.h"

#include "support/catch.h"

namespace rampart::cli {
namespace {

using std::chrono::seconds;

TEST_CASE("elapsed time in two units, rounded down", "[cli]") {
  CHECK(elapsed(seconds{0}) == "0s");
  CHECK(elapsed(seconds{-5}) == "0s");
  CHECK(elapsed(seconds{59}) == "59s");
  CHECK(elapsed(seconds{60}) == "1m");
  CHECK(elapsed(seconds{2 * 3600 + 10 * 60 + 59}) == "2h 10m");
  CHECK(elapsed(seconds{6 * 86400 + 4 * 3600}) == "6d 4h");
  CHECK(elapsed(seconds{86400 + 59}) == "1d");
}

TEST_CASE("recipients are masked", "[cli]") {
  CHECK(masked("bob@example.com") == "b***@example.com");
  CHECK(masked("b@example.com") == "***@example.com");
  CHECK(masked("root") == "***");
  CHECK(masked("@example.com") == "@example.com");
  CHECK(masked("\"a@b\"@example.com") == "\"***@example.com");
}

}  // namespace
}  // namespace rampart::cli
