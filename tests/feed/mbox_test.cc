// Goal: every message of a mailbox file is handed over once, whatever happens in between.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.h"

#include "log_directory.h"
#include "mail_place.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using Mails = std::vector<std::string>;

std::string mail(const std::string& text) {
  return "From MAILER-DAEMON  Fri Nov 20 23:03:39 2026\n" + text + "\n\n";
}

struct Fixture : MailPlace {
  Fixture() : MailPlace("", MailSource::Kind::Mbox) { options.path = log.file(); }
  /// What is handed over now and after the file was quiet for a while.
  Mails drain_quiet(Mbox& mbox) {
    Mails all = drain(mbox);
    clock.advance(2s);
    for (std::string& late : drain(mbox)) {
      all.push_back(std::move(late));
    }
    return all;
  }
  LogDirectory log;
};

TEST_CASE("a mailbox is read from its beginning, the last message when it is quiet",
          "[feed][unit]") {
  Fixture f;
  f.log.write(mail("1") + mail("2"));
  Mbox mbox(f.place());
  CHECK(f.drain(mbox) == Mails{"1\n\n"});
  f.clock.advance(1999ms);
  CHECK(f.drain(mbox).empty());
  f.clock.advance(1ms);
  CHECK(f.drain(mbox) == Mails{"2\n\n"});
  CHECK(f.status().name == "mbox:" + f.log.file());
  CHECK(f.status().lines == 2);
  CHECK(f.status().problem.empty());
  CHECK(f.status().open);
  REQUIRE(f.times.size() == 2);
  CHECK(f.times[0] <= f.clock.wall_now());
  CHECK(f.times[0] > f.clock.wall_now() - 48h);
}

TEST_CASE("a restart goes on behind what was handed over", "[feed][unit]") {
  Fixture f;
  f.log.write(mail("1") + mail("2") + "From MAILER-DAEMON  Fri Nov 20 23:03:39 2026\nhalf\n");
  {
    Mbox mbox(f.place());
    CHECK(f.drain(mbox) == Mails{"1\n\n", "2\n\n"});
  }
  f.start();
  f.log.write("rest\n\n");
  Mbox again(f.place());
  CHECK(f.drain_quiet(again) == Mails{"half\nrest\n\n"});
  f.start();
  Mbox third(f.place());
  CHECK(f.drain_quiet(third).empty());
  f.log.write(mail("3"));
  CHECK(f.drain_quiet(third) == Mails{"3\n\n"});
}

TEST_CASE("a message that nobody takes now is brought again after ten seconds", "[feed][unit]") {
  Fixture f;
  f.log.write(mail("1") + mail("2") + mail("3"));
  f.error = base::Error{base::Error::Kind::Unavailable, "not now"};
  f.room = 1;
  {
    Mbox mbox(f.place());
    CHECK(f.drain(mbox) == Mails{"1\n\n"});
    CHECK(f.status().problem == "not now");
    CHECK(f.status().open);
    f.error.reset();
    f.clock.advance(9s);
    CHECK(f.drain(mbox).empty());
    f.clock.advance(1s);
    CHECK(f.drain_quiet(mbox) == Mails{"2\n\n", "3\n\n"});
    CHECK(f.status().problem.empty());
  }
}

TEST_CASE("after a restart nothing that was not taken is missed", "[feed][unit]") {
  Fixture f;
  f.log.write(mail("1") + mail("2") + mail("3"));
  f.error = base::Error{base::Error::Kind::Unavailable, "not now"};
  f.room = 1;
  {
    Mbox mbox(f.place());
    f.drain_quiet(mbox);
  }
  f.error.reset();
  f.start();
  Mbox again(f.place());
  const Mails rest = f.drain_quiet(again);
  REQUIRE(rest.size() >= 2);
  CHECK(rest[rest.size() - 2] == "2\n\n");
  CHECK(rest.back() == "3\n\n");
}

