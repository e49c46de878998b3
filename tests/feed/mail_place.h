// A mailbox of one test, and what was handed over from it.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rampart/engine/status.h"
#include "rampart/store/state_store.h"
#include "support/catch.h"
#include "support/manual_clock.h"
#include "support/policy.h"

#include "feed/mailbox.h"

namespace rampart::feed {

struct MailPlace {
  MailPlace(std::string path, MailSource::Kind kind)
      : store(store::open_memory()), options{std::move(path), kind} {
    start();
  }
  void start() {
    engine.reset();
    auto made = engine::Engine::create(test::make_policy(test::small_options()), *store, clock);
    REQUIRE(made.has_value());
    engine = std::move(*made);
  }
  [[nodiscard]] MailboxPlace place() const { return {options, *engine, clock, sink}; }
  [[nodiscard]] mail::SourceStatus status() const {
    const auto sources = engine->status().sources;
    return sources.empty() ? mail::SourceStatus{} : sources.front();
  }
  /// Everything handed over until there is nothing more to do at once.
  template <class Mailbox>
  std::vector<std::string> drain(Mailbox& mailbox) {
    for (int step = 0; step < 1000 && mailbox.step(); ++step) {
    }
    return std::exchange(mails, {});
  }

  test::ManualClock clock;
  std::unique_ptr<store::StateStore> store;
  std::unique_ptr<engine::Engine> engine;
  MailSource options;
  std::vector<std::string> mails;
  std::vector<base::WallTime> times;
  std::optional<base::Error> error;  ///< what the sink answers instead of taking
  std::size_t room = 1'000'000;      ///< how many mails it still takes before that
  MessageSink sink = [this](std::string_view bytes, base::WallTime received) -> base::Result<> {
    if (error && room == 0) {
      return *error;
    }
    --room;
    mails.emplace_back(bytes);
    times.push_back(received);
    return base::Ok{};
  };
};

}  // namespace rampart::feed
