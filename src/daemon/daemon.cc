#include "rampart/daemon/daemon.h"

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sysexits.h>
#include <unistd.h>

#include "rampart/base/mutex.h"
#include "rampart/base/time.h"
#include "rampart/control/server.h"
#include "rampart/feed/feed.h"
#include "rampart/feed/line_intake.h"
#include "rampart/mail/notice_outcome.h"
#include "rampart/milter/server.h"
#include "rampart/release/releaser.h"
#include "rampart/store/state_store.h"
#include "rampart/telemetry/log.h"
#include "rampart/transport/keeper.h"

#include "held_mail.h"
#include "history.h"
#include "lists.h"
#include "notify.h"
#include "reloader.h"
#include "signals.h"

namespace rampart::daemon {
namespace {

constexpr std::string_view kSqlite = "sqlite:";
constexpr base::Micros kTickEvery = std::chrono::seconds{1};

void log_sentence(telemetry::Level level, std::string_view text) {
  telemetry::write(level, telemetry::Line("service").text(text));
}

// The path of this program, which is started again for what must outlive this process.
std::string own_program() {
  std::array<char, 4096> path{};
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : "rampart";
}

base::Result<std::unique_ptr<store::StateStore>> open_store(const std::string& url) {
  if (url == "memory:") {
    return store::open_memory();
  }
  if (!std::string_view(url).starts_with(kSqlite)) {
    return base::Error{base::Error::Kind::Unsupported, url + " is no store that rampart knows"};
  }
  return store::open_sqlite(url.substr(kSqlite.size()));
}

// The sources of what is learned: all logs, and a feed for each mailbox, so that its mails can be
// told by where they lay. What learns must outlive them.
std::vector<std::unique_ptr<feed::Feed>> start_feeds(const feed::Options& options,
                                                     engine::Engine& engine,
                                                     const base::Clock& clock) {
  std::vector<std::unique_ptr<feed::Feed>> feeds;
  feed::Options logs;
  logs.logs = options.logs;
  feeds.push_back(std::make_unique<feed::Feed>(logs, engine, clock));
  for (const feed::MailSource& mailbox : options.mailboxes) {
    feed::Options one;
    one.mailboxes = {mailbox};
    // Taken, whatever the mail meant, or the engine's error.
    feeds.push_back(std::make_unique<feed::Feed>(
        one, engine, clock,
        [&engine, origin = name_of(mailbox)](std::string_view bytes,
                                             base::WallTime received) -> base::Result<> {
          const auto learned = engine.learn_message(bytes, received, origin);
          return learned ? base::Result<>(base::Ok{}) : learned.error();
        }));
  }
  return feeds;
}

// The engine's clockwork: tick() once a second, and the watchdog's sign of life after it.
class Ticker {
 public:
  explicit Ticker(engine::Engine& engine) : engine_(engine), thread_([this] { run(); }) {}
  ~Ticker() {
    {
      const base::MutexLock lock(mutex_);
      stopping_ = true;
    }
    condition_.notify_all();
  }
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  void run() {
    for (;;) {
      engine_.tick();
      notify_alive();
      const base::MutexLock lock(mutex_);
      if (condition_.wait_for(mutex_, kTickEvery, [this] { return stopping_; })) {
        return;
      }
    }
  }

  engine::Engine& engine_;
  base::Mutex mutex_;
  base::Condition condition_;
  bool stopping_ RAMPART_GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // last: it uses the rest
};

// Everything that runs, in the order in which it starts; it ends in the opposite order but for the
// milter, which ends first of all so that nobody is refused by a service half gone.
class Service {
 public:
  Service(const config::Where& where,
          std::shared_ptr<const config::Config> config,
          Signals& signals)
      : where_(where), config_(std::move(config)), signals_(signals) {}

  base::Result<> start(const std::string& version) {
    auto store = open_store(config_->store_url);
    if (!store) {
      return store.error();
    }
    store_ = std::move(*store);
    auto engine = engine::Engine::create(config_->policy, *store_, clock_);
    if (!engine) {
      return engine.error();
    }
    engine_ = std::move(*engine);
    lists_.emplace(*engine_);
    for (const std::string& problem : lists_->apply(config_)) {
      telemetry::write(telemetry::Level::Warning, telemetry::Line("suppression").text(problem));
    }
    learn_history(*config_, *engine_, clock_);
    reloader_.emplace(where_, config_, *engine_, *lists_);
    return open_sockets(version);
  }

  base::Result<> open_sockets(const std::string& version) {
    const HoldKey key(config_->release);
    milter::Options options = config_->milter;
    options.hold_key = key.key();
    auto milter = milter::Server::open(options, *engine_);
    if (!milter) {
      return milter.error();
    }
    milter_ = std::move(*milter);
    intake_.emplace(*engine_, clock_);
    releaser_ = start_releaser(config_->release, key, *engine_, clock_);
    auto control = control::Server::open(config_->control, *engine_, hooks(), version);
    if (!control) {
      return control.error();
    }
    control_ = std::move(*control);
    feeds_ = start_feeds(config_->feed, *engine_, clock_);
    ticker_.emplace(*engine_);
    return keep_transport();
  }

