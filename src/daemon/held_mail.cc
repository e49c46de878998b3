#include "held_mail.h"

#include <utility>

#include "rampart/release/exchange.h"
#include "rampart/release/key_file.h"
#include "rampart/telemetry/log.h"

namespace rampart::daemon {

HoldKey::HoldKey(const release::Options& options) {
  if (options.socket.empty()) {
    return;
  }
  const auto key = release::open_hold_key(options.key_file);
  if (key) {
    key_ = *key;
    return;
  }
  problem_ = key.error().what;
  telemetry::write(telemetry::Level::Error,
                   telemetry::Line("releaser").add("state", "no key").text(problem_));
}

std::unique_ptr<release::Releaser> start_releaser(const release::Options& options,
                                                  const HoldKey& key,
                                                  engine::Engine& engine,
                                                  const base::Clock& clock) {
  std::unique_ptr<release::Exchange> exchange;
  if (key.key()) {
    exchange = std::make_unique<release::SocketExchange>(options.socket);
  }
  return std::make_unique<release::Releaser>(engine, std::move(exchange), clock, key.problem());
}

base::Result<std::vector<control::HoldOutcome>> outcomes(
    base::Result<std::vector<release::Told>> told) {
  if (!told) {
    return told.error();
  }
  std::vector<control::HoldOutcome> all;
  for (release::Told& one : *told) {
    all.push_back({one.id.text(), std::move(one.result), std::move(one.text)});
  }
  return all;
}

}  // namespace rampart::daemon
