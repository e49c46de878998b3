#include "past_words.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "rampart/base/text.h"

#include "json.h"
#include "output.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

void tell(const std::string& text) {
  std::fprintf(stderr, "rampart: %s\n", text.c_str());
}

bool is_foreign(const feed::ArchiveFile& file) {
  return file.lines > 0 && file.foreign == file.lines;
}

std::string_view whose(std::string_view format) {
  return format == "postfix"    ? "Postfix"
         : format == "sendmail" ? "Sendmail"
                                : "Postfix or Sendmail";
}

std::string render_not_understood(const feed::Archive& archive) {
  if (archive.not_understood() == 0) {
    return {};
  }
  std::string places;
  for (const feed::ArchivePlace& place : archive.not_understood_places()) {
    places +=
        fmt::format("{}{}:{}", places.empty() ? "" : ", ", base::printable(place.path), place.line);
  }
  const bool more = archive.not_understood() > archive.not_understood_places().size();
  return fmt::format("not understood: {} of the MTA ({}{})\n",
                     count_of(archive.not_understood(), "line"), places, more ? ", ..." : "");
}

}  // namespace

bool tell_problems(const feed::Archive& archive) {
  bool any = false;
  for (const std::string& path : archive.unmatched()) {
    tell(base::printable(path) + ": no such file");
    any = true;
  }
  const bool some_are_read =
      std::any_of(archive.files().begin(), archive.files().end(),
                  [](const auto& file) { return file.lines > file.foreign; });
  for (const feed::ArchiveFile& file : archive.files()) {
    if (!file.problem.empty()) {
      tell(base::printable(file.problem) + (file.lines > 0 ? "; the lines before count" : ""));
      any = true;
    } else if (file.lines == 0 && !some_are_read) {
      tell(base::printable(file.path) + ": no line in it yet");
    } else if (is_foreign(file) && some_are_read) {
      tell(base::printable(file.path) + ": no line of it is an MTA's");
    }
  }
  return any;
}

void require_lines(const feed::Archive& archive, std::string_view format, std::string_view so) {
  std::uint64_t foreign = 0;
  for (const feed::ArchiveFile& file : archive.files()) {
    if (file.lines > file.foreign) {
      return;
    }
    foreign += file.foreign;
  }
  constexpr std::string_view kAdvice =
      "name the MTA's logs, such as /var/log/mail.log or /var/log/maillog";
  throw Failure{kUsage, "usage",
                foreign == 0 ? fmt::format("no line of a log was read: {}; {}", so, kAdvice)
                             : fmt::format("none of {} is of {}: {}; {}", count_of(foreign, "line"),
                                           whose(format), so, kAdvice)};
}

std::uint64_t lines_per_second(const feed::Archive& archive, base::Micros took) {
  const double seconds = std::max(1e-6, static_cast<double>(took.count()) / 1e6);
  return static_cast<std::uint64_t>(static_cast<double>(archive.progress().lines) / seconds);
}

std::string render_files(const feed::Archive& archive, base::Micros took) {
  base::WallTime first = base::WallTime::max();
  base::WallTime last{};
  std::uint64_t read = 0;
  std::string repeated;
  for (const feed::ArchiveFile& file : archive.files()) {
    if (file.lines > 0) {
      ++read;
      first = std::min(first, file.first);
      last = std::max(last, file.last);
    }
    if (file.repeated > 0) {
      repeated += fmt::format("{}: {} of {} {} in another file, too, and {} once\n",
                              base::printable(file.path), grouped(file.repeated),
                              count_of(file.lines, "line"), file.repeated == 1 ? "is" : "are",
                              file.repeated == 1 ? "counts" : "count");
    }
  }
  return fmt::format("read {}, {}, {} to {} ({:.1f} s, {} lines/s)\n", count_of(read, "file"),
                     count_of(archive.progress().lines, "line"), local_stamp(first),
                     local_stamp(last), static_cast<double>(took.count()) / 1e6,
                     grouped(lines_per_second(archive, took))) +
         repeated + render_not_understood(archive);
}

Json files_json(const feed::Archive& archive) {
  Json files = Json::array();
  for (const feed::ArchiveFile& file : archive.files()) {
    files.push_back({{"path", file.path},
                     {"lines", file.lines},
                     {"foreign", file.foreign},
                     {"repeated", file.repeated},
                     {"first", base::format_utc(file.first)},
                     {"last", base::format_utc(file.last)},
                     {"problem", file.problem}});
  }
  return files;
}

Json not_understood_json(const feed::Archive& archive) {
  Json places = Json::array();
  for (const feed::ArchivePlace& place : archive.not_understood_places()) {
    places.push_back({{"path", place.path}, {"line", place.line}});
  }
  return places;
}

}  // namespace rampart::cli
