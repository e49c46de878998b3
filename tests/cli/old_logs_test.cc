// rampart learn and rampart replay over what people name by mistake, and over logs of every form.

#include <chrono>
#include <filesystem>
#include <utility>

#include "rampart/base/program.h"
#include "rampart/base/time.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

#include "cli/json.h"

namespace rampart::cli {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr base::WallTime kNewYear{std::chrono::sys_days{std::chrono::year{2025} / 1 / 1}};

enum class Stamp : std::uint8_t { Utc, Berlin, Traditional };

std::string stamp(base::WallTime time, Stamp form) {
  const std::string utc = base::format_utc(time);
  if (form == Stamp::Utc) {
    return utc;
  }
  if (form == Stamp::Berlin) {
    return base::format_utc(time + 1h).substr(0, 19) + ".000000+01:00";
  }
  const bool december = utc.substr(5, 2) == "12";
  const std::string day = utc.substr(8, 2);
  return std::string(december ? "Dec " : "Jan ") + (day[0] == '0' ? " " + day.substr(1) : day) +
         ' ' + utc.substr(11, 8);
}

/// `count` mails, one each hour from `begin` on, three lines each.
std::string mails(base::WallTime begin, int count, Stamp form = Stamp::Utc) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    const base::WallTime time = begin + std::chrono::hours{i};
    const std::string front = stamp(time, form) + " mta1 postfix/";
    const std::string id = "A" + std::to_string(time.time_since_epoch().count() / 1'000'000);
    text +=
        front + "qmgr[1]: " + id + ": from=<news@sender.example>, size=4, nrcpt=1 (queue active)\n";
    text += front + "smtp[2]: " + id + ": to=<u" + std::to_string(i) +
            "@firm.example>, relay=mx.firm.example[203.0.113.5]:25, delay=1, delays=0/0/0/1, "
            "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ABC)\n";
    text += front + "qmgr[1]: " + id + ": removed\n";
  }
  return text;
}

std::string with_crlf(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  }
  return out;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class Fixture {
 public:
  Fixture() { directory.write("rampart.toml", "tables = \"" RAMPART_SOURCE_DIR "/conf\"\n"); }

  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = directory.write(name, text);
    const auto time = std::chrono::time_point_cast<std::chrono::seconds>(kNewYear + 48h);
    std::filesystem::last_write_time(path, std::chrono::file_clock::from_sys(time));
    return path;
  }
  /// Compressed; the file itself goes.
  std::string compress(const std::string& path) const {
    const auto done = base::run_program({"/usr/bin/env", "gzip", path}, {});
    REQUIRE(done.has_value());
    REQUIRE(done->exit_code == 0);
    return path + ".gz";
  }
  [[nodiscard]] base::ProgramResult run(const std::string& command,
                                        const std::vector<std::string>& words) const {
    std::vector<std::string> all{
        RAMPART_BINARY,       "-c",   directory / "rampart.toml", "--socket",
        directory / "c.sock", command};
    all.insert(all.end(), words.begin(), words.end());
    if (command == "learn") {
      all.emplace_back("--dry-run");
    }
    const auto result = base::run_program(all, {});
    REQUIRE(result.has_value());
    return *result;
  }
  test::TemporaryDirectory directory;
};

const std::vector<std::string> kCommands{"learn", "replay"};

