#include "rampart/ledger/trail.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "rampart/base/hash.h"
#include "rampart/base/text.h"
#include "rampart/store/state_store.h"
#include "rampart/telemetry/counter.h"

namespace rampart::ledger {
namespace {

using mail::TrailEvent;

constexpr std::size_t kFields = 8;
constexpr char kBetweenFields = '\x1f';  // ASCII's unit separator; fields are printable

// Of the queue ID alone, with a fixed key: whoever can choose queue IDs is the MTA.
std::uint32_t id_of(std::string_view queue_id) {
  return static_cast<std::uint32_t>(base::siphash(base::HashKey{}, queue_id));
}

std::string to_line(const TrailEvent& event) {
  std::string line = std::to_string(event.time.time_since_epoch().count());
  for (const std::string_view field :
       {std::string_view(event.queue_id), std::string_view(event.what),
        std::string_view(event.recipient), std::string_view(event.sender),
        std::string_view(event.provider), std::string_view(event.text),
        std::string_view(event.rule)}) {
    line += kBetweenFields;
    line += base::printable(field);
  }
  line += '\n';
  return line;
}

std::optional<TrailEvent> from_line(std::string_view line) {
  std::array<std::string_view, kFields> fields;
  for (std::size_t i = 0; i < kFields; ++i) {
    const std::size_t end = i + 1 < kFields ? line.find(kBetweenFields) : line.size();
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    fields[i] = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  long long micros = 0;
  const auto [stop, error] =
      std::from_chars(fields[0].data(), fields[0].data() + fields[0].size(), micros);
  if (error != std::errc{} || stop != fields[0].data() + fields[0].size()) {
    return std::nullopt;
  }
  const auto text = [&](std::size_t i) {
    return std::string(fields[i]);
  };
  return TrailEvent{base::WallTime{base::Micros{micros}},
                    text(1),
                    text(2),
                    text(3),
                    text(4),
                    text(5),
                    text(6),
                    text(7)};
}

void read_lines(std::string_view data,
                std::string_view queue_id,
                base::WallTime since,
                std::vector<TrailEvent>& found) {
  while (!data.empty()) {
    const std::size_t end = std::min(data.find('\n'), data.size());
    auto event = from_line(data.substr(0, end));
    if (event && event->queue_id == queue_id && event->time >= since) {
      found.push_back(std::move(*event));
    }
    data.remove_prefix(std::min(end + 1, data.size()));
  }
}

}  // namespace

void Trail::add(const mail::TrailEvent& event) {
  std::string line = to_line(event);
  const base::MutexLock lock(mutex_);
  if (pending_.data.size() + line.size() > kPendingBytesMax) {
    static telemetry::Counter& dropped = telemetry::counter("events_dropped_total");
    dropped.add();
    return;
  }
  pending_.first = pending_.data.empty() ? event.time : std::min(pending_.first, event.time);
  pending_.last = std::max(pending_.last, event.time);
  pending_.ids.push_back(id_of(event.queue_id));
  pending_.data += line;
}

base::Result<std::vector<mail::TrailEvent>> Trail::find(std::string_view queue_id,
                                                        base::WallTime since) const {
  std::vector<TrailEvent> found;
  const auto stored = store_.find_events(id_of(queue_id), since);
  if (!stored) {
    return stored.error();
  }
  for (const std::string& data : *stored) {
    read_lines(data, queue_id, since, found);
  }
  {
    const base::MutexLock lock(mutex_);
    read_lines(writing_.data, queue_id, since, found);
    read_lines(pending_.data, queue_id, since, found);
  }
  // A round that ended between the two looks is told by both.
  std::set<std::string> told;
  std::erase_if(found,
                [&](const TrailEvent& event) { return !told.insert(to_line(event)).second; });
  // Stamps of a log have whole seconds: within one, events stand in the order in which they came.
  std::stable_sort(found.begin(), found.end(), [](const TrailEvent& a, const TrailEvent& b) {
    return std::chrono::floor<std::chrono::seconds>(a.time) <
           std::chrono::floor<std::chrono::seconds>(b.time);
  });
  return found;
}

void Trail::collect(std::vector<store::Operation>& operations) {
  const base::MutexLock lock(mutex_);
  if (writing_.data.empty()) {
    writing_ = std::exchange(pending_, {});
    std::sort(writing_.ids.begin(), writing_.ids.end());
    writing_.ids.erase(std::unique(writing_.ids.begin(), writing_.ids.end()), writing_.ids.end());
  }
  if (!writing_.data.empty()) {
    operations.emplace_back(
        store::EventsRecord{writing_.first, writing_.last, writing_.ids, writing_.data});
  }
}

// What could not be stored is written by the next round, alone: newer events follow after it.
void Trail::settle(bool stored) {
  const base::MutexLock lock(mutex_);
  if (stored) {
    writing_ = {};
  }
}

}  // namespace rampart::ledger
