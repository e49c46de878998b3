#include "feed/follower.h"

#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.h"

#include "log_directory.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using Lines = std::vector<std::string>;
using Events = std::vector<FollowEvent>;

constexpr base::SteadyTime kNow{1000s};

TEST_CASE("a source never read starts at its end", "[feed][unit]") {
  const LogDirectory log;
  log.write("old 1\nold 2\nhalf");
  FileFollower follower(log.file());
  CHECK(read_all(follower, kNow).empty());
  CHECK(follower.take_events() == Events{FollowEvent::StartedAtEnd});
  CHECK(follower.is_open());
  CHECK_FALSE(follower.has_more());
  log.write(" line\nnew\n");
  CHECK(read_all(follower, kNow) == Lines{"half line", "new"});
}

TEST_CASE("a file that appears later is read from its beginning", "[feed][unit]") {
  const LogDirectory log;
  FileFollower follower(log.file());
  CHECK(read_all(follower, kNow).empty());
  CHECK_FALSE(follower.is_open());
  CHECK(follower.problem() == "No such file or directory");
  CHECK_FALSE(follower.position().has_value());
  log.write("first\n");
  CHECK(read_all(follower, kNow) == Lines{"first"});
  CHECK(follower.take_events() == Events{FollowEvent::StartedAtBeginning});
  CHECK(follower.is_open());
}

TEST_CASE("a line is given when it is complete", "[feed][unit]") {
  const LogDirectory log;
  log.write("");
  FileFollower follower(log.file());
  read_all(follower, kNow);
  log.write("be");
  CHECK(read_all(follower, kNow).empty());
  CHECK(follower.position()->offset == 0);
  log.write("gin and end\n\nrest");
  const auto& lines = follower.read_lines(10, kNow);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].text == "begin and end");
  CHECK(lines[0].end == 14);
  CHECK(lines[1].text.empty());
  CHECK(lines[1].end == 15);
  CHECK(follower.position()->offset == 15);
}

TEST_CASE("lines come in the number asked for", "[feed][unit]") {
  const LogDirectory log;
  log.write("");
  FileFollower follower(log.file());
  read_all(follower, kNow);
  log.write("1\n2\n3\n");
  CHECK(follower.read_lines(2, kNow).size() == 2);
  CHECK(follower.has_more());
  CHECK(follower.has_unread());
  CHECK(follower.position()->offset == 4);
  CHECK(follower.read_lines(2, kNow).size() == 1);
  CHECK(follower.read_lines(2, kNow).empty());
  CHECK_FALSE(follower.has_more());
  CHECK_FALSE(follower.has_unread());
}