TEST_CASE("where there is no log of an MTA it is said what there is", "[cli][learn][replay]") {
  const Fixture fixture;
  const std::string name = fixture.directory / "mail.log";
  std::string binary(
      "\x7f"
      "ELF\0\1\2",
      7);
  binary += std::string(200'000, '\xfe');
  struct Case {
    const char* name;
    std::string bytes;
    std::string says;
  };
  const std::vector<Case> cases{
      {"empty", "", name + ": no line in it yet"},
      {"binary", binary, name + ": not a log: no line begins with \"Nov 21 00:03:38\" or"},
      {"no log", "all is well\n", name + ": not a log"},
      {"another program's", "2025-01-01T10:00:00Z mta1 cron[3]: (root) CMD (true)\n",
       "none of 1 line is of Postfix or Sendmail"},
      {"a web server's",
       "203.0.113.7 - - [01/Jan/2025:10:00:00 +0000] \"GET / HTTP/1.1\" 200 612\n",
       name + ": not a log"},
      {"the head of a compressed one", "\x1f\x8b\x08\x08", name + ": the compressed data"},
      {"one line that is still being written", "2025-01-01T10:00:00Z mta1 postfix/qm",
       name + ": no line in it yet"},
  };
  for (const std::string& command : kCommands) {
    for (const Case& test : cases) {
      const base::ProgramResult result =
          fixture.run(command, {fixture.write("mail.log", test.bytes)});
      CAPTURE(command, test.name, result.output, result.errors);
      CHECK(result.exit_code == 2);
      CHECK(result.output.empty());
      CHECK(has(result.errors, test.says));
      CHECK(has(result.errors, command == "learn" ? "nothing was learned" : "nothing to replay"));
      CHECK(has(result.errors, "; name the MTA's logs, such as /var/log/mail.log"));
    }
    const base::ProgramResult directory = fixture.run(command, {fixture.directory.path()});
    CHECK(directory.exit_code == 2);
    CHECK(has(directory.errors, fixture.directory.path() + ": a directory: name the files in it"));
    const base::ProgramResult sendmail = fixture.run(
        command, {fixture.write("mail.log", mails(kNewYear, 2)), "--format", "sendmail"});
    CHECK(sendmail.exit_code == 2);
    CHECK(has(sendmail.errors, "none of 6 lines is of Sendmail"));
  }
}

// Four mails on two days, as they come; each counts once whatever the files are like.
TEST_CASE("a log of any form is read, and counts once", "[cli][learn][replay]") {
  const Fixture fixture;
  const base::WallTime begin = kNewYear - 2h;
  const std::string plain = mails(begin, 4);
  const std::size_t half = plain.size() / 2;
  struct File {
    std::string name;
    std::string bytes;
  };
  struct Case {
    const char* name;
    std::vector<File> files;
    std::string says;  // on either output
  };
  const std::vector<Case> cases{
      {"plain", {{"a", plain}}, "read 1 file, 12 lines, "},
      {"line ends of another system", {{"a", with_crlf(plain)}}, "read 1 file, 12 lines, "},
      {"an offset", {{"a", mails(begin, 4, Stamp::Berlin)}}, "read 1 file, 12 lines, "},
      {"across New Year, no year", {{"a", mails(begin, 4, Stamp::Traditional)}}, "2025-01-01"},
      {"the later half first",
       {{"a", plain.substr(half)}, {"b", plain.substr(0, half)}},
       "read 2 files, 12 lines, "},
      {"a copy", {{"a", plain}, {"b", plain}}, "b: 12 of 12 lines are in another file, too"},
      {"a copy with other line ends",
       {{"a", plain}, {"b", with_crlf(plain)}},
       "b: 12 of 12 lines are in another file, too"},
      {"a part of it, too",
       {{"a", plain}, {"b", plain.substr(0, plain.find('\n') + 1)}},
       "1 of 1 line is in another file, too, and counts once"},
      {"a line of a MiB", {{"a", std::string(1 << 20, 'x') + '\n' + plain}}, "13 lines"},
      {"a stamped line of a MiB",
       {{"a", stamp(begin, Stamp::Utc) + " mta1 postfix/smtp[2]: " + std::string(1 << 20, 'x') +
                  '\n' + plain}},
       "not understood: 1 line of the MTA"},
      {"another program's beside it",
       {{"a", plain}, {"b", "2025-01-01T10:00:00Z mta1 cron[3]: (root) CMD (true)\n"}},
       "b: no line of it is an MTA's"},
      {"an empty one beside it", {{"a", plain}, {"b", ""}}, "read 1 file, 12 lines, "},
  };
  for (const std::string& command : kCommands) {
    for (const Case& test : cases) {
      std::vector<std::string> words{"--tz", "UTC"};
      for (const File& file : test.files) {
        words.push_back(fixture.write(file.name, file.bytes));
      }
      const base::ProgramResult result = fixture.run(command, words);
      words.emplace_back("--json");
      const base::ProgramResult json = fixture.run(command, words);
      CAPTURE(command, test.name, result.output, result.errors, json.output);
      CHECK(result.exit_code == 0);
      CHECK(has(result.output + result.errors, test.says));
      REQUIRE(json.exit_code == 0);
      const Json flows = Json::parse(json.output)["flows"];
      REQUIRE(flows.size() == 1);
      CHECK(flows[0][command == "learn" ? "delivered" : "sent"] == 4);
    }
  }
}

TEST_CASE("the same file twice is one file", "[cli][learn][replay]") {
  const Fixture fixture;
  const std::string log = fixture.write("mail.log", mails(kNewYear - 2h, 4));
  for (const std::string& command : kCommands) {
    const base::ProgramResult result =
        fixture.run(command, {log, fixture.directory / "mail.*", log});
    CAPTURE(command, result.output, result.errors);
    CHECK(result.exit_code == 0);
    CHECK(has(result.output, "read 1 file, 12 lines, "));
  }
}

TEST_CASE("of a compressed log that was cut off the beginning counts", "[cli][learn][replay]") {
  const Fixture fixture;
  const std::string log = fixture.compress(fixture.write("mail.log.2", mails(kNewYear, 500)));
  std::string bytes = fixture.directory.read("mail.log.2.gz");
  fixture.write("mail.log.2.gz", bytes.substr(0, bytes.size() / 2));
  for (const std::string& command : kCommands) {
    const base::ProgramResult result = fixture.run(command, {log});
    CAPTURE(command, result.output, result.errors);
    CHECK(result.exit_code == 1);
    CHECK(has(result.output, "read 1 file, "));
    CHECK(has(result.output, "sender.example  firm.example"));
    CHECK(has(result.errors, log + ":"));
    CHECK(has(result.errors, ": the compressed data ends too early; the lines before count"));
  }
}

}  // namespace
}  // namespace rampart::cli