  base::Result<> keep_transport() {
    if (config_->transport.table.empty()) {
      return base::Ok{};
    }
    auto keeper = transport::Keeper::start(config_->transport, *engine_, own_program());
    if (!keeper) {
      return keeper.error();
    }
    transport_ = std::move(*keeper);
    return base::Ok{};
  }

  control::Hooks hooks() {
    control::Hooks hooks;
    hooks.reload = [this] {
      return reloader_->reload();
    };
    hooks.take_lines = [this](std::string_view source, const std::vector<std::string>& lines) {
      return intake_->take(source, lines);
    };
    hooks.release = [this](const std::vector<mail::QueueId>& ids, std::string_view who) {
      return outcomes(releaser_->release(ids, who));
    };
    hooks.drop = [this](const std::vector<mail::QueueId>& ids, std::string_view who) {
      return outcomes(releaser_->drop(ids, who));
    };
    return hooks;
  }

  void serve() {
    milter_thread_ = std::jthread([this] {
      Signals::block();
      if (const auto served = milter_->run(); !served) {
        log_sentence(telemetry::Level::Error, served.error().what);
        failed_ = true;
      }
      signals_.wake(Event::MilterEnded);
    });
  }

  void reload() { reloader_->reload(); }

  /// @return false if the milter ended by itself
  bool stop() {
    if (milter_thread_.joinable()) {
      milter_->stop();
      milter_thread_.join();
    }
    transport_.reset();  // nothing waits for a service that has gone
    if (engine_) {
      engine_->stop_learning();
    }
    feeds_.clear();
    if (releaser_) {
      releaser_->stop();  // an order that waits for the helper ends
    }
    control_.reset();  // nobody takes lines or gives orders any more
    releaser_.reset();
    intake_.reset();
    ticker_.reset();
    lists_.reset();
    milter_.reset();
    engine_.reset();
    store_.reset();
    return !failed_;
  }

 private:
  const config::Where where_;
  const std::shared_ptr<const config::Config> config_;
  Signals& signals_;
  const base::SystemClock clock_;
  std::unique_ptr<store::StateStore> store_;
  std::unique_ptr<engine::Engine> engine_;
  std::optional<Lists> lists_;
  std::optional<Reloader> reloader_;
  std::unique_ptr<milter::Server> milter_;
  std::optional<feed::LineIntake> intake_;
  std::unique_ptr<release::Releaser> releaser_;
  std::unique_ptr<control::Server> control_;
  std::vector<std::unique_ptr<feed::Feed>> feeds_;
  std::optional<Ticker> ticker_;
  std::unique_ptr<transport::Keeper> transport_;
  std::atomic<bool> failed_{false};
  std::jthread milter_thread_;
};

std::shared_ptr<const config::Config> load_config(const config::Where& where) {
  config::Loaded loaded = config::load(where);
  for (const config::Problem& problem : loaded.problems) {
    telemetry::say(problem.is_error ? telemetry::Level::Error : telemetry::Level::Warning,
                   config::to_string(problem), "");
  }
  return std::move(loaded.config);
}

// @return once a stop was ordered or the milter has ended
void wait_for_end(Signals& signals, Service& service) {
  for (;;) {
    switch (signals.next()) {
      case Event::Reload:
        service.reload();
        break;
      case Event::Stop:
        log_sentence(telemetry::Level::Info, "stopping");
        return;
      case Event::MilterEnded:
        return;
    }
  }
}

}  // namespace

int run(const config::Where& where, const std::string& version) {
  const auto config = load_config(where);
  if (!config) {
    telemetry::say(telemetry::Level::Error, "not started: the configuration has errors");
    return EX_CONFIG;
  }
  telemetry::configure_log(config->log);
  if (geteuid() == 0) {
    log_sentence(telemetry::Level::Warning,
                 "running as root, which rampart does not need: start it as a user of its own");
  }
  Signals signals;
  Service service(where, config, signals);
  if (const auto started = service.start(version); !started) {
    telemetry::say(telemetry::Level::Error, "not started: " + started.error().what);
    service.stop();
    return EX_TEMPFAIL;
  }
  signals.unblock();
  service.serve();
  notify_ready();
  telemetry::say(telemetry::Level::Info, "ready");
  wait_for_end(signals, service);
  notify_stopping();
  const bool well = service.stop();
  log_sentence(telemetry::Level::Info, "stopped");
  return well ? EX_OK : EX_TEMPFAIL;
}

}  // namespace rampart::daemon
