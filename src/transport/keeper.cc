#include "rampart/transport/keeper.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "rampart/base/mutex.h"
#include "rampart/engine/status.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"
#include "rampart/transport/table.h"

#include "guard_process.h"

namespace rampart::transport {
namespace {

constexpr base::Micros kLookEvery = std::chrono::seconds{1};
constexpr base::Micros kGuardLimit = std::chrono::seconds{3};
constexpr std::string_view kTopic = "transport";

std::vector<std::string> guard_words(const std::string& program, const Options& options) {
  std::vector<std::string> words{program,       "transport", "guard",        "--table",
                                 options.table, "--postmap", options.postmap};
  if (!options.postfix_config.empty()) {
    words.insert(words.end(), {"--mta-config", options.postfix_config});
  }
  return words;
}

std::vector<Waiting> waiting_now(const engine::Engine& engine) {
  std::vector<Waiting> all;
  for (engine::PausedHost& host : engine.paused_hosts()) {
    all.push_back({std::move(host.provider), std::chrono::ceil<std::chrono::seconds>(host.until),
                   std::move(host.domains)});
  }
  return all;
}

}  // namespace

struct Keeper::Data {
  Data(Table the_table, engine::Engine& the_engine, std::vector<std::string> words)
      : table(std::move(the_table)), engine(the_engine), guard(std::move(words)) {}

  // Logs and shows what is wrong, or that it is over; each once.
  void tell(const std::string& problem) {
    if (problem == told) {
      return;
    }
    told = problem;
    engine.set_warning(kTopic, problem.empty() ? "" : "transport table: " + problem);
    telemetry::write(
        problem.empty() ? telemetry::Level::Info : telemetry::Level::Warning,
        telemetry::Line("transport").text(problem.empty() ? "the table is kept again" : problem));
  }

  void look() {
    const auto runs = guard.keep_running();
    unguarded = runs && *runs ? 0 : unguarded + 1;
    if (unguarded > 0) {
      // Without a guard an entry could outlive this process: better none.
      if (unguarded > 2) {
        tell((runs ? "the guard ends at once" : runs.error().what) +
             "; nothing is entered without a guard");
      }
      if (!written.empty() && table.write({})) {
        written.clear();
      }
      return;
    }
    std::vector<Waiting> now = waiting_now(engine);
    if (now == written) {
      tell({});
      return;
    }
    if (const auto done = table.write(now); !done) {
      tell(done.error().what);
      return;
    }
    tell({});
    log_changes(now);
    written = std::move(now);
  }

  void log_changes(const std::vector<Waiting>& now) const {
    for (const Waiting& one : now) {
      if (std::find(written.begin(), written.end(), one) == written.end()) {
        telemetry::write(telemetry::Level::Info, telemetry::Line("transport")
                                                     .add("provider", one.provider)
                                                     .add("domains", one.domains.size())
                                                     .add("until", base::format_utc(one.until))
                                                     .text("its queued mail waits"));
      }
    }
    for (const Waiting& one : written) {
      if (std::none_of(now.begin(), now.end(),
                       [&](const Waiting& other) { return other.provider == one.provider; })) {
        telemetry::write(telemetry::Level::Info, telemetry::Line("transport")
                                                     .add("provider", one.provider)
                                                     .text("its queued mail goes again"));
      }
    }
  }

  void run() {
    for (;;) {
      look();
      const base::MutexLock lock(mutex);
      if (changed.wait_for(mutex, kLookEvery, [this] { return stopping; })) {
        return;
      }
    }
  }

  const Table table;
  engine::Engine& engine;
  GuardProcess guard;
  int unguarded = 0;             // looks in a row without a guard; the thread's
  std::vector<Waiting> written;  // the thread's
  std::string told;              // the thread's
  base::Mutex mutex;
  base::Condition changed;
  bool stopping RAMPART_GUARDED_BY(mutex) = false;
  std::thread thread;
};

Keeper::Keeper(std::unique_ptr<Data> data) : data_(std::move(data)) {}

base::Result<std::unique_ptr<Keeper>> Keeper::start(const Options& options,
                                                    engine::Engine& engine,
                                                    const std::string& program) {
  auto table = Table::open(options);
  if (!table) {
    return table.error();
  }
  // What an earlier life left; and Postfix wants the table to be there.
  if (const auto emptied = table->write({}); !emptied) {
    return emptied.error();
  }
  auto data = std::make_unique<Data>(std::move(*table), engine, guard_words(program, options));
  Data& running = *data;
  running.thread = std::thread([&running] { running.run(); });
  return std::unique_ptr<Keeper>(new Keeper(std::move(data)));
}

Keeper::~Keeper() {
  {
    const base::MutexLock lock(data_->mutex);
    data_->stopping = true;
  }
  data_->changed.notify_all();
  data_->thread.join();
  if (data_->guard.finish(kGuardLimit)) {
    return;
  }
  if (const auto emptied = data_->table.write({}); !emptied) {
    telemetry::write(telemetry::Level::Error,
                     telemetry::Line("transport").text(emptied.error().what));
  }
}

}  // namespace rampart::transport
