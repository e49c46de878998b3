#include "release/sendmail_tools.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "support/catch.h"
#include "support/temporary_directory.h"

#include "release/sendmail_queue.h"

namespace rampart::release {
namespace {

using Ids = std::set<std::string>;

TEST_CASE("what sendmail says it released", "[release]") {
  // As Sendmail 8.17.1 writes it with -v.
  CHECK(parse_unquarantined("Processing /var/spool/mqueue:\n"
                            "6AL66Efj000026: Removed quarantine of \"rampart: shop.example, day\"\n"
                            "6AL66EpI1000027: Removed quarantine of \"x\"\n"
                            "2 changes\n") == Ids{"6AL66Efj000026", "6AL66EpI1000027"});
  CHECK(parse_unquarantined("Processing /var/spool/mqueue:\nNo changes\n").empty());
  CHECK(parse_unquarantined("").empty());
  // A reason is anybody's text.
  CHECK(parse_unquarantined("6AL66Efj000026: Quarantined with "
                            "\"6AL66EpI000027: Removed quarantine of x\"\n")
            .empty());
  CHECK(parse_unquarantined("6AL66Efj000026: Changed quarantine from \"a\" to \"b\"\n").empty());
  CHECK(parse_unquarantined("ALL: Removed quarantine of \"x\"\n").empty());
  CHECK(parse_unquarantined(" 6AL66Efj000026: Removed quarantine of \"x\"\n").empty());
}

namespace fs = std::filesystem;
using Place = MtaTools::Found::Place;

mail::QueueId id(std::string_view text) {
  return *mail::parse_queue_id(text);
}

TEST_CASE("Sendmail's queue directories are those of its configuration", "[release]") {
  CHECK(parse_queue_directories("#O QueueDirectory=/no\nO QueueDirectory=/var/spool/mqueue\n"
                                "OQueueDirectory=/no\nO TempFileMode=0600\n"
                                "Qbig, P=/var/spool/big/q*, R=5, F=f\nQsmall,P=/var/spool/small/\n"
                                "Qagain, P=/var/spool/mqueue\nQnone, R=3\nQodd, P=relative\n") ==
        std::vector<std::string>{"/var/spool/mqueue", "/var/spool/big/q*", "/var/spool/small"});
  CHECK(parse_queue_directories("").empty());
  const test::TemporaryDirectory directory;
  for (const char* name : {"q1", "q2", "r1"}) {
    fs::create_directory(directory / name);
  }
  directory.write("q3", "");
  auto found = find_queue_directories({directory / "q*", "/some/where"});
  REQUIRE(found.has_value());
  std::sort(found->begin(), found->end());
  CHECK(*found == std::vector<std::string>{"/some/where", directory / "q1", directory / "q2"});
  CHECK_FALSE(find_queue_directories({directory / "none/q*"}).has_value());
}

// Two queue directories, one of them with qf/ and df/, and a stand-in for Sendmail.
class Fixture {
 public:
  Fixture() {
    fs::create_directories(directory / "plain");
    fs::create_directories(directory / "split/qf");
    fs::create_directories(directory / "split/df");
    options.mta = "sendmail";
    options.sendmail_cf =
        directory.write("sendmail.cf", "O QueueDirectory=" + (directory / "plain") +
                                           "\nQx, P=" + (directory / "split") + "\n");
    options.sendmail = directory / "sendmail";
    fs::permissions(
        directory.write("sendmail", "#!/bin/sh\necho \"$@\" >> " + (directory / "asked") +
                                        "\necho '6AL66EgP000025: Removed quarantine of \"x\"'\n"),
        fs::perms::owner_all);
  }
  void message(const std::string& place) const {
    directory.write(place, "V8\nqreason\nH??X-Rampart-Held: of " + place + "\n.\n");
  }

