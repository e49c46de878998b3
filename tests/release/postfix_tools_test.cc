#include "release/postfix_tools.h"

#include <filesystem>

#include "support/catch.h"
#include "support/temporary_directory.h"

namespace rampart::release {
namespace {

TEST_CASE("what postsuper says it did", "[release]") {
  // As Postfix 3.7.11 writes it to standard error.
  constexpr std::string_view kReleased = "released from hold";
  CHECK(parse_postsuper("postsuper: 0ABC12DEF34: released from hold\n"
                        "postsuper: 4Xk2Pq1z9Rz: released from hold\n"
                        "postsuper: Released from hold: 2 messages\n",
                        kReleased) == std::set<std::string>{"0ABC12DEF34", "4Xk2Pq1z9Rz"});
  CHECK(parse_postsuper("postsuper: 0ABC12DEF34: removed\npostsuper: Deleted: 1 message\n",
                        "removed") == std::set<std::string>{"0ABC12DEF34"});
  CHECK(parse_postsuper("postsuper: 0ABC12DEF34: removed\n", kReleased).empty());
  CHECK(parse_postsuper("postsuper: Released from hold: 0 messages\n", kReleased).empty());
  CHECK(parse_postsuper("postsuper: fatal: ALL: released from hold", kReleased).empty());
  CHECK(parse_postsuper("postsuper: 0ABC12DEF34: placed on hold\n", kReleased).empty());
  CHECK(parse_postsuper("postsuper: 0ABC12DEF34 released from hold\n", kReleased).empty());
  CHECK(parse_postsuper("", kReleased).empty());
}

namespace fs = std::filesystem;
using Place = MtaTools::Found::Place;

mail::QueueId id(std::string_view text) {
  return *mail::parse_queue_id(text);
}

// A queue directory, and stand-ins for Postfix's commands that work on it.
class Fixture {
 public:
  Fixture() {
    for (const char* queue : {"hold", "incoming", "deferred"}) {
      fs::create_directory(directory / queue);
    }
    script("postconf", "echo " + directory.path() + "; echo \"$@\" >> " + (directory / "asked"));
    script("postcat", "exec cat");
    // As Postfix 3.7: says what it did, and exits 0 whatever that was.
    script("postsuper", "echo \"$@\" >> " + (directory / "asked") +
                            "\nwhile read id; do\n"
                            "  if [ -f " +
                            (directory / "hold") +
                            "/$id ]; then case \"$*\" in\n"
                            "    *-H*) mv " +
                            (directory / "hold") + "/$id " + (directory / "deferred") +
                            "; echo postsuper: $id: released from hold;;\n"
                            "    *-d*) rm " +
                            (directory / "hold") +
                            "/$id; echo postsuper: $id: removed;;\n"
                            "  esac >&2; fi\ndone\n");
    script("postqueue", "echo \"$@\" >> " + (directory / "asked"));
    options.mta = "postfix";
    options.mta_config = "/etc/some";
    options.postsuper = directory / "postsuper";
    options.postqueue = directory / "postqueue";
    options.postcat = directory / "postcat";
    options.postconf = directory / "postconf";
  }
  void script(const std::string& name, const std::string& body) const {
    fs::permissions(directory.write(name, "#!/bin/sh\n" + body + "\n"), fs::perms::owner_all);
  }
  void message(const std::string& place, bool complete = true) const {
    fs::create_directories(fs::path(directory / place).parent_path());
    fs::permissions(
        directory.write(place, "From: a\nX-Rampart-Held: of " + place + "\n"),
        complete ? fs::perms::owner_all : fs::perms::owner_read | fs::perms::owner_write);
  }

