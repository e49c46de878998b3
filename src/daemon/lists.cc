#include "lists.h"

#include <utility>

#include <fmt/format.h>

#include "rampart/base/file.h"
#include "rampart/engine/suppressions.h"
#include "rampart/suppression/list.h"
#include "rampart/telemetry/log.h"

namespace rampart::daemon {
namespace {

std::string topic_of(const std::string& path) {
  return "suppression list " + path;
}

}  // namespace

Lists::Lists(engine::Engine& engine, base::Micros retry_every)
    : engine_(engine), retry_every_(retry_every), thread_([this] { keep_trying(); }) {}

Lists::~Lists() {
  {
    const base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

std::vector<std::string> Lists::apply(std::shared_ptr<const config::Config> config) {
  const base::MutexLock lock(mutex_);
  config_ = std::move(config);
  failed_.clear();
  for (const std::string& path : std::exchange(warned_, {})) {
    engine_.set_warning(topic_of(path), "");
  }
  std::vector<std::string> problems;
  for (const config::SuppressionList& list : config_->suppression_lists) {
    const Outcome outcome = apply_list(list.file, *config_);
    if (!outcome.problem.empty()) {
      problems.push_back(outcome.problem);
    }
    tell(list.file, outcome);
  }
  return problems;
}

Lists::Outcome Lists::apply_list(const std::string& path, const config::Config& config) {
  const auto bytes = base::read_file(path, suppression::kListBytesMax);
  if (!bytes) {
    return {bytes.error().what + "; what was read from it before stays", true, true};
  }
  const suppression::List list =
      suppression::parse_list(*bytes, config.policy->options.suppression);
  const auto change = engine_.apply_list(path, list.keys);
  if (!change) {
    return {fmt::format("{}: not applied: {}", path, change.error().what), true, true};
  }
  if (change->refused) {
    return {fmt::format("{}: it has {} addresses and had {}: less than half, so the old ones stay; "
                        "remove them with rampart suppression remove if that is meant",
                        path, list.keys.size(), change->kept),
            true, false};
  }
  telemetry::write(telemetry::Level::Info, telemetry::Line("suppression")
                                               .add("list", path)
                                               .add("added", change->added)
                                               .add("removed", change->removed)
                                               .add("kept", change->kept));
  if (list.bad_lines > 0) {
    const suppression::ListError& first = list.errors.front();
    return {fmt::format("{}:{}:{}: {} (bad lines: {}; they are passed over)", path, first.line,
                        first.column, first.text, list.bad_lines),
            false, false};
  }
  return {};
}

void Lists::tell(const std::string& path, const Outcome& outcome) {
  engine_.set_warning(topic_of(path), outcome.kept_old ? topic_of(outcome.problem) : "");
  if (outcome.kept_old) {
    warned_.insert(path);
  } else {
    warned_.erase(path);
  }
  if (outcome.may_recover) {
    failed_.insert(path);
  } else {
    failed_.erase(path);
  }
}

// Silent as long as nothing has changed: the warning stands.
void Lists::retry() {
  for (const std::string& path : std::set<std::string>(failed_)) {
    const Outcome outcome = apply_list(path, *config_);
    if (!outcome.may_recover) {
      telemetry::write(
          outcome.problem.empty() ? telemetry::Level::Info : telemetry::Level::Warning,
          telemetry::Line("suppression")
              .text(outcome.problem.empty() ? path + " is in force again" : outcome.problem));
    }
    tell(path, outcome);
  }
}

void Lists::keep_trying() {
  const base::MutexLock lock(mutex_);
  while (!changed_.wait_for(mutex_, retry_every_, [this] { return stopping_; })) {
    retry();
  }
}

}  // namespace rampart::daemon
