#include "source_check.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "cross_check.h"

namespace rampart::config {
namespace {

constexpr std::string_view kZones = "/usr/share/zoneinfo/";

class SourceChecker {
 public:
  SourceChecker(const Draft& draft, const Places& places, Findings& findings)
      : draft_(draft), places_(places), findings_(findings) {}

  void all() {
    check_mode();
    std::set<std::string> seen;
    for (std::size_t i = 0; i < draft_.feed.logs.size(); ++i) {
      const feed::LogSource& log = draft_.feed.logs[i];
      const std::string path = element("report.log", i);
      check_kind(log, path);
      if ((log.journal || !log.path.empty()) && !seen.insert(name_of(log)).second) {
        error(path, fmt::format("\"{}\" is here for the second time", name_of(log)));
      }
    }
    check_mailboxes();
    check_doors();
  }

 private:
  [[nodiscard]] bool is_given(std::string_view path) const { return places_.count(path) != 0; }
  void error(std::string_view path, std::string text) {
    findings_.error(place_of(places_, {path}), path, std::move(text));
  }
  void warning(std::string_view path, std::string text) {
    findings_.warning(place_of(places_, {path}), path, std::move(text));
  }

  void check_mode() {
    const std::string_view text =
        "mode \"enforce\" needs a log to learn from: add [[report.log]] with its path";
    if (!draft_.feed.logs.empty() || draft_.engine.lines_brought) {
      return;
    }
    if (draft_.engine.mode == policy::Mode::Enforce) {
      error("mode", std::string(text));
    }
    for (std::size_t i = 0; i < draft_.engine.rules.size(); ++i) {
      if (draft_.engine.rules[i].mode == policy::Mode::Enforce) {
        error(element("rule", i) + ".mode", std::string(text));
      }
    }
  }

  // A path that is given and bad has been told already.
  void check_kind(const feed::LogSource& log, const std::string& path) {
    const bool has_path = is_given(path + ".path");
    if (!log.journal && !has_path && !is_given(path + ".journal")) {
      error(path, "a [[report.log]] needs a path, or journal = true");
    } else if (!log.journal && !has_path) {
      error(path + ".journal", "a [[report.log]] without a path needs journal = true");
    } else if (log.journal && has_path) {
      error(path + ".journal", "a [[report.log]] is a file (path) or the journal, not both");
    }
    for (const std::string_view key : {".directory", ".users"}) {
      if (!log.journal && is_given(path + std::string(key))) {
        warning(path + std::string(key),
                fmt::format("{} has no effect without journal = true", key.substr(1)));
      }
    }
    if (log.journal && !log.tz.empty()) {
      warning(path + ".tz", "tz has no effect: the journal's stamps need no zone");
    }
  }

  void check_mailboxes() {
    std::set<std::string_view> seen;
    for (const auto& [key, paths] :
         {std::pair("dsn.maildir", &draft_.maildirs), std::pair("dsn.mbox", &draft_.mboxes)}) {
      for (const std::string& path : *paths) {
        if (!seen.insert(path).second) {
          error(key, fmt::format("\"{}\" is here for the second time", path));
        }
      }
    }
  }

  void check_doors() {
    if (has_door(draft_) && !wants_token(draft_)) {
      warning("dsn.token",
              "dsn.token = false: bounces from outside will count for nothing, since only a token "
              "in the mail they return tells them from forged ones");
    }
    if (draft_.engine.smarthost && !has_door(draft_) && !wants_token(draft_)) {
      warning("report.smarthost",
              "smarthost = true without a door for bounces in [dsn]: nothing tells what became of "
              "mail, so levels do not grow");
    }
  }

  const Draft& draft_;
  const Places& places_;
  Findings& findings_;
};

// @return the file can be read, or does not exist yet, as on a host that has sent no mail so far
bool check_log_file(const feed::LogSource& log,
                    const Place& place,
                    const Files& files,
                    Findings& findings) {
  const auto probed = files.probe(log.path, Trust::Any);
  if (probed) {
    return true;
  }
  findings.warning(place, "report.log.path",
                   fmt::format("{} cannot be read: {}", log.path, probed.error().what));
  return probed.error().kind == base::Error::Kind::NotFound;
}

// A mailbox may come with the first bounce. A Maildir is no plain file, which is what the probe of
// it says if all is well.
void check_mailbox(std::string_view key,
                   const std::string& path,
                   const Place& place,
                   const Files& files,
                   Findings& findings) {
  const auto probed = files.probe(path, Trust::Any);
  const bool is_directory = key == "dsn.maildir";
  if (!probed && (!is_directory || probed.error().kind != base::Error::Kind::InvalidInput)) {
    findings.warning(place, key, fmt::format("{} cannot be read: {}", path, probed.error().what));
  } else if (probed && is_directory) {
    findings.error(place, key, fmt::format("{} is a file, not a Maildir", path));
  }
}

}  // namespace

bool has_door(const Draft& draft) noexcept {
  return draft.milter.read_notices || !draft.maildirs.empty() || !draft.mboxes.empty();
}

bool wants_token(const Draft& draft) noexcept {
  return draft.token.value_or(has_door(draft));
}

void check_sources(const Draft& draft, const Places& places, Findings& findings) {
  SourceChecker(draft, places, findings).all();
}

void check_source_files(const Draft& draft,
                        const Places& places,
                        const Files& files,
                        Findings& findings) {
  bool any_log = draft.feed.logs.empty();
  for (std::size_t i = 0; i < draft.feed.logs.size(); ++i) {
    const feed::LogSource& log = draft.feed.logs[i];
    const std::string path = element("report.log", i);
    if (!log.tz.empty() && !files.probe(std::string(kZones) + log.tz, Trust::Any)) {
      findings.error(place_of(places, {path + ".tz"}), "report.log.tz",
                     fmt::format("no time zone is called \"{}\" in {}", log.tz, kZones));
    }
    const Place place = place_of(places, {path + ".path"});
    const bool is_file = !log.journal && !log.path.empty();
    any_log = log.journal || (is_file && check_log_file(log, place, files, findings)) || any_log;
  }
  if (!any_log && draft.engine.mode == policy::Mode::Enforce) {
    findings.error(place_of(places, {"mode"}), "mode",
                   "mode \"enforce\" needs a log to learn from, and none can be read");
  }
  for (const auto& [key, paths] : {std::pair(std::string_view("dsn.maildir"), &draft.maildirs),
                                   std::pair(std::string_view("dsn.mbox"), &draft.mboxes)}) {
    for (const std::string& path : *paths) {
      check_mailbox(key, path, place_of(places, {key}), files, findings);
    }
  }
}

}  // namespace rampart::config
