// Goal: every message in a Maildir is handed over once and then moved, never removed.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rampart/telemetry/counter.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

#include "mail_place.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
namespace fs = std::filesystem;
using Mails = std::vector<std::string>;

struct Fixture : MailPlace {
  Fixture() : MailPlace("", MailSource::Kind::Maildir) {
    options.path = directory.path();
    for (const char* name : {"new", "cur", "tmp"}) {
      fs::create_directory(directory / name);
    }
  }
  std::string in_new(const std::string& name) const { return directory / ("new/" + name); }
  std::string in_cur(const std::string& name) const { return directory / ("cur/" + name); }
  std::size_t count(const std::string& name) const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory / name), fs::directory_iterator()));
  }
  test::TemporaryDirectory directory;
};

TEST_CASE("messages are handed over in order and moved to cur as seen", "[feed][unit]") {
  Fixture f;
  f.directory.write("new/1795219191.b", "second");
  f.directory.write("new/1795219190.a", "first");
  f.directory.write("tmp/1795219189.c", "not delivered yet");
  f.directory.write("new/.hidden", "no mail");
  Maildir maildir(f.place());
  CHECK(f.drain(maildir) == Mails{"first", "second"});
  CHECK(f.directory.read("cur/1795219190.a:2,S") == "first");
  CHECK(f.directory.read("cur/1795219191.b:2,S") == "second");
  CHECK(f.count("new") == 1);
  CHECK(f.status().name == "maildir:" + f.directory.path());
  CHECK(f.status().open);
  CHECK(f.status().lines == 2);
  CHECK(f.status().problem.empty());
  f.directory.write("new/3:2,", "third");
  CHECK(f.drain(maildir).empty());
  f.clock.advance(1s);
  CHECK(f.drain(maildir) == Mails{"third"});
  CHECK(f.directory.read("cur/3:2,") == "third");
}