TEST_CASE("a line over 64 KiB is cut and counted, wherever the reads fall", "[feed][unit]") {
  const LogDirectory log;
  log.write("");
  FileFollower follower(log.file());
  read_all(follower, kNow);
  constexpr std::size_t kMax = 64 * 1024;
  log.write(std::string(kMax, 'a') + "\n");  // not too long
  log.write(std::string(kMax + 1, 'b') + "\n");
  log.write(std::string(600'000, 'c'));
  const Lines lines = read_all(follower, kNow);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == std::string(kMax, 'a'));
  CHECK(lines[1] == std::string(kMax, 'b'));
  CHECK(follower.counts().lines_cut == 1);
  log.write("c\nd\n");
  CHECK(read_all(follower, kNow) == Lines{std::string(kMax, 'c'), "d"});
  CHECK(follower.counts().lines_cut == 2);
}

TEST_CASE("NULs that a crash left before a line are dropped, others kept", "[feed][unit]") {
  const LogDirectory log;
  log.write("");
  FileFollower follower(log.file());
  read_all(follower, kNow);
  log.write(std::string(3'000'000, '\0') + "line\n" + std::string("in\0side\n", 8));
  CHECK(read_all(follower, kNow) == Lines{"line", std::string("in\0side", 7)});
  CHECK(follower.counts().lines_cut == 0);
}

TEST_CASE("after a rename the old file is read for ten seconds more", "[feed][unit]") {
  const LogDirectory log;
  log.write("");
  FileFollower follower(log.file());
  read_all(follower, kNow);
  log.write("a\n");
  log.rename("mail.log", "mail.log.1");
  CHECK(read_all(follower, kNow) == Lines{"a"});
  CHECK(follower.is_open());  // the path is empty for a moment only
  log.write("b\n", "mail.log.1");
  log.write("c\n");
  CHECK(read_all(follower, kNow) == Lines{"b"});
  CHECK(follower.has_unread());
  CHECK_FALSE(follower.has_more());
  log.write("late\n", "mail.log.1");
  CHECK(read_all(follower, kNow + 9s) == Lines{"late"});
  CHECK(read_all(follower, kNow + 9999ms).empty());
  CHECK(read_all(follower, kNow + 10s) == Lines{"c"});
  log.write("too late\n", "mail.log.1");
  log.write("d\n");
  CHECK(read_all(follower, kNow + 11s) == Lines{"d"});
  CHECK(follower.counts().rotations == 1);
}

TEST_CASE("an empty successor is waited for, whatever it takes", "[feed][unit]") {
  const LogDirectory log;
  log.write("");
  FileFollower follower(log.file());
  read_all(follower, kNow);
  log.rename("mail.log", "mail.log.1");
  log.write("");
  read_all(follower, kNow);
  log.write("never told to reopen\n", "mail.log.1");
  CHECK(read_all(follower, kNow + 1h) == Lines{"never told to reopen"});
}

TEST_CASE("a last line without end is not taken over into the next file", "[feed][unit]") {
  const LogDirectory log;
  log.write("");
  FileFollower follower(log.file());
  read_all(follower, kNow);
  log.write("a\nhal");
  log.rename("mail.log", "mail.log.1");
  log.write("b\n");
  CHECK(read_all(follower, kNow) == Lines{"a"});
  CHECK(read_all(follower, kNow + 10s) == Lines{"b"});
  CHECK(follower.counts().lines_incomplete == 1);
}

TEST_CASE("a missing path is a problem only after a while", "[feed][unit]") {
  const LogDirectory log;
  log.write("");
  FileFollower follower(log.file());
  read_all(follower, kNow);
  log.write("a\n");
  log.remove();
  CHECK(read_all(follower, kNow) == Lines{"a"});
  CHECK(follower.is_open());
  read_all(follower, kNow + 10s);
  CHECK_FALSE(follower.is_open());
  log.write("b\n");
  CHECK(read_all(follower, kNow + 11s).empty());
  CHECK(follower.is_open());
  CHECK(read_all(follower, kNow + 21s) == Lines{"b"});
}

TEST_CASE("copytruncate: what was not read comes from the copy", "[feed][unit]") {
  const LogDirectory log;
  log.write("");
  FileFollower follower(log.file());
  read_all(follower, kNow);
  log.write("1\n2\n3\n");
  CHECK(follower.read_lines(1, kNow).size() == 1);
  log.write("4\n");
  log.copy("mail.log", "mail.log.1");
  log.truncate();

  SECTION("nothing written since") {
    CHECK(read_all(follower, kNow) == Lines{"2", "3", "4"});
    CHECK(read_all(follower, kNow).empty());
    log.write("5\n");
    CHECK(read_all(follower, kNow) == Lines{"5"});
  }
  SECTION("grown beyond the old size") {
    log.write("5 and much more than there was\n");
    CHECK(read_all(follower, kNow) == Lines{"2", "3", "4", "5 and much more than there was"});
  }
  SECTION("grown to exactly the old size") {
    log.write("5\n6\n7\n8\n");
    CHECK(read_all(follower, kNow) == Lines{"2", "3", "4", "5", "6", "7", "8"});
  }
  CHECK(follower.counts().truncations == 1);
  CHECK(follower.counts().losses == 0);
}

TEST_CASE("a truncated file without a copy is read from its beginning", "[feed][unit]") {
  const LogDirectory log;
  log.write("");
  FileFollower follower(log.file());
  read_all(follower, kNow);
  log.write("1\n2\n");
  read_all(follower, kNow);
  log.truncate();
  log.write("3\n");
  follower.take_events();
  CHECK(read_all(follower, kNow) == Lines{"3"});
  CHECK(follower.take_events() == Events{FollowEvent::Restarted});
  CHECK(follower.counts().losses == 1);
}

TEST_CASE("a log that only grew is not taken for another", "[feed][unit]") {
  const LogDirectory log;
  log.write("");
  FileFollower follower(log.file());
  read_all(follower, kNow);
  std::size_t seen = 0;
  for (int i = 0; i < 600; ++i) {  // beyond the 1 KiB that are compared
    log.write("line\n");
    seen += read_all(follower, kNow).size();
  }
  CHECK(seen == 600);
  CHECK(follower.counts().truncations == 0);
  CHECK(follower.position()->fingerprint_size == 1024);
}

TEST_CASE("a restart goes on where it was left", "[feed][unit]") {
  struct Case {
    std::string_view name;
    void (*meanwhile)(const LogDirectory& log);
    Lines want;
    FollowEvent event;
  };
  static const Case kCases[] = {
      {"nothing happened", [](const LogDirectory&) {}, {"2", "3"}, FollowEvent::Resumed},
      {"it grew",
       [](const LogDirectory& log) { log.write("4\n"); },
       {"2", "3", "4"},
       FollowEvent::Resumed},
      {"renamed",
       [](const LogDirectory& log) {
         log.rename("mail.log", "mail.log.1");
         log.write("4\n");
       },
       {"2", "3", "4"},
       FollowEvent::Resumed},
      {"renamed and not created",
       [](const LogDirectory& log) { log.rename("mail.log", "mail.log-20261121"); },
       {"2", "3"},
       FollowEvent::Resumed},
      {"renamed three times",
       [](const LogDirectory& log) {
         for (const std::string_view line : {"4\n", "5\n", "6\n"}) {
           log.shift_numbers();
           log.rename("mail.log", "mail.log.1");
           log.write(line);
         }
       },
       {"2", "3", "4", "5", "6"},
       FollowEvent::Resumed},
      {"renamed to dates",
       [](const LogDirectory& log) {
         log.rename("mail.log", "mail.log-20261130");
         log.write("4\n");
         log.rename("mail.log", "mail.log-20261201");
         log.write("not ours\n", "mail.log-20261101");
         log.write("5\n");
       },
       {"2", "3", "4", "5"},
       FollowEvent::Resumed},
      {"copied and truncated, twice",
       [](const LogDirectory& log) {
         for (const std::string_view line : {"4 after the first\n", "5 after the second\n"}) {
           log.shift_numbers();
           log.copy("mail.log", "mail.log.1");
           log.truncate();
           log.write(line);
         }
       },
       {"2", "3", "4 after the first", "5 after the second"},
       FollowEvent::Resumed},
      {"restored from a backup",
       [](const LogDirectory& log) {
         log.copy("mail.log", "x");
         log.remove();
         log.rename("x", "mail.log");
       },
       {"2", "3"},
       FollowEvent::Resumed},
      {"deleted and created",
       [](const LogDirectory& log) {
         log.write("keeps the inode from being used again\n", "other");
         log.rename("mail.log", "elsewhere");
         log.write("4\n");
       },
       {"4"},
       FollowEvent::Lost},
      {"compressed at once",
       [](const LogDirectory& log) {
         log.rename("mail.log", "mail.log.1.gz");
         log.write("4\n");
       },
       {"4"},
       FollowEvent::Lost},
  };
  for (const Case& c : kCases) {
    INFO(c.name);
    const LogDirectory log;
    log.write("");
    std::optional<Position> position;
    {
      FileFollower follower(log.file());
      read_all(follower, kNow);
      log.write("1\n2\n3\n");
      REQUIRE(follower.read_lines(1, kNow).size() == 1);
      position = follower.position();
    }
    c.meanwhile(log);
    FileFollower follower(log.file(), position);
    Lines lines = read_all(follower, kNow);
    CHECK(follower.take_events().front() == c.event);
    for (const std::string& line : read_all(follower, kNow + 10s)) {
      lines.push_back(line);
    }
    CHECK(lines == c.want);
    CHECK(follower.counts().losses == (c.event == FollowEvent::Lost ? 1 : 0));
  }
}

TEST_CASE("a symbolic link is followed to the file it points to next", "[feed][unit]") {
  const LogDirectory log;
  log.write("", "2026-11-21.txt");
  std::filesystem::create_symlink("2026-11-21.txt", log.file());
  FileFollower follower(log.file());
  read_all(follower, kNow);
  log.write("1\n2\n", "2026-11-21.txt");
  CHECK(follower.read_lines(1, kNow).size() == 1);
  log.write("3\n", "2026-11-22.txt");
  log.remove();
  std::filesystem::create_symlink("2026-11-22.txt", log.file());
  FileFollower restarted(log.file(), follower.position());
  CHECK(read_all(follower, kNow) == Lines{"2"});
  CHECK(read_all(follower, kNow + 10s) == Lines{"3"});
  CHECK(read_all(restarted, kNow) == Lines{"2"});
  CHECK(read_all(restarted, kNow + 10s) == Lines{"3"});
}

TEST_CASE("a file that cannot be read is neither another one nor empty", "[feed][unit]") {
  const char* path = "/proc/self/mem";  // opens as a regular file, and then fails to be read
  struct stat info {};
  REQUIRE(::stat(path, &info) == 0);
  const Position known{info.st_dev, info.st_ino, 0, 4711, 5};
  FileFollower follower(path, known);
  CHECK(read_all(follower, kNow).empty());
  CHECK(follower.problem() == "Input/output error");
  CHECK(follower.take_events().empty());
  CHECK(follower.counts().losses == 0);
  FileFollower fresh(path, std::nullopt, FileFollower::Start::Beginning);
  CHECK(read_all(fresh, kNow).empty());
  CHECK(fresh.problem() == "Input/output error");
}

TEST_CASE("what is no regular file is refused without waiting for it", "[feed][unit]") {
  const LogDirectory log;
  SECTION("pipe") {
    REQUIRE(::mkfifo(log.file().c_str(), 0600) == 0);
  }
  SECTION("directory") {
    std::filesystem::create_directory(log.file());
  }
  FileFollower follower(log.file());
  CHECK(read_all(follower, kNow).empty());
  CHECK(follower.problem() == "not a regular file");
  std::filesystem::remove(log.file());
  log.write("first\n");
  read_all(follower, kNow);
  CHECK(follower.is_open());
}

TEST_CASE("a successor that may not be read leaves the old file open", "[feed][unit]") {
  if (::geteuid() == 0) {
    WARN("not run: root may read everything");
    return;
  }
  const LogDirectory log;
  log.write("");
  FileFollower follower(log.file());
  read_all(follower, kNow);
  log.rename("mail.log", "mail.log.1");
  log.write("b\n");
  std::filesystem::permissions(log.file(), std::filesystem::perms::none);
  log.write("a\n", "mail.log.1");
  CHECK(read_all(follower, kNow + 20s) == Lines{"a"});
  CHECK(follower.problem() == "Permission denied");
  std::filesystem::permissions(log.file(), std::filesystem::perms::owner_read);
  read_all(follower, kNow + 21s);
  CHECK(read_all(follower, kNow + 31s) == Lines{"b"});
}

}  // namespace
}  // namespace rampart::feed
