#include "reloader.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "rampart/telemetry/log.h"

#include "notify.h"

namespace rampart::daemon {
namespace {

bool same_logs(const feed::Options& a, const feed::Options& b) {
  return std::equal(a.logs.begin(), a.logs.end(), b.logs.begin(), b.logs.end(),
                    [](const feed::LogSource& x, const feed::LogSource& y) {
                      return x.path == y.path && x.format == y.format && x.tz == y.tz &&
                             x.journal == y.journal && x.journal_directory == y.journal_directory &&
                             x.users == y.users;
                    });
}

bool same_mailboxes(const feed::Options& a, const feed::Options& b, feed::MailSource::Kind kind) {
  const auto paths = [kind](const feed::Options& options) {
    std::vector<std::string> all;
    for (const feed::MailSource& mailbox : options.mailboxes) {
      if (mailbox.kind == kind) {
        all.push_back(mailbox.path);
      }
    }
    return all;
  };
  return paths(a) == paths(b);
}

}  // namespace

std::vector<std::string> restart_needed(const config::Config& before, const config::Config& after) {
  std::vector<std::string> keys;
  const auto note = [&](bool same, const char* key) {
    if (!same) {
      keys.push_back(std::string(key) + " changed: needs a restart, the old value stays in force");
    }
  };
  note(before.milter.listen == after.milter.listen, "milter.listen");
  note(before.milter.socket_group == after.milter.socket_group, "milter.socket_group");
  note(before.milter.on_error == after.milter.on_error, "milter.on_error");
  note(before.store_url == after.store_url, "store.url");
  note(before.control.socket == after.control.socket, "control.socket");
  note(before.control.group == after.control.group, "control.group");
  note(before.release.socket == after.release.socket, "hold.releaser");
  note(before.release.key_file == after.release.key_file, "hold.key");
  note(same_logs(before.feed, after.feed), "report.log");
  note(before.milter.read_notices == after.milter.read_notices, "dsn.milter");
  note(same_mailboxes(before.feed, after.feed, feed::MailSource::Kind::Maildir), "dsn.maildir");
  note(same_mailboxes(before.feed, after.feed, feed::MailSource::Kind::Mbox), "dsn.mbox");
  note(before.transport.table == after.transport.table, "transport.table");
  note(before.transport.postmap == after.transport.postmap, "transport.postmap");
  note(before.transport.postfix_config == after.transport.postfix_config,
       "transport.postfix_config");
  return keys;
}

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
    for (const auto& found : {lists_.apply(config), restart_needed(*started_with_, *config)}) {
      answer.messages.insert(answer.messages.end(), found.begin(), found.end());
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
