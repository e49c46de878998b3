#include "reloader.h"

#include <string>
#include <utility>
#include <vector>

#include "rampart/telemetry/log.h"

#include "notify.h"

namespace rampart::daemon {

Reloader::Reloader(config::Where where,
                   std::shared_ptr<const config::Config> started_with,
                   engine::Engine& engine,
                   Lists& lists)
    : where_(std::move(where)),
      started_with_(std::move(started_with)),
      engine_(engine),
      lists_(lists) {}

control::ReloadAnswer Reloader::reload() {
  const base::MutexLock lock(mutex_);
  notify_reloading();
  config::Loaded loaded = config::load(where_);
  control::ReloadAnswer answer;
  for (const config::Problem& problem : loaded.problems) {
    answer.messages.push_back(config::to_string(problem));
  }
  if (const std::shared_ptr<const config::Config> config = std::move(loaded.config)) {
    telemetry::configure_log(config->log);
    engine_.reload(config->policy);
    for (std::string& message : lists_.apply(config)) {
      answer.messages.push_back(std::move(message));
    }
    for (const std::string& key : config::find_restart_keys(*started_with_, *config)) {
      answer.messages.push_back(key + " changed: needs a restart, the old value stays in force");
    }
    answer.done = true;
  }
  for (const std::string& message : answer.messages) {
    telemetry::write(telemetry::Level::Warning, telemetry::Line("config").text(message));
  }
  telemetry::write(answer.done ? telemetry::Level::Info : telemetry::Level::Error,
                   telemetry::Line("config").add("reload", answer.done ? "done" : "refused"));
  notify_ready();
  return answer;
}

}  // namespace rampart::daemon
