// What is left when the disk fails or the process is killed between two writes.

#include <array>
#include <csignal>
#include <string>

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rampart/store/state_store.h"
#include "support/catch.h"

#include "faulty_vfs.h"
#include "sample_records.h"

namespace rampart::store {
namespace {

// Batch `n` of a stream: several tables and, from time to time, more than the log may hold.
Batch batch(std::uint32_t n) {
  Batch all;
  all.operations = {flow("first", "gmail", n),      SeenReportRecord{.identity = n, .time = at(n)},
                    cursor("/var/log/mail.log", n), token(n, n),
                    events({1, 1000 + n}, n, n),    flow("last", "gmail", n)};
  if (n % 8 == 0) {
    for (std::uint32_t i = 0; i < 40; ++i) {
      all.operations.insert(all.operations.begin() + 1, flow(std::to_string(i), "filler", n));
    }
  }
  return all;
}

// The number of the last batch in `store`, after checking that no part of another is there.
std::uint32_t last_batch(StateStore& store) {
  const auto snapshot = store.load();
  REQUIRE(snapshot);
  std::uint32_t last = 0;
  for (const FlowRecord& record : snapshot->flows) {
    if (record.key.provider == "gmail") {
      last = record.leased;
    }
  }
  for (const FlowRecord& record : snapshot->flows) {
    const bool filler = record.key.provider == "filler";
    CHECK(record.leased == (filler ? last - last % 8 : last));
  }
  CHECK(snapshot->seen_reports.size() == last);
  CHECK(snapshot->cursors.size() == (last == 0 ? 0 : 1));
  for (const CursorRecord& record : snapshot->cursors) {
    CHECK(record == cursor("/var/log/mail.log", last));
  }
  CHECK(store.find_events(1, at(0))->size() == last);
  CHECK(store.find_token(token(last).token)->has_value() == (last != 0));
  CHECK_FALSE(store.find_token(token(last + 1).token)->has_value());
  return last;
}

// The log is emptied every few commits.
SqliteHooks hooks() {
  return {.fault = nullptr, .vfs = FaultyVfs::kName, .checkpoint_pages = 12};
}

std::unique_ptr<StateStore> open_faulty(const std::string& path) {
  auto store = open_sqlite_with(path, hooks());
  INFO((store ? "" : store.error().what));
  REQUIRE(store);
  return std::move(*store);
}

// A child that commits batches from `from` up to `to` and tells each success, one byte, through a
// pipe.
struct Child {
  pid_t pid = -1;
  int acknowledged = -1;
};

Child start_child(const std::string& path, std::uint32_t from, std::uint32_t to, long killed_at) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    close(ends[0]);
    if (killed_at > 0) {
      FaultyVfs::arm(killed_at, FaultyVfs::Action::Kill, SQLITE_OK, false);
    }
    auto store = open_sqlite_with(path, hooks());
    if (!store) {
      _exit(3);
    }
    for (std::uint32_t n = from; n <= to; ++n) {
      if (!(*store)->commit(batch(n)) || write(ends[1], "x", 1) != 1) {
        _exit(4);
      }
    }
    store->reset();
    _exit(0);
  }
  close(ends[1]);
  return {pid, ends[0]};
}

// Waits for `count` acknowledgements or the child's end. @return how many came
std::uint32_t await(const Child& child, std::uint32_t count) {
  std::uint32_t came = 0;
  char byte = 0;
  while (came < count && read(child.acknowledged, &byte, 1) == 1) {
    ++came;
  }
  return came;
}

int finish(const Child& child) {
  close(child.acknowledged);
  int status = 0;
  REQUIRE(waitpid(child.pid, &status, 0) == child.pid);
  return status;
}

TEST_CASE("killed between any two writes, whole batches are left", "[store][contract]") {
  FaultyVfs::install();
  bool completed = false;
  long points = 0;
  while (!completed) {
    const TempDir dir;
    ++points;
    INFO("killed at write " << points);
    // Creation, migration, three batches of which one is large, and the orderly end.
    const Child child = start_child(dir.file("state.db"), 6, 8, points);
    const std::uint32_t acknowledged = await(child, 3);
    const int status = finish(child);
    completed = WIFEXITED(status);
    REQUIRE((completed ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGKILL));

    auto store = open_faulty(dir.file("state.db"));
    const auto snapshot = store->load();
    REQUIRE(snapshot);
    const auto stored = static_cast<std::uint32_t>(snapshot->seen_reports.size());
    CHECK(stored >= acknowledged);
    CHECK(stored <= acknowledged + 1);
    for (const FlowRecord& record : snapshot->flows) {
      CHECK(record.leased == 5 + stored);
    }
    const std::size_t flows = stored == 0 ? 0 : (stored == 3 ? 42 : 2);
    CHECK(snapshot->flows.size() == flows);
    CHECK(store->commit(batch(9)));
    REQUIRE(points < 2000);
  }
  CHECK(points > 20);
}

TEST_CASE("killed at any instant, whole batches are left", "[store][contract]") {
  FaultyVfs::install();
  const TempDir dir;
  std::uint32_t last = 0;
  for (std::uint32_t round = 1; round <= 12; ++round) {
    INFO("round " << round);
    const Child child = start_child(dir.file("state.db"), last + 1, 1'000'000, 0);
    std::uint32_t acknowledged = await(child, round * 3 % 11);
    REQUIRE(kill(child.pid, SIGKILL) == 0);
    acknowledged += await(child, 1'000'000);
    finish(child);
    auto store = open_faulty(dir.file("state.db"));
    const std::uint32_t stored = last_batch(*store);
    CHECK(stored >= last + acknowledged);
    CHECK(stored <= last + acknowledged + 1);
    last = stored;
  }
  CHECK(last > 12);
}

TEST_CASE("a failing disk undoes the batch and the store goes on", "[store][contract]") {
  FaultyVfs::install();
  struct Fault {
    int code;
    bool lasting;
  };
  for (const Fault& fault :
       {Fault{SQLITE_FULL, false}, Fault{SQLITE_FULL, true}, Fault{SQLITE_IOERR_WRITE, false}}) {
    const TempDir dir;
    auto store = open_faulty(dir.file("state.db"));
    std::uint32_t n = 0;
    int failures = 0;
    bool fired = true;
    for (long call = 1; fired; ++call) {
      INFO("code " << fault.code << ", call " << call);
      // Before each trial a large batch, so that emptying the log is among the calls that fail.
      while (n % 8 != 7) {
        REQUIRE(store->commit(batch(++n)));
      }
      FaultyVfs::arm(call, FaultyVfs::Action::Fail, fault.code, fault.lasting);
      const auto done = store->commit(batch(n + 1));
      fired = FaultyVfs::fired();
      FaultyVfs::disarm();
      if (done) {
        ++n;  // a failure to empty the log is no failure of the batch
      } else {
        ++failures;
        CHECK(done.error().kind == base::Error::Kind::Unavailable);
        CHECK(done.error().what.find("state.db: ") != std::string::npos);
      }
      REQUIRE(last_batch(*store) == n);
      REQUIRE(store->commit(batch(++n)));
      REQUIRE(last_batch(*store) == n);
      if (call % 16 == 0) {
        store.reset();
        store = open_faulty(dir.file("state.db"));
        REQUIRE(last_batch(*store) == n);
      }
      REQUIRE(call < 2000);
    }
    CHECK(failures > 10);
    store.reset();
    CHECK(last_batch(*open_faulty(dir.file("state.db"))) == n);
  }
}

}  // namespace
}  // namespace rampart::store
