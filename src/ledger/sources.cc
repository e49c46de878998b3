#include "rampart/ledger/sources.h"

#include <utility>

namespace rampart::ledger {
namespace {

// Mailboxes of bounces, and old logs, tell nothing of whether the log is read.
bool is_no_log(std::string_view source) noexcept {
  return source.starts_with("maildir:") || source.starts_with("mbox:") || source == "history";
}

}  // namespace

void Sources::set(const mail::SourceStatus& status) {
  const base::MutexLock lock(mutex_);
  sources_[status.name] = {status, clock_.steady_now()};
}

std::vector<mail::SourceStatus> Sources::all() const {
  const base::MutexLock lock(mutex_);
  std::vector<mail::SourceStatus> all;
  all.reserve(sources_.size());
  for (const auto& [name, source] : sources_) {
    all.push_back(source.status);
  }
  return all;
}

std::vector<std::string> Sources::others(std::string_view source) const {
  std::vector<std::string> names;
  const base::MutexLock lock(mutex_);
  for (const auto& [name, cursor] : cursors_) {
    if (name != source && !is_no_log(name)) {
      names.push_back(name);
    }
  }
  return names;
}

bool Sources::is_new() const {
  const base::MutexLock lock(mutex_);
  return cursors_.empty();
}

void Sources::restore(store::CursorRecord record) {
  const base::MutexLock lock(mutex_);
  cursors_[record.source] = std::move(record);
}

void Sources::set_cursor(const store::CursorRecord& cursor) {
  const base::MutexLock lock(mutex_);
  cursors_[cursor.source] = cursor;
}

std::optional<store::CursorRecord> Sources::cursor(std::string_view source) const {
  const base::MutexLock lock(mutex_);
  const auto found = cursors_.find(std::string(source));
  return found == cursors_.end() ? std::nullopt : std::optional(found->second);
}

void Sources::await(base::WallTime now) noexcept {
  long long none = 0;
  unanswered_.compare_exchange_strong(none, now.time_since_epoch().count());
}

std::string Sources::find_problem(base::Micros max_lag) const {
  {
    const base::MutexLock lock(mutex_);
    bool any = false;
    for (const auto& [name, source] : sources_) {
      if (is_no_log(name)) {
        continue;
      }
      any = true;
      const mail::SourceStatus& told = source.status;
      if (!told.open) {
        return name + ": " + (told.problem.empty() ? "not open" : told.problem);
      }
      if (told.lag > max_lag) {
        return name + ": " + base::format_duration(told.lag) + " behind";
      }
      if (clock_.steady_now() - source.told_at > max_lag) {
        return name + ": its reader is stuck";
      }
    }
    if (!any) {
      return "no log is read";
    }
  }
  const base::WallTime admitted{base::Micros{unanswered_.load()}};
  if (admitted != base::WallTime{} && clock_.wall_now() > admitted + max_lag) {
    return "no line has come since mail was admitted at " + base::format_utc(admitted);
  }
  return {};
}

}  // namespace rampart::ledger