TEST_CASE("a message that is never to be brought again is left out", "[feed][unit]") {
  Fixture f;
  f.log.write(mail("1") + mail("2"));
  f.error = base::Error{base::Error::Kind::InvalidInput, "no mail"};
  f.room = 0;
  Mbox mbox(f.place());
  CHECK(f.drain_quiet(mbox).empty());
  CHECK(f.status().problem.empty());
  f.error.reset();
  f.clock.advance(1h);
  CHECK(f.drain_quiet(mbox).empty());
}

TEST_CASE("a mailbox that is emptied or replaced is read from its beginning again",
          "[feed][unit]") {
  Fixture f;
  f.log.write(mail("1") + "From MAILER-DAEMON  Fri Nov 20 23:03:39 2026\nhalf\n");
  Mbox mbox(f.place());
  CHECK(f.drain(mbox) == Mails{"1\n\n"});
  SECTION("emptied") {
    f.log.truncate();
    f.log.write(mail("2"));
    CHECK(f.drain_quiet(mbox) == Mails{"half\n", "2\n\n"});
  }
  SECTION("renamed") {
    f.log.rename("mail.log", "mail.log.1");
    f.log.write(mail("2"));
    CHECK(f.drain_quiet(mbox) == Mails{"half\n"});
    f.clock.advance(10s);
    CHECK(f.drain_quiet(mbox) == Mails{"2\n\n"});
  }
  SECTION("copied and emptied") {
    f.log.write("rest\n\n");
    f.log.copy("mail.log", "mail.log.1");
    f.log.truncate();
    f.log.write(mail("2"));
    CHECK(f.drain_quiet(mbox) == Mails{"half\nrest\n\n", "2\n\n"});
  }
}

TEST_CASE("a mailbox that is missing is shown, and found when it comes", "[feed][unit]") {
  Fixture f;
  Mbox mbox(f.place());
  CHECK(f.drain(mbox).empty());
  CHECK(f.status().problem == "No such file or directory");
  CHECK(f.status().open);
  f.log.write(mail("1"));
  f.clock.advance(10s);
  CHECK(f.drain_quiet(mbox) == Mails{"1\n\n"});
  CHECK(f.status().problem.empty());
}

// A process that holds a write lock until told.
class Locker {
 public:
  explicit Locker(const std::string& path) {
    int ready[2];
    int stop[2];
    REQUIRE(::pipe(ready) == 0);
    REQUIRE(::pipe(stop) == 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(stop[1]);
      const int file = ::open(path.c_str(), O_RDWR);
      struct flock lock {};
      lock.l_type = F_WRLCK;
      char byte = ::fcntl(file, F_SETLK, &lock) == 0 ? 'y' : 'n';
      [[maybe_unused]] ssize_t ignored = ::write(ready[1], &byte, 1);
      ignored = ::read(stop[0], &byte, 1);
      ::_exit(0);
    }
    ::close(stop[0]);
    ::close(ready[1]);
    char byte = 0;
    const ssize_t got = ::read(ready[0], &byte, 1);
    ::close(ready[0]);
    stop_ = stop[1];
    REQUIRE(got == 1);
    REQUIRE(byte == 'y');
  }
  ~Locker() {
    ::close(stop_);
    ::waitpid(child_, nullptr, 0);
  }
  Locker(const Locker&) = delete;
  Locker& operator=(const Locker&) = delete;

 private:
  pid_t child_ = -1;
  int stop_ = -1;
};

TEST_CASE("a locked mailbox is left alone, but not for ever", "[feed][unit]") {
  Fixture f;
  f.log.write(mail("1") + mail("2"));
  Mbox mbox(f.place());
  {
    const Locker locker(f.log.file());
    CHECK(f.drain_quiet(mbox).empty());
    f.clock.advance(8s);
    CHECK(f.drain_quiet(mbox) == Mails{"1\n\n"});
  }
  CHECK(f.drain_quiet(mbox) == Mails{"2\n\n"});
}

}  // namespace
}  // namespace rampart::feed