TEST_CASE("the time of a message is that of its file, and not in the future", "[feed][unit]") {
  Fixture f;
  const std::string past = f.directory.write("new/1", "past");
  f.directory.write("new/2", "future");
  const struct timespec times[2] = {{1'795'200'000, 0}, {1'795'200'000, 0}};
  REQUIRE(::utimensat(AT_FDCWD, past.c_str(), times, 0) == 0);
  const struct timespec later[2] = {{1'895'200'000, 0}, {1'895'200'000, 0}};
  REQUIRE(::utimensat(AT_FDCWD, f.in_new("2").c_str(), later, 0) == 0);
  Maildir maildir(f.place());
  f.drain(maildir);
  REQUIRE(f.times.size() == 2);
  CHECK(f.times[0] == base::WallTime{1'795'200'000s});
  CHECK(f.times[1] == f.clock.wall_now());
}

TEST_CASE("many messages are handed over in one go", "[feed][unit]") {
  Fixture f;
  for (int mail = 0; mail < 250; ++mail) {
    f.directory.write("new/" + std::to_string(mail), "x");
  }
  Maildir maildir(f.place());
  CHECK(f.drain(maildir).size() == 250);
  CHECK(f.count("new") == 0);
  CHECK(f.count("cur") == 250);
}

TEST_CASE("what is no regular file is not read", "[feed][unit]") {
  Fixture f;
  f.directory.write("secret", "elsewhere");
  fs::create_symlink(f.directory / "secret", f.in_new("1"));
  fs::create_directory(f.in_new("2"));
  REQUIRE(::mkfifo(f.in_new("3").c_str(), 0600) == 0);
  f.directory.write("new/4", "mail");
  const auto unreadable = telemetry::counter("feed_mails_unreadable_total").value();
  Maildir maildir(f.place());
  CHECK(f.drain(maildir) == Mails{"mail"});
  CHECK(f.count("new") == 3);
  f.clock.advance(1s);
  CHECK(f.drain(maildir).empty());
  CHECK(telemetry::counter("feed_mails_unreadable_total").value() == unreadable + 3);
}

TEST_CASE("of a large message the first MiB is handed over", "[feed][unit]") {
  Fixture f;
  f.directory.write("new/1", std::string(1024 * 1024, 'a') + "b");
  Maildir maildir(f.place());
  const Mails mails = f.drain(maildir);
  REQUIRE(mails.size() == 1);
  CHECK(mails[0] == std::string(1024 * 1024, 'a'));
  CHECK(fs::file_size(f.in_cur("1:2,S")) == 1024 * 1024 + 1);
}

TEST_CASE("what cannot be moved is handed over once while the process runs", "[feed][unit]") {
  Fixture f;
  SECTION("no cur") {
    fs::remove(f.directory / "cur");
  }
  SECTION("the name is taken") {
    f.directory.write("cur/1:2,S", "another");
  }
  f.directory.write("new/1", "mail");
  Maildir maildir(f.place());
  CHECK(f.drain(maildir) == Mails{"mail"});
  CHECK(f.directory.read("new/1") == "mail");
  f.clock.advance(1s);
  CHECK(f.drain(maildir).empty());
  f.directory.write("new/2", "next");
  f.clock.advance(1s);
  CHECK(f.drain(maildir) == Mails{"next"});
  if (fs::exists(f.in_cur("1:2,S"))) {
    CHECK(f.directory.read("cur/1:2,S") == "another");
  }
  // A name that went and came again is another message.
  fs::remove(f.in_new("1"));
  f.clock.advance(1s);
  f.drain(maildir);
  f.directory.write("new/1", "again");
  f.clock.advance(1s);
  CHECK(f.drain(maildir) == Mails{"again"});
}

TEST_CASE("a message that nobody takes now stays in new and is brought again", "[feed][unit]") {
  Fixture f;
  f.directory.write("new/1", "1");
  f.directory.write("new/2", "2");
  f.error = base::Error{base::Error::Kind::Unavailable, "not now"};
  f.room = 1;
  Maildir maildir(f.place());
  CHECK(f.drain(maildir) == Mails{"1"});
  CHECK(f.count("new") == 1);
  CHECK(f.status().problem == "not now");
  CHECK(f.status().open);
  f.error.reset();
  f.clock.advance(9s);
  CHECK(f.drain(maildir).empty());
  f.clock.advance(1s);
  CHECK(f.drain(maildir) == Mails{"2"});
  CHECK(f.count("new") == 0);
  CHECK(f.status().problem.empty());
}

TEST_CASE("a message that is never to be brought again is moved too", "[feed][unit]") {
  Fixture f;
  f.directory.write("new/1", "1");
  f.error = base::Error{base::Error::Kind::InvalidInput, "no mail"};
  f.room = 0;
  Maildir maildir(f.place());
  CHECK(f.drain(maildir).empty());
  CHECK(f.count("cur") == 1);
  CHECK(f.status().problem.empty());
}

TEST_CASE("a Maildir that is missing is shown, and found when it comes", "[feed][unit]") {
  Fixture f;
  fs::rename(f.directory / "new", f.directory / "away");
  f.directory.write("away/1", "mail");
  Maildir maildir(f.place());
  CHECK(f.drain(maildir).empty());
  CHECK(f.status().problem == "No such file or directory");
  CHECK(f.status().open);
  fs::rename(f.directory / "away", f.directory / "new");
  f.clock.advance(10s);
  CHECK(f.drain(maildir) == Mails{"mail"});
  CHECK(f.status().problem.empty());
}

TEST_CASE("a feed reads mailboxes only with a sink, and stops while they are quiet",
          "[feed][unit]") {
  Fixture f;
  f.directory.write("new/1", "mail");
  Options options;
  options.mailboxes = {f.options, {f.directory / "mbox", MailSource::Kind::Mbox}};
  { const Feed feed(options, *f.engine, f.clock); }
  CHECK(f.count("new") == 1);
  { const Feed feed(options, *f.engine, f.clock, f.sink); }
}

}  // namespace
}  // namespace rampart::feed