  test::TemporaryDirectory directory;
  MtaOptions options;
};

TEST_CASE("Postfix's hold queue is listed, with what arrives", "[release]") {
  const Fixture fixture;
  fixture.message("hold/0ABC12DEF34");
  fixture.message("hold/4Xk2Pq1z9R1");
  fixture.message("incoming/4Xk2Pq1z9R2", false);
  fixture.message("incoming/4Xk2Pq1z9R3");
  fixture.message("deferred/4Xk2Pq1z9R4");
  fixture.message("hold/ALL");
  const auto held = PostfixTools(fixture.options).held();
  REQUIRE(held.has_value());
  CHECK(*held == std::set<std::string>{"0ABC12DEF34", "4Xk2Pq1z9R1", "4Xk2Pq1z9R2"});
}

TEST_CASE("a message of Postfix's is looked at in the hold queue alone", "[release]") {
  const Fixture fixture;
  fixture.message("hold/4Xk2Pq1z9R1");
  fixture.message("incoming/4Xk2Pq1z9R2", false);
  fixture.message("incoming/4Xk2Pq1z9R3");
  fixture.message("deferred/4Xk2Pq1z9R4");
  fixture.message("hold/4Xk2Pq1z9R5", false);
  fs::create_symlink(fixture.directory / "deferred/4Xk2Pq1z9R4",
                     fixture.directory / "hold/4Xk2Pq1z9R6");
  fs::create_directory(fixture.directory / "hold/4Xk2Pq1z9R7");
  const PostfixTools tools(fixture.options);
  const auto found = tools.look(id("4Xk2Pq1z9R1"));
  REQUIRE(found.has_value());
  CHECK(found->place == Place::Held);
  CHECK(found->marks == std::vector<std::string>{"of hold/4Xk2Pq1z9R1"});
  CHECK(tools.look(id("4Xk2Pq1z9R2"))->place == Place::Arriving);
  CHECK(tools.look(id("4Xk2Pq1z9R3"))->place == Place::Elsewhere);
  CHECK(tools.look(id("4Xk2Pq1z9R4"))->place == Place::Elsewhere);
  CHECK(tools.look(id("4Xk2Pq1z9R5"))->place == Place::Arriving);
  CHECK(tools.look(id("4Xk2Pq1z9R6"))->place == Place::Elsewhere);
  CHECK(tools.look(id("4Xk2Pq1z9R7"))->place == Place::Elsewhere);
  CHECK(tools.look(id("4Xk2Pq1z9R9"))->place == Place::Elsewhere);
  CHECK(fixture.directory.read("asked") == "-c /etc/some -h queue_directory\n");
  fixture.script("postcat", "echo 'postcat: fatal: no' >&2; exit 1");
  CHECK(tools.look(id("4Xk2Pq1z9R1")).error().what.ends_with("postcat: postcat: fatal: no"));
}

TEST_CASE("hashed queues are found at any depth", "[release]") {
  for (const char* below_it : {"A/", "A/0/", "A/0/F/"}) {
    const Fixture fixture;
    const std::string below = below_it;
    fixture.message("hold/" + below + "0ABC12DEF34");
    fixture.message("hold/0ABC12DEF35");
    fixture.message("incoming/" + below + "0ABC12DEF36", false);
    const PostfixTools tools(fixture.options);
    CHECK(*tools.held() == std::set<std::string>{"0ABC12DEF34", "0ABC12DEF35", "0ABC12DEF36"});
    CHECK(tools.look(id("0ABC12DEF34"))->place == Place::Held);
    CHECK(tools.look(id("0ABC12DEF35"))->place == Place::Held);
    CHECK(tools.look(id("0ABC12DEF36"))->place == Place::Arriving);
    CHECK(tools.look(id("0ABC12DEF37"))->place == Place::Elsewhere);
  }
}

TEST_CASE("Postfix's tools release, delete and deliver", "[release]") {
  const Fixture fixture;
  for (const char* name : {"4Xk2Pq1z9R1", "4Xk2Pq1z9R2", "4Xk2Pq1z9R3"}) {
    fixture.message(std::string("hold/") + name);
  }
  fixture.message("deferred/4Xk2Pq1z9R4");
  const PostfixTools tools(fixture.options);
  const auto released = tools.release({id("4Xk2Pq1z9R1"), id("4Xk2Pq1z9R4")});
  REQUIRE(released.has_value());
  CHECK(released->done == std::set<std::string>{"4Xk2Pq1z9R1"});
  const auto removed = tools.remove({id("4Xk2Pq1z9R2"), id("4Xk2Pq1z9R4")});
  REQUIRE(removed.has_value());
  CHECK(removed->done == std::set<std::string>{"4Xk2Pq1z9R2"});
  CHECK(tools.flush({id("4Xk2Pq1z9R1")}).empty());
  CHECK(fixture.directory.read("asked") ==
        "-c /etc/some -H -\n-c /etc/some -d - hold\n-c /etc/some -i 4Xk2Pq1z9R1\n");
  CHECK(*tools.held() == std::set<std::string>{"4Xk2Pq1z9R3"});
  fixture.script("postqueue", "exit 69");
  CHECK(tools.flush({id("4Xk2Pq1z9R1")}) == std::set<std::string>{"4Xk2Pq1z9R1"});
  fixture.script("postsuper", "echo 'postsuper: fatal: no' >&2; exit 1");
  const auto said = tools.release({id("4Xk2Pq1z9R3")});
  REQUIRE(said.has_value());
  CHECK(said->done.empty());
  CHECK(said->complaint == "postsuper: fatal: no");
}

TEST_CASE("Postfix that is not there is told", "[release]") {
  Fixture fixture;
  fixture.options.postconf = fixture.directory / "none";
  const PostfixTools tools(fixture.options);
  CHECK_FALSE(tools.held().has_value());
  CHECK_FALSE(tools.look(id("4Xk2Pq1z9R1")).has_value());
  const Fixture odd;
  odd.script("postconf", "echo none");
  CHECK_FALSE(PostfixTools(odd.options).held().has_value());
}

TEST_CASE("a queue of Postfix's that cannot be looked at is an error, not an empty one",
          "[release]") {
  const Fixture fixture;
  fixture.message("hold/4Xk2Pq1z9R1");
  const PostfixTools tools(fixture.options);
  REQUIRE(tools.look(id("4Xk2Pq1z9R1"))->place == Place::Held);
  fs::rename(fixture.directory / "hold", fixture.directory / "moved");
  const auto found = tools.look(id("4Xk2Pq1z9R1"));
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().kind == base::Error::Kind::Unavailable);
  CHECK(found.error().what.find("/hold: ") != std::string::npos);
  CHECK_FALSE(tools.held().has_value());
  // A link to itself: neither there nor not there.
  fs::create_directory(fixture.directory / "hold");
  fs::create_symlink("A", fixture.directory / "hold/A");
  CHECK_FALSE(tools.look(id("4Xk2Pq1z9R1")).has_value());
}

}  // namespace
}  // namespace rampart::release
