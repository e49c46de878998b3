#include "daemon/lists.h"

#include <algorithm>
#include <filesystem>

#include <poll.h>

#include "rampart/engine/status.h"
#include "rampart/store/state_store.h"
#include "support/catch.h"
#include "support/policy.h"
#include "support/temporary_directory.h"

namespace rampart::daemon {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::minutes;

class Fixture {
 public:
  explicit Fixture(base::Micros retry_every = minutes{10}) : store_(store::open_memory()) {
    auto policy = test::make_policy(test::small_options());
    auto opened = engine::Engine::create(policy, *store_, clock_);
    REQUIRE(opened.has_value());
    engine_ = std::move(*opened);
    auto filled = std::make_shared<config::Config>();
    filled->policy = policy;
    filled->suppression_lists = {{file(), "rampart.toml:1:1"}};
    config_ = filled;
    lists_.emplace(*engine_, retry_every);
  }
  [[nodiscard]] std::string file() const { return directory / "list.txt"; }
  void write(const std::string& text) const { directory.write("list.txt", text); }
  // As an unreadable file, also for root.
  void make_unreadable() const {
    fs::remove(file());
    fs::create_directory(file());
  }
  std::vector<std::string> apply() { return lists_->apply(config_); }
  [[nodiscard]] std::uint64_t suppressed() const { return engine_->status().suppressed; }
  [[nodiscard]] bool warns(std::string_view of) const {
    const auto warnings = engine_->status().warnings;
    return std::any_of(warnings.begin(), warnings.end(), [&](const std::string& warning) {
      return warning.find(of) != std::string::npos;
    });
  }

  test::TemporaryDirectory directory;

 private:
  const base::SystemClock clock_;
  std::unique_ptr<store::StateStore> store_;
  std::unique_ptr<engine::Engine> engine_;
  std::shared_ptr<const config::Config> config_;
  std::optional<Lists> lists_;
};

TEST_CASE("a list that cannot be read keeps what it had, and status says so", "[daemon]") {
  Fixture fixture;
  fixture.write("a@b.example\nb@b.example\n");
  CHECK(fixture.apply().empty());
  REQUIRE(fixture.suppressed() == 2);
  SECTION("a directory") {
    fixture.make_unreadable();
    const auto problems = fixture.apply();
    REQUIRE(problems.size() == 1);
    CHECK(problems[0] ==
          fixture.file() + ": not a regular file; what was read from it before stays");
    CHECK(fixture.warns("not a regular file"));
    fs::remove(fixture.file());
  }
  SECTION("gone") {
    fs::remove(fixture.file());
    CHECK(fixture.apply().size() == 1);
    CHECK(fixture.warns("No such file or directory"));
  }
  SECTION("a disk that fails") {
    fs::remove(fixture.file());
    fs::create_symlink("/proc/self/mem", fixture.file());
    CHECK(fixture.apply().size() == 1);
    CHECK(fixture.warns("Input/output error"));
    fs::remove(fixture.file());
  }
  SECTION("less than half of it") {
    fixture.write("");
    CHECK(fixture.apply().size() == 1);
    CHECK(fixture.warns("less than half"));
  }
  CHECK(fixture.suppressed() == 2);
  fixture.write("a@b.example\n");
  CHECK(fixture.apply().empty());
  CHECK(fixture.suppressed() == 1);
  CHECK_FALSE(fixture.warns("list.txt"));
}

TEST_CASE("a list that could not be read is tried again by itself", "[daemon]") {
  Fixture fixture(milliseconds{5});
  fixture.make_unreadable();
  CHECK(fixture.apply().size() == 1);
  poll(nullptr, 0, 30);
  CHECK(fixture.warns("not a regular file"));
  CHECK(fixture.suppressed() == 0);
  fs::remove(fixture.file());
  fs::rename(fixture.directory.write("whole.txt", "a@b.example\n"), fixture.file());
  for (int i = 0; i < 2000 && fixture.warns("list.txt"); ++i) {
    poll(nullptr, 0, 5);
  }
  CHECK_FALSE(fixture.warns("list.txt"));
  CHECK(fixture.suppressed() == 1);
}

TEST_CASE("bad lines are told and no reason to warn for good", "[daemon]") {
  Fixture fixture;
  fixture.write("a@b.example\nnonsense\n");
  const auto problems = fixture.apply();
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].starts_with(fixture.file() + ":2:"));
  CHECK(fixture.suppressed() == 1);
  CHECK_FALSE(fixture.warns("list.txt"));
}

}  // namespace
}  // namespace rampart::daemon
