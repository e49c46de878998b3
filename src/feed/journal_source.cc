#include "journal_source.h"

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include "rampart/store/records.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

namespace rampart::feed {
namespace {

using telemetry::Level;

constexpr std::size_t kBatchMax = 1000;

std::optional<std::string> stored_position(const std::optional<store::CursorRecord>& cursor) {
  return cursor ? std::optional(cursor->reader_state) : std::nullopt;
}

void log_event(const std::string& journal, const JournalEvent& event) {
  telemetry::Line line("feed");
  line.add("log", journal);
  Level level = Level::Info;
  switch (event.kind) {
    case JournalEvent::Kind::StartedAtEnd:
      line.add("event", "started").text("never read before: from its end");
      break;
    case JournalEvent::Kind::Resumed:
      line.add("event", "resumed").text("where it was left");
      break;
    case JournalEvent::Kind::Gap:
      level = Level::Warning;
      line.add("event", "lost")
          .text(
              "the entry read last is gone: from the first one after it; others between are lost");
      break;
    case JournalEvent::Kind::Damaged:
      level = Level::Warning;
      line.add("event", "damaged").add("file", event.text).text("left out");
      break;
    case JournalEvent::Kind::UnknownUser:
      line.add("event", "unknown_user").add("user", event.text).text("not on this machine");
      break;
  }
  telemetry::write(level, line);
}

}  // namespace

JournalSource::JournalSource(const LogSource& options,
                             engine::Engine& engine,
                             const base::Clock& clock)
    : engine_(engine),
      clock_(clock),
      teller_(name_of(options), engine, clock),
      reader_(report::parse_format(options.format).value_or(report::Format::Auto)),
      journal_(
          options.journal_directory, options.users, stored_position(engine.cursor(teller_.name()))),
      stored_(journal_.cursor()) {}

bool JournalSource::step() {
  const std::vector<JournalEntry>& entries = journal_.read_entries(kBatchMax, clock_.steady_now());
  log_events();
  learn(entries);
  count();
  const bool more = journal_.has_more();
  if (!more || teller_.is_due()) {
    teller_.tell(journal_.is_open(), more, journal_.problem());
  }
  return more;
}

void JournalSource::learn(const std::vector<JournalEntry>& entries) {
  if (journal_.cursor() == stored_ || !journal_.cursor()) {
    return;
  }
  batch_.clear();
  const base::WallTime now = clock_.wall_now();
  for (const JournalEntry& entry : entries) {
    const std::size_t first = batch_.size();
    reader_.read_entry(entry.program, entry.message, batch_);
    for (std::size_t i = first; i < batch_.size(); ++i) {
      batch_[i].time = std::min(entry.time, now);
      if (!std::holds_alternative<report::Foreign>(batch_[i].event)) {
        batch_[i].host = entry.host;
        batch_[i].pid = entry.pid;
      }
    }
  }
  teller_.note(entries.size(), batch_);
  stored_ = journal_.cursor();
  store::CursorRecord cursor;
  cursor.source = teller_.name();
  cursor.reader_state = *stored_;
  engine_.learn(batch_, cursor);
}

void JournalSource::log_events() {
  for (const JournalEvent& event : journal_.take_events()) {
    log_event(teller_.name(), event);
  }
}

void JournalSource::count() {
  static telemetry::Counter& cut = telemetry::counter("feed_lines_cut_total");
  static telemetry::Counter& losses = telemetry::counter("feed_positions_lost_total");
  static telemetry::Counter& untrusted = telemetry::counter("feed_entries_untrusted_total");
  static telemetry::Counter& damaged = telemetry::counter("feed_journal_damages_total");
  const JournalCounts& now = journal_.counts();
  cut.add(now.lines_cut - counted_.lines_cut);
  losses.add(now.losses - counted_.losses);
  untrusted.add(now.untrusted - counted_.untrusted);
  damaged.add(now.damaged - counted_.damaged);
  counted_ = now;
}

}  // namespace rampart::feed
