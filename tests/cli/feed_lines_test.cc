#include "cli/feed_lines.h"

#include "support/catch.h"

namespace rampart::cli {
namespace {

using Lines = std::vector<std::string>;

class Fixture {
 public:
  explicit Fixture(bool confirm)
      : feeder(
            [this](const Lines& lines) {
              batches.push_back(lines);
              return problem;
            },
            confirm ? LineFeeder::Answer([this](std::string_view text) { said += text; })
                    : LineFeeder::Answer()) {}
  std::vector<Lines> batches;
  std::string said;
  std::string problem;
  LineFeeder feeder;
};

TEST_CASE("lines go when the input pauses or ends", "[cli]") {
  Fixture f(false);
  f.feeder.add("one\ntw");
  CHECK(f.batches.empty());
  f.feeder.pause();
  CHECK(f.batches == std::vector<Lines>{{"one"}});
  f.feeder.add("o\n\nlast");
  f.feeder.finish();
  CHECK(f.batches == std::vector<Lines>{{"one"}, {"two", "", "last"}});
  f.feeder.finish();
  CHECK(f.batches.size() == 2);
  CHECK(f.said.empty());
}

TEST_CASE("a batch is bounded in lines and bytes", "[cli]") {
  Fixture f(false);
  for (std::size_t i = 0; i < kBatchLinesMax + 1; ++i) {
    f.feeder.add("x\n");
  }
  REQUIRE(f.batches.size() == 1);
  CHECK(f.batches[0].size() == kBatchLinesMax);
  f.feeder.finish();
  f.batches.clear();
  const std::string line = std::string(60'000, 'x') + '\n';
  for (int i = 0; i < 18; ++i) {
    f.feeder.add(line);
  }
  REQUIRE(f.batches.size() == 1);
  CHECK(f.batches[0].size() * 60'000 <= kBatchBytesMax);
  CHECK((f.batches[0].size() + 1) * 60'000 > kBatchBytesMax);
}

TEST_CASE("an endless line is cut, and the next one is whole", "[cli]") {
  Fixture f(false);
  for (int i = 0; i < 100; ++i) {
    f.feeder.add(std::string(10'000, 'x'));
  }
  f.feeder.add("\nnext\n");
  f.feeder.pause();
  REQUIRE(f.batches.size() == 1);
  CHECK(f.batches[0] == Lines{std::string(kLineBytesMax, 'x'), "next"});
}

TEST_CASE("each line is confirmed once it is taken", "[cli]") {
  Fixture f(true);
  f.feeder.add("one\ntwo\n");
  CHECK(f.said.empty());
  f.feeder.pause();
  CHECK(f.said == "OK\nOK\n");
  f.feeder.pause();
  CHECK(f.said == "OK\nOK\n");
}

TEST_CASE("a failure is told to each line on one line, and what follows is tried", "[cli]") {
  Fixture f(true);
  f.problem = "error: it\nis away";
  f.feeder.add("one\ntwo\n");
  f.feeder.pause();
  CHECK(f.said == "error: it?is away\nerror: it?is away\n");
  f.problem.clear();
  f.feeder.add("one\n");
  f.feeder.pause();
  CHECK(f.said.ends_with("\nOK\n"));
  CHECK(f.batches.back() == Lines{"one"});
}

TEST_CASE("a transaction is one batch, confirmed by its end", "[cli]") {
  Fixture f(true);
  f.feeder.add("BEGIN TRANSACTION\n");
  f.feeder.pause();
  CHECK(f.said == "OK\n");
  for (const char* line : {"one\n", "two\n"}) {
    f.feeder.add(line);
    f.feeder.pause();
  }
  CHECK(f.said == "OK\nDEFER_COMMIT\nDEFER_COMMIT\n");
  CHECK(f.batches.empty());
  f.feeder.add("COMMIT TRANSACTION\n");
  CHECK(f.batches == std::vector<Lines>{{"one", "two"}});
  CHECK(f.said == "OK\nDEFER_COMMIT\nDEFER_COMMIT\nOK\n");
}

TEST_CASE("a transaction fails as a whole, and is forgotten until it comes again", "[cli]") {
  Fixture f(true);
  f.problem = "error";
  f.feeder.add("BEGIN TRANSACTION\n");
  for (std::size_t i = 0; i < 3 * kBatchLinesMax; ++i) {
    f.feeder.add("x\n");
  }
  CHECK(f.batches.size() == 1);  // the second and third part are not tried
  f.said.clear();
  f.feeder.add("COMMIT TRANSACTION\n");
  CHECK(f.said == "error\n");
  f.problem.clear();
  f.feeder.add("BEGIN TRANSACTION\none\nCOMMIT TRANSACTION\n");
  CHECK(f.said == "error\nOK\nDEFER_COMMIT\nOK\n");
  CHECK(f.batches.back() == Lines{"one"});
}

TEST_CASE("half a line at the end is left to be brought again where lines are confirmed", "[cli]") {
  Fixture f(true);
  f.feeder.add("one\ntw");
  f.feeder.finish();
  CHECK(f.batches == std::vector<Lines>{{"one"}});
  CHECK(f.said == "OK\n");
  Fixture cut(true);
  cut.feeder.add("BEGIN TRANSACTION\none\n");
  cut.feeder.finish();
  CHECK(cut.batches.empty());
}

TEST_CASE("marks of transactions are no log lines without confirmations either", "[cli]") {
  Fixture f(false);
  f.feeder.add("BEGIN TRANSACTION\none\n");
  f.feeder.pause();
  CHECK(f.batches == std::vector<Lines>{{"one"}});
  f.feeder.add("COMMIT TRANSACTION\ntwo\n");
  f.feeder.finish();
  CHECK(f.batches == std::vector<Lines>{{"one"}, {"two"}});
  CHECK(f.said.empty());
}

}  // namespace
}  // namespace rampart::cli
