// A bench whose mail over the allowance is held, with a releaser that answers.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faulty_store.h"
#include "fixture.h"

namespace rampart::test {

using namespace std::chrono_literals;
using engine::Fate;
using policy::Action;
using Ids = std::vector<std::string>;

inline mail::QueueId id(const std::string& text) {
  return *mail::parse_queue_id(text);
}

inline policy::Options hold_options(std::uint32_t units = 2) {
  policy::Options options = day_of(units);
  options.over = Action::Hold;
  return options;
}

class HoldBench : public Bench {
 public:
  explicit HoldBench(policy::Options options = hold_options()) : Bench(std::move(options)) {
    auto faulty_store = std::make_unique<FaultyStore>();
    faulty = faulty_store.get();
    engine.reset();
    store = std::move(faulty_store);
    restart();
    answer();
  }

  /// The releaser has answered just now, or it has not.
  void answer(bool alive = true) {
    engine->set_releaser({true, alive, clock.wall_now(), alive ? "" : "no answer"});
  }

  /// Killed and started again.
  void crash() {
    faulty->dead = true;
    engine.reset();
    faulty->dead = false;
    restart();
    answer();
  }

  void pass(base::Micros time) {
    clock.advance(time);
    see_feed();
    answer();
  }

  Ids begin_release(std::size_t limit = 100) {
    const auto begun = engine->begin_release(limit);
    REQUIRE(begun.has_value());
    return texts(*begun);
  }
  void end(const std::string& queue_id, Fate fate) {
    engine->end_release(id(queue_id), fate, "test");
  }
  /// All that may go now goes. @return what went
  Ids release() {
    const Ids begun = begin_release();
    for (const std::string& one : begun) {
      end(one, Fate::Released);
    }
    return begun;
  }
  Ids releasing() const { return texts(engine->releasing()); }

  Ids held() const {
    Ids ids;
    for (const engine::HeldMessage& message : engine->held()) {
      ids.push_back(message.record.queue_id);
    }
    return ids;
  }
  bool send_held(const std::string& to,
                 const std::string& queue_id,
                 const std::string& from = "a") {
    const auto ending = send_to("x@" + from + ".example", {to}, queue_id);
    return ending && ending->hold;
  }
  std::uint32_t used(const std::string& provider, const std::string& from = "a") const {
    return flow(from + ".example", provider).summary.allowance.used_day;
  }
  std::uint32_t in_flight(const std::string& provider) const {
    return flow("a.example", provider).in_flight;
  }
  bool has_warning(const std::string& part) const {
    for (const std::string& warning : engine->status().warnings) {
      if (warning.find(part) != std::string::npos) {
        return true;
      }
    }
    return false;
  }

  FaultyStore* faulty = nullptr;

 private:
  static Ids texts(const std::vector<mail::QueueId>& ids) {
    Ids all;
    for (const mail::QueueId& one : ids) {
      all.push_back(one.text());
    }
    return all;
  }
};

/// Two units a day: A0001 and A0002 go, the next ones to gmail are held.
class FullBench : public HoldBench {
 public:
  explicit FullBench(policy::Options options = hold_options()) : HoldBench(std::move(options)) {
    REQUIRE_FALSE(send_held("1@gmail.example", "A0001"));
    REQUIRE_FALSE(send_held("2@gmail.example", "A0002"));
  }
};

}  // namespace rampart::test
