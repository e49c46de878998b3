#include "rampart/feed/archive.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <sys/stat.h>
#include <zlib.h>

#include "support/catch.h"

#include "feed/log_directory.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr base::WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};

std::string removed(std::string_view stamp, std::string_view queue_id) {
  return std::string(stamp) + " mta1 postfix/qmgr[7]: " + std::string(queue_id) + ": removed\n";
}

std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  }
  return out;
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string in(text);
  std::string out(deflateBound(&stream, in.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

void set_written(const LogDirectory& logs, const char* name, std::chrono::sys_days day) {
  const auto time = std::chrono::time_point_cast<std::chrono::seconds>(day);
  std::filesystem::last_write_time(logs.file(name), std::chrono::file_clock::from_sys(time));
}

struct Read {
  std::vector<std::string> ids;
  std::vector<base::WallTime> times;
  std::vector<ArchiveFile> files;
  std::vector<std::string> unmatched;
  ArchiveProgress progress;
};

Read read(ArchiveOptions options, std::size_t lines_max = 3) {
  options.tz = options.tz.empty() ? "UTC" : options.tz;
  options.now = kNow;
  auto archive = Archive::open(options);
  REQUIRE(archive.has_value());
  Read all;
  std::vector<report::LogLine> block;
  while (archive->read(block, lines_max)) {
    REQUIRE(block.size() <= lines_max);
    for (const report::LogLine& line : block) {
      all.ids.push_back(line.queue_id.text());
      all.times.push_back(line.time);
    }
  }
  all.files = archive->files();
  all.unmatched = archive->unmatched();
  all.progress = archive->progress();
  return all;
}

Read read_paths(const LogDirectory& directory, const std::vector<std::string>& names) {
  ArchiveOptions options;
  for (const std::string& name : names) {
    options.paths.push_back(directory.file(name));
  }
  return read(options);
}

using Ids = std::vector<std::string>;

TEST_CASE("files are read in the order of their stamps", "[feed][archive][unit]") {
  const LogDirectory logs;
  logs.write(removed("2026-11-03T10:00:00Z", "A0003"), "mail.log");
  logs.write(gzip(removed("2026-11-01T10:00:00Z", "A0001")), "mail.log.2.gz");
  logs.write(gzip(removed("2026-11-02T10:00:00Z", "A0002")), "mail.log.1");  // by content
  for (const auto& paths :
       std::vector<std::vector<std::string>>{{"mail.log*"},
                                             {"mail.log", "mail.log.1", "mail.log.2.gz"},
                                             {"mail.log.[12]*", "mail.log"}}) {
    const Read all = read_paths(logs, paths);
    CHECK(all.ids == Ids{"A0001", "A0002", "A0003"});
    REQUIRE(all.files.size() == 3);
    CHECK(all.files[0].compressed);
    CHECK(all.files[0].lines == 1);
    CHECK(all.files[1].compressed);
    CHECK_FALSE(all.files[2].compressed);
    CHECK(all.progress.lines == 3);
    CHECK(all.progress.bytes == all.progress.bytes_total);
  }
}

TEST_CASE("a file given twice is read once", "[feed][archive][unit]") {
  const LogDirectory logs;
  logs.write(removed("2026-11-03T10:00:00Z", "A0003"));
  const Read all = read_paths(logs, {"mail.log", "mail*", "mail.log"});
  CHECK(all.ids == Ids{"A0003"});
  CHECK(all.files.size() == 1);
}

TEST_CASE("years come from the time of modification", "[feed][archive][unit]") {
  const LogDirectory logs;
  logs.write(removed("Dec 30 10:00:00", "A0001") + removed("Jan  2 10:00:00", "A0002"), "a");
  logs.write(removed("Jan  3 10:00:00", "A0003"), "b");
  using std::chrono::sys_days;
  set_written(logs, "a", sys_days{std::chrono::year{2025} / 1 / 3});
  set_written(logs, "b", sys_days{std::chrono::year{2025} / 1 / 10});
  const Read all = read_paths(logs, {"b", "a"});
  CHECK(all.ids == Ids{"A0001", "A0002", "A0003"});
  CHECK(all.times[0] == base::WallTime{sys_days{std::chrono::year{2024} / 12 / 30} + 10h});
  CHECK(all.times[2] == base::WallTime{sys_days{std::chrono::year{2025} / 1 / 3} + 10h});
}

TEST_CASE("stamps with a year need no time of modification", "[feed][archive][unit]") {
  const LogDirectory logs;
  logs.write(removed("2026-11-03T10:00:00Z", "A0001"));
  set_written(logs, "mail.log", std::chrono::sys_days{std::chrono::year{2026} / 3 / 1});
  const Read all = read_paths(logs, {"mail.log"});
  REQUIRE(all.times.size() == 1);
  CHECK(base::format_utc(all.times[0]) == "2026-11-03T10:00:00Z");
}

TEST_CASE("a zone moves local stamps", "[feed][archive][unit]") {
  const LogDirectory logs;
  logs.write(removed("Nov  3 10:00:00", "A0001"));
  set_written(logs, "mail.log", std::chrono::sys_days{std::chrono::year{2026} / 11 / 20});
  ArchiveOptions options;
  options.paths = {logs.file()};
  options.tz = "Europe/Berlin";
  CHECK(base::format_utc(read(options).times.at(0)) == "2026-11-03T09:00:00Z");
}

TEST_CASE("what two files tell counts once", "[feed][archive][unit]") {
  const std::string one = removed("2026-11-01T10:00:00Z", "A0001");
  const std::string two = removed("2026-11-01T10:00:01Z", "A0002");
  const std::string three = removed("2026-11-01T10:02:00Z", "A0003");
  const std::string four = removed("2026-11-01T11:00:00Z", "A0004");
  struct Case {
    const char* name;
    std::string first;
    std::string second;
    Ids expected;
    std::uint64_t repeated;
  };
  const std::vector<Case> cases{
      {"a copy", one + two + three, one + two + three, {"A0001", "A0002", "A0003"}, 3},
      {"an older copy", one + two, one + two + three, {"A0001", "A0002", "A0003"}, 2},
      {"overlap", one + two + three, two + three + four, {"A0001", "A0002", "A0003", "A0004"}, 2},
      {"overlap of one", one + two, two + three, {"A0001", "A0002", "A0003"}, 1},
      {"beside one another", one + three, two + four, {"A0001", "A0002", "A0003", "A0004"}, 0},
      {"twice in one", one + one + two, one + two, {"A0001", "A0001", "A0002"}, 2},
      {"twice in both", one + one, one + one + one, {"A0001", "A0001", "A0001"}, 2},
      {"other line ends", one + two, crlf(one + two + three), {"A0001", "A0002", "A0003"}, 2},
      {"one after the other", one + two, three + four, {"A0001", "A0002", "A0003", "A0004"}, 0},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    const LogDirectory logs;
    logs.write(test.first, "a");
    logs.write(gzip(test.second), "b.gz");
    const Read all = read_paths(logs, {"a", "b.gz"});
    CHECK(all.ids == test.expected);
    std::uint64_t repeated = 0;
    for (const ArchiveFile& file : all.files) {
      repeated += file.repeated;
    }
    CHECK(repeated == test.repeated);
  }
}

TEST_CASE("of a damaged file the lines before the damage count", "[feed][archive][unit]") {
  std::string lines;
  for (int i = 0; i < 2000; ++i) {
    lines += removed("2026-11-01T10:00:00Z", "A" + std::to_string(10000 + i * 7919 % 90000));
  }
  const std::string whole = gzip(lines);
  std::string damaged = whole;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
  damaged[damaged.size() / 2 + 1] = static_cast<char>(damaged[damaged.size() / 2 + 1] ^ 0x55);
  std::string wrong_sum = whole;
  wrong_sum[wrong_sum.size() - 6] = static_cast<char>(wrong_sum[wrong_sum.size() - 6] ^ 1);
  struct Case {
    const char* name;
    std::string bytes;
    std::size_t least;
    std::size_t most;
    const char* problem;
  };
  const std::vector<Case> cases{
      {"whole", whole, 2000, 2000, ""},
      {"two members", gzip(lines.substr(0, 990)) + gzip(lines.substr(990)), 2000, 2000, ""},
      {"padding", whole + std::string(512, '\0'), 2000, 2000, ""},
      {"cut off", whole.substr(0, whole.size() / 2), 501, 1500, "ends too early"},
      {"checksum", wrong_sum, 1999, 2000, "damaged"},
      {"damaged", damaged, 1, 1999, "damaged"},
      {"rubbish behind", whole + "no gzip", 2000, 2000, "damaged"},
      {"bzip2", "BZh91AY&SY rubbish\n", 0, 0, "bzip2: unpack it first"},
      {"xz",
       std::string("\xfd"
                   "7zXZ\0\0\n",
                   8),
       0, 0, "xz: unpack it first"},
      {"zstd", "\x28\xb5\x2f\xfd rubbish\n", 0, 0, "zstd: unpack it first"},
      {"no log", "all is well\n", 0, 0, "not a log"},
      {"only a header", whole.substr(0, 5), 0, 0, "ends too early"},
      {"empty", "", 0, 0, ""},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    const LogDirectory logs;
    logs.write(test.bytes, "a.gz");
    logs.write(removed("2026-11-02T10:00:00Z", "AFFFF"), "b");
    const Read all = read_paths(logs, {"a.gz", "b"});
    CHECK(all.ids.back() == "AFFFF");
    CHECK(all.ids.size() - 1 >= test.least);
    CHECK(all.ids.size() - 1 <= test.most);
    const auto file = std::find_if(all.files.begin(), all.files.end(), [&](const ArchiveFile& f) {
      return f.path == logs.file("a.gz");
    });
    REQUIRE(file != all.files.end());
    CAPTURE(file->problem);
    CHECK((file->problem.find(test.problem) != std::string::npos));
    CHECK(file->problem.empty() == (*test.problem == '\0'));
    if (test.least > 500 && *test.problem != '\0') {
      CHECK(file->problem.starts_with(file->path + ":" + std::to_string(all.ids.size()) + ": "));
    }
  }
}

TEST_CASE("what cannot be read is named", "[feed][archive][unit]") {
  const LogDirectory logs;
  logs.write(removed("2026-11-03T10:00:00Z", "A0003"));
  std::filesystem::create_directory(logs.file("directory"));
  const Read all = read_paths(logs, {"gone", "gone.*", "directory", "mail.log"});
  CHECK(all.ids == Ids{"A0003"});
  CHECK(all.unmatched == Ids{logs.file("gone.*")});
  REQUIRE(all.files.size() == 3);
  CHECK(all.files[1].problem == logs.file("gone") + ": No such file or directory");
  CHECK(all.files[2].problem == logs.file("directory") + ": a directory: name the files in it");
}

TEST_CASE("only what lies before the end is read", "[feed][archive][unit]") {
  const LogDirectory logs;
  const std::string first = removed("2026-11-03T10:00:00Z", "A0001");
  logs.write(first + removed("2026-11-03T10:00:01Z", "A0002"));
  struct stat info {};
  REQUIRE(::stat(logs.file().c_str(), &info) == 0);
  ArchiveOptions options;
  options.paths = {logs.file()};
  for (const auto& [offset, expected] : std::vector<std::pair<std::size_t, Ids>>{
           {0, {}}, {first.size(), {"A0001"}}, {10'000, {"A0001", "A0002"}}}) {
    options.ends = {{info.st_dev, info.st_ino, offset}};
    CHECK(read(options).ids == expected);
  }
}

TEST_CASE("long, incomplete and strange lines do no harm", "[feed][archive][unit]") {
  const LogDirectory logs;
  const std::string first = removed("2026-11-03T10:00:00Z", "A0001");
  const std::string last = removed("2026-11-03T10:00:09Z", "A0009");
  logs.write(first + std::string(300'000, 'x') + '\n' + std::string(70'000, '\0') + "\n\n\r\n" +
             std::string("\0\0", 2) + last + last.substr(0, 50));
  const Read all = read_paths(logs, {"mail.log"});
  CHECK(all.ids == Ids{"A0001", "A0009"});
  CHECK(all.files.at(0).problem.empty());
}

TEST_CASE("lines that nobody understands are placed", "[feed][archive][unit]") {
  const LogDirectory logs;
  std::string lines;
  for (int i = 0; i < 12; ++i) {
    lines += removed("2026-11-03T10:00:00Z", "A0001") +
             "2026-11-03T10:00:00Z mta1 postfix/smtp[3]: A0001: to=<a@b.example>, what is this\n" +
             "2026-11-03T10:00:00Z mta1 cron[3]: A0001: to=<a@b.example>, what is this\n";
  }
  logs.write(lines);
  auto archive = Archive::open({{logs.file()}, "auto", "UTC", kNow, {}});
  REQUIRE(archive.has_value());
  std::vector<report::LogLine> block;
  while (archive->read(block)) {
  }
  CHECK(archive->not_understood() == 12);
  CHECK(archive->files().at(0).lines == 36);
  CHECK(archive->files().at(0).foreign == 12);
  REQUIRE(archive->not_understood_places().size() == Archive::kPlacesMax);
  CHECK(archive->not_understood_places()[1].path == logs.file());
  CHECK(archive->not_understood_places()[1].line == 5);
}

TEST_CASE("a bad zone, a bad format and too many files are refused", "[feed][archive][unit]") {
  const LogDirectory logs;
  logs.write(removed("2026-11-03T10:00:00Z", "A0003"));
  CHECK_FALSE(Archive::open({{logs.file()}, "auto", "Mars/Olympus", kNow, {}}).has_value());
  CHECK_FALSE(Archive::open({{logs.file()}, "exim", "UTC", kNow, {}}).has_value());
  const std::vector<std::string> many(Archive::kFilesMax + 1, logs.file());
  CHECK_FALSE(Archive::open({many, "auto", "UTC", kNow, {}}).has_value());
}

}  // namespace
}  // namespace rampart::feed