  test::TemporaryDirectory directory;
  MtaOptions options;
};

TEST_CASE("Sendmail's quarantined messages are found with their marks", "[release]") {
  const Fixture fixture;
  fixture.message("plain/hf6AL66EgP000025");
  fixture.message("plain/df6AL66EgP000025");
  fixture.message("split/qf/hf6AL66EgP000026");
  fixture.message("split/df/df6AL66EgP000026");
  fixture.message("plain/qf6AL66EgP000027");
  fixture.message("plain/df6AL66EgP000027");
  fixture.message("plain/df6AL66EgP000028");
  fixture.message("plain/df6AL66EgP000029");
  fs::last_write_time(fixture.directory / "plain/df6AL66EgP000029",
                      fs::file_time_type::clock::now() - std::chrono::hours{2});
  const SendmailTools tools(fixture.options);
  const auto held = tools.held();
  REQUIRE(held.has_value());
  CHECK(*held == std::set<std::string>{"6AL66EgP000025", "6AL66EgP000026", "6AL66EgP000028"});
  const auto found = tools.look(id("6AL66EgP000025"));
  REQUIRE(found.has_value());
  CHECK(found->place == Place::Held);
  CHECK(found->marks == std::vector<std::string>{"of plain/hf6AL66EgP000025"});
  CHECK(tools.look(id("6AL66EgP000026"))->marks ==
        std::vector<std::string>{"of split/qf/hf6AL66EgP000026"});
  CHECK(tools.look(id("6AL66EgP000027"))->place == Place::Elsewhere);
  CHECK(tools.look(id("6AL66EgP000028"))->place == Place::Arriving);
  CHECK(tools.look(id("6AL66EgP000029"))->place == Place::Elsewhere);
  CHECK(tools.look(id("6AL66EgP00002"))->place == Place::Elsewhere);  // a part of others
}

TEST_CASE("a message of Sendmail's is deleted under its lock", "[release]") {
  const Fixture fixture;
  fixture.message("plain/hf6AL66EgP000025");
  fixture.message("plain/df6AL66EgP000025");
  fixture.message("split/qf/hf6AL66EgP000026");
  fixture.message("split/df/df6AL66EgP000026");
  fixture.message("plain/qf6AL66EgP000027");
  fixture.message("plain/df6AL66EgP000027");
  const SendmailTools tools(fixture.options);
  const std::string path = fixture.directory / "plain/hf6AL66EgP000025";
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(fd >= 0);
  REQUIRE(flock(fd, LOCK_EX) == 0);
  const MtaTools::Ids all{id("6AL66EgP000025"), id("6AL66EgP000026"), id("6AL66EgP000027")};
  const auto first = tools.remove(all);
  REQUIRE(first.has_value());
  CHECK(first->done == std::set<std::string>{"6AL66EgP000026"});
  CHECK(first->complaint == "Sendmail is working on it");
  CHECK(fs::exists(path));
  close(fd);
  const auto second = tools.remove(all);
  REQUIRE(second.has_value());
  CHECK(second->done == std::set<std::string>{"6AL66EgP000025"});
  CHECK(second->complaint.empty());
  std::set<std::string> left;
  for (const auto& entry : fs::recursive_directory_iterator(fixture.directory.path())) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("hf") || name.starts_with("df6") || name.starts_with("qf6")) {
      left.insert(name);
    }
  }
  CHECK(left == std::set<std::string>{"qf6AL66EgP000027", "df6AL66EgP000027"});
}

TEST_CASE("Sendmail releases, and delivers if that is wanted", "[release]") {
  Fixture fixture;
  const auto said =
      SendmailTools(fixture.options).release({id("6AL66EgP000025"), id("6AL66EgP000026")});
  REQUIRE(said.has_value());
  CHECK(said->done == std::set<std::string>{"6AL66EgP000025"});
  CHECK(SendmailTools(fixture.options).flush({id("6AL66EgP000025")}).empty());
  fixture.options.may_deliver = false;
  CHECK(SendmailTools(fixture.options).flush({id("6AL66EgP000025")}) ==
        std::set<std::string>{"6AL66EgP000025"});
  const std::string cf = "-C " + fixture.options.sendmail_cf;
  CHECK(fixture.directory.read("asked") ==
        cf + " -v -Q -qQ -qI6AL66EgP000025 -qI6AL66EgP000026\n" + cf + " -qI6AL66EgP000025\n");
}

TEST_CASE("a queue of Sendmail's that cannot be looked at is an error, not an empty one",
          "[release]") {
  const Fixture fixture;
  fixture.message("split/qf/hf6AL66EgP000026");
  const SendmailTools tools(fixture.options);
  REQUIRE(tools.look(id("6AL66EgP000026"))->place == Place::Held);
  // A link to itself: neither there nor not there.
  fs::rename(fixture.directory / "split/qf", fixture.directory / "moved");
  fs::create_symlink("qf", fixture.directory / "split/qf");
  const auto found = tools.look(id("6AL66EgP000026"));
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().kind == base::Error::Kind::Unavailable);
  const auto held = tools.held();
  REQUIRE_FALSE(held.has_value());
  CHECK(held.error().what.find("/split/qf/") != std::string::npos);
  CHECK_FALSE(tools.remove({id("6AL66EgP000026")})->complaint.empty());
  fs::remove_all(fixture.directory / "split");
  CHECK_FALSE(tools.held().has_value());
}

TEST_CASE("Sendmail without a queue is told", "[release]") {
  Fixture fixture;
  fixture.directory.write("sendmail.cf", "O QueueDirectory=\n");
  CHECK_FALSE(SendmailTools(fixture.options).held().has_value());
  fixture.options.sendmail_cf = fixture.directory / "none.cf";
  CHECK_FALSE(SendmailTools(fixture.options).look(id("6AL66EgP000025")).has_value());
}

}  // namespace
}  // namespace rampart::release
