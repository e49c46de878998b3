#include "rampart/feed/line_intake.h"

#include <algorithm>
#include <functional>
#include <map>
#include <thread>
#include <utility>

#include "rampart/base/mutex.h"
#include "rampart/report/line_reader.h"
#include "rampart/report/stamp.h"
#include "rampart/telemetry/counter.h"

#include "cursors.h"
#include "teller.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using base::Error;

constexpr std::size_t kNameMax = 64;
constexpr std::size_t kLineMax = 64UL * 1024UL;
constexpr base::Micros kSyncMax = 10s;
constexpr base::Micros kTellEvery = 1s;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameMax &&
         std::all_of(text.begin(), text.end(),
                     [](char character) { return character > ' ' && character < 127; });
}

std::size_t bytes_of(const std::vector<std::string>& lines) {
  std::size_t bytes = 0;
  for (const std::string& line : lines) {
    bytes += line.size();
  }
  return bytes;
}

// Lines that came from one program.
class Brought {
 public:
  Brought(const std::string& name,
          engine::Engine& engine,
          const base::Clock& clock,
          const report::LocalTimeRule& rule)
      : engine_(engine),
        clock_(clock),
        teller_(name, engine, clock),
        stamps_(rule, clock.wall_now(), stamp_state(engine.cursor(name))),
        reader_(report::Format::Auto) {
    cursor_.source = name;
    cursor_.offset = engine.cursor(name).value_or(cursor_).offset;
  }

  base::Result<std::uint64_t> take(const std::vector<std::string>& lines) {
    static telemetry::Counter& cut = telemetry::counter("feed_lines_cut_total");
    const base::MutexLock lock(mutex_);
    stamps_.set_reference(clock_.wall_now());
    std::vector<report::LogLine> batch;
    for (const std::string& line : lines) {
      cut.add(line.size() > kLineMax ? 1 : 0);
      reader_.read_line(std::string_view(line).substr(0, kLineMax), stamps_, batch);
    }
    // A count of lines: it tells whether this batch was learned.
    cursor_.offset += lines.size();
    cursor_.reader_state = to_reader_state(stamps_.state());
    engine_.learn(batch, cursor_);
    if (engine_.cursor(cursor_.source) != cursor_) {
      return Error{Error::Kind::Unavailable, "rampart is stopping"};
    }
    if (auto synced = engine_.sync(kSyncMax); !synced) {
      return synced.error();
    }
    const base::MutexLock told_lock(told_mutex_);
    teller_.note(lines.size(), batch);
    teller_.tell(true, false, {});
    return lines.size();
  }

  /// Does not wait for a batch that is being learned.
  void tell() {
    const base::MutexLock lock(told_mutex_);
    teller_.tell(true, false, {});
  }

 private:
  engine::Engine& engine_;
  const base::Clock& clock_;
  base::Mutex mutex_;  // before told_mutex_
  base::Mutex told_mutex_;
  Teller teller_ RAMPART_GUARDED_BY(told_mutex_);
  report::StampReader stamps_ RAMPART_GUARDED_BY(mutex_);
  report::LineReader reader_ RAMPART_GUARDED_BY(mutex_);
  store::CursorRecord cursor_ RAMPART_GUARDED_BY(mutex_);
};

}  // namespace

struct LineIntake::Data {
  Data(engine::Engine& engine_used, const base::Clock& clock_used, const std::string& zone)
      : engine(engine_used), clock(clock_used), rule(make_rule("feed", zone)) {}
  ~Data() {
    {
      const base::MutexLock lock(mutex);
      stopping = true;
    }
    changed.notify_all();
  }

  void keep_telling() {
    const base::MutexLock lock(mutex);
    while (!changed.wait_for(mutex, kTellEvery, [this] { return stopping; })) {
      for (const auto& [name, source] : sources) {
        source->tell();
      }
    }
  }

  // @return nullptr for one too many
  Brought* find_source(const std::string& name) {
    const base::MutexLock lock(mutex);
    const auto found = sources.find(name);
    if (found != sources.end()) {
      return found->second.get();
    }
    if (sources.size() >= kSourcesMax) {
      return nullptr;
    }
    const auto added =
        sources.emplace(name, std::make_unique<Brought>("feed:" + name, engine, clock, rule));
    return added.first->second.get();
  }

  engine::Engine& engine;
  const base::Clock& clock;
  const report::LocalTimeRule rule;
  base::Mutex mutex;
  base::Condition changed;
  bool stopping RAMPART_GUARDED_BY(mutex) = false;
  std::map<std::string, std::unique_ptr<Brought>, std::less<>> sources RAMPART_GUARDED_BY(mutex);
  std::jthread thread{[this] {
    keep_telling();
  }};  // last: it uses the rest
};

LineIntake::LineIntake(engine::Engine& engine, const base::Clock& clock, const std::string& zone)
    : data_(std::make_unique<Data>(engine, clock, zone)) {}

LineIntake::~LineIntake() = default;

base::Result<std::uint64_t> LineIntake::take(std::string_view source,
                                             const std::vector<std::string>& lines) {
  if (!is_name(source)) {
    return Error{Error::Kind::InvalidInput,
                 "a source's name has 1 to 64 printable characters and no blanks"};
  }
  if (lines.size() > kLinesMax || bytes_of(lines) > kBytesMax) {
    return Error{Error::Kind::InvalidInput, "a batch has at most 10000 lines and 1 MiB"};
  }
  Brought* const brought = data_->find_source(std::string(source));
  if (brought == nullptr) {
    return Error{Error::Kind::Denied, "there are 16 sources of lines already"};
  }
  return lines.empty() ? base::Result<std::uint64_t>(0) : brought->take(lines);
}

}  // namespace rampart::feed
