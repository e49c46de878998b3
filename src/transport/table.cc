#include "rampart/transport/table.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rampart/base/file.h"
#include "rampart/base/program.h"
#include "rampart/base/text.h"

namespace rampart::transport {
namespace {

using base::Error;

constexpr std::string_view kHead =
    "# Written by rampart, which replaces it whenever that changes. Mail for these domains "
    "waits.\n";
constexpr std::string_view kGroup = "# until ";
constexpr std::size_t kTableBytesMax = std::size_t{64} << 20;
constexpr base::Micros kPostmapLimit = std::chrono::seconds{30};

std::string index_suffix(std::string_view type) {
  return type == "lmdb" ? ".lmdb" : ".db";
}

// Held while the table is replaced: the service and its guard may both want to.
base::Result<base::Descriptor> take_lock(const std::string& path) {
  base::Descriptor fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) {
    return base::system_error(path, errno);
  }
  while (flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) {
      return base::system_error(path, errno);
    }
  }
  return fd;
}

// Removes what was not moved into place.
struct Scratch {
  std::string text;
  std::string index;
  ~Scratch() {
    static_cast<void>(std::remove(text.c_str()));
    static_cast<void>(std::remove(index.c_str()));
  }
};

base::Result<> write_file(const std::string& path, const std::string& bytes) {
  static_cast<void>(std::remove(path.c_str()));
  const base::Descriptor fd(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) {
    return base::system_error(path, errno);
  }
  if (auto written = base::write_all(fd.get(), path, bytes); !written) {
    return written;
  }
  return fchmod(fd.get(), 0644) == 0 ? base::Result<>(base::Ok{}) : base::system_error(path, errno);
}

// What is no plain name, such as the "*" that would match every domain, is left out.
bool is_plain(std::string_view domain) {
  return !domain.empty() && std::all_of(domain.begin(), domain.end(), [](char c) {
    return base::is_alnum(c) || c == '.' || c == '-' || c == '_';
  });
}

// "# until 1763734800 gmail"
std::optional<Waiting> parse_group(std::string_view line) {
  if (!line.starts_with(kGroup)) {
    return std::nullopt;
  }
  const auto words = base::split(line.substr(kGroup.size()), ' ');
  const auto seconds = words.size() == 2 ? base::parse_uint(words[0]) : std::nullopt;
  if (!seconds || *seconds > 253'402'300'799U || words[1].empty()) {  // the year 9999
    return std::nullopt;
  }
  Waiting group;
  group.provider = words[1];
  group.until = base::WallTime{std::chrono::seconds{*seconds}};
  return group;
}

}  // namespace

std::string render(const std::vector<Waiting>& all) {
  std::string text(kHead);
  for (const Waiting& group : all) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(group.until);
    text += fmt::format("{}{} {}\n", kGroup, seconds.time_since_epoch().count(), group.provider);
    for (const std::string& domain : group.domains) {
      if (!is_plain(domain)) {
        continue;
      }
      text += fmt::format("{} retry:4.7.1 rampart: {} lets this host wait until {}\n", domain,
                          group.provider, base::format_utc(seconds));
    }
  }
  return text;
}

std::vector<Waiting> parse(std::string_view text) {
  std::vector<Waiting> all;
  for (const std::string_view line : base::split(text, '\n')) {
    if (auto group = parse_group(line)) {
      all.push_back(std::move(*group));
    } else if (!line.empty() && line[0] != '#' && !all.empty()) {
      all.back().domains.emplace_back(line.substr(0, line.find(' ')));
    }
  }
  return all;
}

base::Result<Table> Table::open(const Options& options) {
  const std::size_t colon = options.table.find(':');
  const std::string type = options.table.substr(0, colon);
  if (colon == std::string::npos || (type != "hash" && type != "lmdb") ||
      !options.table.substr(colon + 1).starts_with('/')) {
    return Error{Error::Kind::InvalidInput,
                 "\"" + options.table + "\" is no table: \"hash:/PATH\" or \"lmdb:/PATH\""};
  }
  return Table(options, type, options.table.substr(colon + 1));
}

base::Result<> Table::write(const std::vector<Waiting>& all) const {
  const auto lock = take_lock(path_ + ".lock");
  return lock ? replace(render(all)) : lock.error();
}

base::Result<bool> Table::expire(base::WallTime before) const {
  const auto lock = take_lock(path_ + ".lock");
  if (!lock) {
    return lock.error();
  }
  const auto text = base::read_file(path_, kTableBytesMax);
  if (!text && text.error().kind != Error::Kind::NotFound) {
    return text.error();
  }
  std::vector<Waiting> all = parse(text ? *text : std::string());
  if (std::erase_if(all, [&](const Waiting& one) { return one.until < before; }) == 0) {
    return false;
  }
  if (const auto replaced = replace(render(all)); !replaced) {
    return replaced.error();
  }
  return true;
}

// The text is made first: Postfix warns about an index that is older than its text. The index moves
// first: what Postfix reads is never more than the text tells.
base::Result<> Table::replace(const std::string& text) const {
  const Scratch scratch{path_ + ".new", path_ + ".new" + index_suffix(type_)};
  if (const auto written = write_file(scratch.text, text); !written) {
    return written.error();
  }
  static_cast<void>(std::remove(scratch.index.c_str()));
  std::vector<std::string> words{options_.postmap};
  if (!options_.postfix_config.empty()) {
    words.insert(words.end(), {"-c", options_.postfix_config});
  }
  words.push_back(type_ + ":" + scratch.text);
  const auto said = base::run_program(words, {}, kPostmapLimit);
  if (!said) {
    return said.error();
  }
  if (said->exit_code != 0) {
    return Error{Error::Kind::Unavailable,
                 fmt::format("{} ended with {}: {}", options_.postmap, said->exit_code,
                             base::printable(base::trim(said->errors), 300))};
  }
  const std::string index = path_ + index_suffix(type_);
  if (chmod(scratch.index.c_str(), 0644) != 0) {
    return base::system_error(scratch.index, errno);
  }
  if (std::rename(scratch.index.c_str(), index.c_str()) != 0) {
    return base::system_error(index, errno);
  }
  if (std::rename(scratch.text.c_str(), path_.c_str()) != 0) {
    return base::system_error(path_, errno);
  }
  return base::Ok{};
}

}  // namespace rampart::transport
