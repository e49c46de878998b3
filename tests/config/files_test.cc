#include "config/files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include "rampart/config/config.h"
#include "support/catch.h"

namespace rampart::config {
namespace {

constexpr unsigned kSelf = 1000;

TEST_CASE("files that strangers can change are not trusted", "[config][unit]") {
  struct Case {
    unsigned mode;
    unsigned owner;
    unsigned group;
    Trust trust;
    std::string_view problem;  // its start
  };
  const std::vector<Case> cases{
      {0644, 0, 0, Trust::Strict, ""},
      {0600, kSelf, kSelf, Trust::Strict, ""},
      {0664, 0, 0, Trust::Strict, ""},
      {0664, 0, 4, Trust::Strict, "mode 0664: group 4 may write"},
      {0664, kSelf, kSelf, Trust::Strict, "mode 0664: group 1000 may write"},
      {0646, 0, 0, Trust::Strict, "mode 0646: everyone may write"},
      {0644, 1001, 0, Trust::Strict, "owned by user 1001"},
      {0664, 1001, 4, Trust::Any, ""},
      {0666, 0, 0, Trust::Any, "mode 0666: everyone may write"},
  };
  for (const Case& given : cases) {
    INFO(given.mode << ' ' << given.owner << ' ' << given.group);
    const std::string problem =
        find_trust_problem(given.mode, given.owner, given.group, kSelf, given.trust);
    CHECK(problem.empty() == given.problem.empty());
    CHECK(problem.starts_with(given.problem));
  }
}

class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rampart-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    const std::string file = path_ + '/' + name;
    std::ofstream(file, std::ios::binary) << text;
    chmod(file.c_str(), 0600);
    return file;
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string copy_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_CASE("a file is read whole or not at all", "[config][unit]") {
  const TempDir dir;
  const RealFiles files;
  const std::string text = std::string(100'000, 'x') + '\0' + "end";
  const auto read = files.read(dir.write("a", text), Trust::Strict);
  REQUIRE(read.has_value());
  CHECK(*read == text);

  const auto missing = files.read(dir.path() + "/none", Trust::Any);
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().kind == base::Error::Kind::NotFound);
  CHECK_FALSE(files.read(dir.path(), Trust::Any).has_value());

  const std::string at_most = dir.write("b", "");
  REQUIRE(truncate(at_most.c_str(), kFileBytesMax) == 0);
  CHECK(files.read(at_most, Trust::Any).has_value());
  REQUIRE(truncate(at_most.c_str(), kFileBytesMax + 1) == 0);
  const auto large = files.read(at_most, Trust::Any);
  REQUIRE_FALSE(large.has_value());
  CHECK(large.error().what == "larger than 16 MiB");

  const std::string open = dir.write("c", "");
  chmod(open.c_str(), 0666);
  CHECK_FALSE(files.probe(open, Trust::Any).has_value());
  REQUIRE(mkfifo((dir.path() + "/fifo").c_str(), 0600) == 0);
  CHECK_FALSE(files.read(dir.path() + "/fifo", Trust::Any).has_value());  // and does not wait
}

TEST_CASE("the shipped files load as they are", "[config][unit]") {
  const TempDir dir;
  const std::string conf = std::string(RAMPART_SOURCE_DIR) + "/conf/";
  for (const std::string name :
       {"replies.toml", "providers.toml", "notices.toml", "rampart.toml"}) {
    (void)dir.write(name, copy_of(conf + name));  // a checkout may be writable by a group
  }
  const Loaded loaded = load({dir.path() + "/rampart.toml", dir.path()});
  for (const Problem& problem : loaded.problems) {
    INFO(to_string(problem));
    CHECK_FALSE(problem.is_error);
  }
  REQUIRE(loaded.config != nullptr);
  CHECK(loaded.config->policy->options.mode == policy::Mode::Observe);
  CHECK(loaded.config->policy->providers.is_named("gmail"));
  CHECK(loaded.config->policy->replies.size() > 50);
  const report::Phrases& phrases = loaded.config->policy->phrases;
  for (const auto* list :
       {&phrases.mail_systems, &phrases.bounce_subjects, &phrases.auto_subjects,
        &phrases.bounce_texts, &phrases.auto_texts, &phrases.delay_texts, &phrases.final_texts}) {
    CHECK(list->size() >= 10);
  }
  CHECK(show({dir.path() + "/rampart.toml", dir.path()}).size() > 80);
  CHECK(load({"", dir.path()}).config != nullptr);
}

TEST_CASE("a missing configuration is told with its name", "[config][unit]") {
  const Loaded loaded = load({"/nonexistent/rampart.toml", ""});
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.config == nullptr);
  CHECK(to_string(loaded.problems[0]) ==
        "/nonexistent/rampart.toml: error: cannot be read: No such file or directory");
  CHECK(show({"/nonexistent/rampart.toml", ""}).empty());
}

TEST_CASE("the host is called by its name and the longer ones of its hosts file",
          "[config][unit]") {
  struct Case {
    std::string name;
    std::string hosts;
    std::vector<std::string> names;
  };
  const std::vector<Case> cases{
      {"", "127.0.0.1 localhost\n", {}},
      {"mta1", "", {"mta1"}},
      {"MTA1", "127.0.1.1\tMta1.Example.com\tmta1\n", {"mta1", "mta1.example.com"}},
      {"mta1",
       "127.0.1.1 mta1 mta1.a.example mta1.b.example # x\n::1 mta1.a.example mta1\r\n",
       {"mta1", "mta1.a.example", "mta1.b.example"}},
      {"mta1", "192.0.2.1 mta10.example.com mta10\n", {"mta1"}},
      {"mta1", "192.0.2.1 mta1.example.com\n", {"mta1"}},  // who says that this is here?
      {"mta1", "# 192.0.2.1 mta1.example.com mta1\n", {"mta1"}},
      {"mta1", "192.0.2.1 mta1 other.example.com\n", {"mta1"}},
      {"mta1.example.com", "127.0.1.1 mta1.example.com mta1", {"mta1.example.com"}},
      {"mta1", "127.0.1.1 mta1 mta1..x mta1.", {"mta1"}},
  };
  for (const Case& given : cases) {
    CAPTURE(given.name, given.hosts);
    CHECK(find_host_names(given.name, given.hosts) == given.names);
  }
  CHECK_FALSE(RealFiles().host_names().empty());
}

TEST_CASE("tables are looked for beside the program, then in the usual place", "[config][unit]") {
  const auto directories = RealFiles().table_directories();
  REQUIRE(directories.size() == 2);
  CHECK(directories[0].ends_with("/share/rampart"));
  CHECK(directories[1] == "/usr/share/rampart");
}

}  // namespace
}  // namespace rampart::config
