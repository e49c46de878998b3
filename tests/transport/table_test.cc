#include "rampart/transport/table.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/catch.h"
#include "support/temporary_directory.h"

namespace rampart::transport {
namespace {

using base::WallTime;

constexpr WallTime kNoon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} +
                         std::chrono::hours{12}};

// postmap's part: an index beside the text. The table must not be there before it ends well.
class FakePostmap {
 public:
  FakePostmap() { set("cp \"${1#hash:}\" \"${1#hash:}.db\"\n"); }

  void set(const std::string& script) const {
    std::ofstream(path()) << "#!/bin/sh\n" << script;
    std::filesystem::permissions(path(), std::filesystem::perms::owner_all);
  }
  [[nodiscard]] std::string path() const { return directory_ / "postmap"; }
  [[nodiscard]] std::string table() const { return directory_ / "waiting"; }
  [[nodiscard]] Table open() const {
    auto opened = Table::open({"hash:" + table(), path(), {}});
    REQUIRE(opened.has_value());
    return *opened;
  }
  [[nodiscard]] std::string text(const std::string& suffix = {}) const {
    return directory_.read("waiting" + suffix);
  }
  [[nodiscard]] std::size_t files() const {
    const std::filesystem::directory_iterator all(directory_.path());
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

 private:
  test::TemporaryDirectory directory_;
};

const std::vector<Waiting>& two() {
  static const std::vector<Waiting> kTwo{
      {"gmail", kNoon, {"gmail.com", "googlemail.com"}},
      {"small.example", kNoon + std::chrono::seconds{90}, {"small.example"}}};
  return kTwo;
}

TEST_CASE("the table is one line a domain for postmap", "[transport]") {
  CHECK(render(two()) ==
        "# Written by rampart, which replaces it whenever that changes. Mail for these domains "
        "waits.\n"
        "# until 1795262400 gmail\n"
        "gmail.com retry:4.7.1 rampart: gmail lets this host wait until 2026-11-21T12:00:00Z\n"
        "googlemail.com retry:4.7.1 rampart: gmail lets this host wait until "
        "2026-11-21T12:00:00Z\n"
        "# until 1795262490 small.example\n"
        "small.example retry:4.7.1 rampart: small.example lets this host wait until "
        "2026-11-21T12:01:30Z\n");
}

TEST_CASE("what was rendered is parsed again", "[transport]") {
  CHECK(parse(render(two())) == two());
  CHECK(parse(render({})).empty());
  CHECK(parse("").empty());
}

TEST_CASE("only plain names are entered", "[transport]") {
  const std::string odd =
      GENERATE(as<std::string>{}, "*", "[192.0.2.1]", "a b", "", "a\n* x", "a:b");
  CHECK(parse(render({{"p", kNoon, {odd}}})) == std::vector<Waiting>{{"p", kNoon, {}}});
}

TEST_CASE("lines that are never written are passed over", "[transport]") {
  const std::string text =
      GENERATE(as<std::string>{}, "# until soon gmail\ngmail.com retry:x\n",
               "# until 1 \nx.example retry:\n", "# until 1 a b\nx.example retry:\n",
               "x.example retry:4.7.1 no group\n", "# until 99999999999999 far\n",
               "# until -1 gmail\n", "#until 1 gmail\n");
  CHECK(parse(text).empty());
}

TEST_CASE("only tables that are replaced at once are taken", "[transport]") {
  for (const char* const good : {"hash:/var/lib/rampart/waiting", "lmdb:/x"}) {
    CHECK(Table::open({good, {}, {}}).has_value());
  }
  for (const char* const bad :
       {"", "/x", "hash", "hash:", "hash:x", "texthash:/x", "socketmap:/x", "HASH:/x"}) {
    INFO(bad);
    CHECK(Table::open({bad, {}, {}}).error().kind == base::Error::Kind::InvalidInput);
  }
}

TEST_CASE("text and index are moved into place together", "[transport]") {
  const FakePostmap postmap;
  const Table table = postmap.open();
  REQUIRE(table.write(two()).has_value());
  CHECK(postmap.text() == render(two()));
  CHECK(postmap.text(".db") == render(two()));
  REQUIRE(table.write({}).has_value());
  CHECK(postmap.text(".db") == render({}));
  CHECK(postmap.files() == 4);  // postmap, the text, the index, the lock: nothing is left over
}

TEST_CASE("a failure leaves the former table", "[transport]") {
  const FakePostmap postmap;
  const Table table = postmap.open();
  REQUIRE(table.write(two()).has_value());
  struct Case {
    const char* script;
    const char* error;
  };
  const auto& one = GENERATE(
      values<Case>({{"cp \"${1#hash:}\" \"${1#hash:}.db\"; echo no room >&2; exit 75", "no room"},
                    {"exit 0", "No such file"}}));
  postmap.set(one.script);
  const auto written = table.write({});
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().what.find(one.error) != std::string::npos);
  CHECK(postmap.text() == render(two()));
  CHECK(postmap.text(".db") == render(two()));
  CHECK(postmap.files() == 4);
}

TEST_CASE("what is over is removed, the rest stays", "[transport]") {
  const FakePostmap postmap;
  const Table table = postmap.open();
  CHECK_FALSE(*table.expire(WallTime::max()));  // there is none yet
  REQUIRE(table.write(two()).has_value());
  CHECK_FALSE(*table.expire(kNoon));
  CHECK(*table.expire(kNoon + std::chrono::microseconds{1}));
  CHECK(parse(postmap.text(".db")) == std::vector<Waiting>{two()[1]});
  CHECK(*table.expire(WallTime::max()));
  CHECK(parse(postmap.text(".db")).empty());
  CHECK_FALSE(*table.expire(WallTime::max()));
}

TEST_CASE("a table that cannot be read is an error, one that is not there is empty",
          "[transport]") {
  const FakePostmap postmap;
  const auto none = postmap.open().expire(kNoon);
  REQUIRE(none.has_value());
  CHECK_FALSE(*none);
  std::filesystem::create_directory(postmap.table());
  const auto unread = postmap.open().expire(kNoon);
  REQUIRE_FALSE(unread.has_value());
  CHECK(unread.error().what == postmap.table() + ": not a regular file");
}

TEST_CASE("Postfix's directory is handed to postmap", "[transport]") {
  const FakePostmap postmap;
  postmap.set("echo \"$@\" >&2; exit 1");
  const auto table = Table::open({"lmdb:" + postmap.table(), postmap.path(), "/etc/postfix-out"});
  REQUIRE(table.has_value());
  const auto written = table->write({});
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().what.find("-c /etc/postfix-out lmdb:" + postmap.table() + ".new") !=
        std::string::npos);
}

}  // namespace
}  // namespace rampart::transport
