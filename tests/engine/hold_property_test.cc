// Random histories of held mail against a simple model of the MTA's hold queue.

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "hold_bench.h"

namespace rampart::test {
namespace {

// Less than a day in all, so that what was charged once is still counted at the end.
policy::Options property_options() {
  policy::Options options = hold_options(10'000);
  options.constants.flight_new = 3;
  options.constants.flight_min = 3;
  options.constants.flight_share = 0;
  options.hold_max_age = 5h;
  options.lease_time = 0s;  // a crash leaves no lease counted
  policy::Rule urgent;
  urgent.sender = "b.example";
  urgent.transactional = true;
  options.rules = {urgent};
  return options;
}

class History : public HoldBench {
 public:
  explicit History(unsigned seed) : HoldBench(property_options()), random_(seed) {}

  void step() {
    switch (pick(14)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return send_one();
      case 4:
        static_cast<void>(
            engine->pause_flow(a_flow(), std::chrono::minutes{pick(90)}, "root").has_value());
        return;
      case 5:
        static_cast<void>(engine->resume_flow(a_flow(), "root").has_value());
        return;
      case 6:
      case 7:
        return tell_log();
      case 8:
        return act_by_hand();
      case 9:
        return stop();
      case 10:
        clock.set_wall(clock.wall_now() + std::chrono::seconds{pick(20) == 0 ? -pick(200) : 1});
        return;
      default:
        if (clock.wall_now() < ManualClock::kStart + 20h) {
          pass(std::chrono::seconds{pick(3) == 0 ? pick(900) : pick(30)});
        }
        return release_some();
    }
  }

  // Everything goes in the end.
  void finish() {
    for (const std::string sender : {"a.example", "b.example"}) {
      for (const std::string provider : {"gmail", "outlook"}) {
        if (engine->find_flow({sender, provider})) {
          REQUIRE(engine->resume_flow({sender, provider}, "root"));
        }
      }
    }
    for (int i = 0; i < 600 && !(hold_queue_.empty() && log_.empty()); ++i) {
      pass(20s);
      release_some();
      while (!log_.empty()) {
        tell_log();
      }
    }
    CHECK(hold_queue_.empty());
    CHECK(held().empty());
    CHECK(releasing().empty());
    for (const auto& [key, units] : gone_units_) {
      CAPTURE(key.sender, key.provider);
      CHECK(find(key).used == units);
      CHECK(find(key).in_flight == 0);
    }
  }

 private:
  struct Message {
    std::string id;
    std::string sender;
    Ids recipients;
    base::WallTime held_at{};
  };
  struct Numbers {
    std::uint32_t used = 0;
    std::uint32_t in_flight = 0;
  };

  int pick(int below) {
    return below <= 0 ? 0 : std::uniform_int_distribution<>(0, below - 1)(random_);
  }
  static std::string provider_of(const std::string& recipient) {
    return recipient.substr(2, recipient.find('.') - 2);
  }
  static std::set<std::string> providers_of(const Message& message) {
    std::set<std::string> providers;
    for (const std::string& recipient : message.recipients) {
      providers.insert(provider_of(recipient));
    }
    return providers;
  }
  ramp::FlowKey a_flow() {
    return {pick(3) == 0 ? "b.example" : "a.example", pick(2) == 0 ? "gmail" : "outlook"};
  }
  std::string next_id() { return id_ = "A" + std::to_string(10'000 + ++sent_); }
  Numbers find(const ramp::FlowKey& key) const {
    const auto found = engine->find_flow(key);
    return found ? Numbers{found->summary.allowance.used_day, found->in_flight} : Numbers{};
  }

  void send_one() {
    Message message;
    message.sender = pick(4) == 0 ? "b.example" : "a.example";
    const int recipients = 1 + pick(3);
    const int where = pick(3);
    for (int i = 0; i < recipients; ++i) {
      message.recipients.push_back(std::to_string(i) + (where == 0 ? "@gmail.example"
                                                        : where == 1 || i % 2 > 0
                                                            ? "@outlook.example"
                                                            : "@gmail.example"));
    }
    message.id = next_id();
    message.held_at = clock.wall_now();
    const auto ending = send_to("x@" + message.sender, message.recipients, message.id);
    REQUIRE(ending);
    if (ending->hold) {
      hold_queue_[message.id] = message;
    } else {
      depart(message);
    }
    REQUIRE(engine->sync(10s));
  }

  // It leaves the hold queue, or never was in it, and is delivered; the log tells later.
  void depart(const Message& message, const std::string& first_line = {}) {
    REQUIRE(departed_.insert(message.id).second);
    if (!first_line.empty()) {
      log_.push_back(first_line);
    }
    log_.push_back(active(message.id, "x@" + message.sender));
    for (const std::string& recipient : message.recipients) {
      ++gone_units_[{message.sender, provider_of(recipient)}];
      log_.push_back(delivery(
          message.id, recipient,
          provider_of(recipient) == "gmail" ? "mx.google.example" : "mx.outlook-mx.example",
          kSent));
    }
    log_.push_back("postfix/qmgr[1]: " + message.id + ": removed");
  }

  void tell_log() {
    std::vector<std::string> lines;
    for (int i = 1 + pick(6); i > 0 && !log_.empty(); --i) {
      lines.push_back(log_.front());
      log_.pop_front();
    }
    if (!lines.empty()) {
      log(lines);
    }
  }

  void act_by_hand() {
    if (hold_queue_.empty()) {
      return;
    }
    auto at = hold_queue_.begin();
    std::advance(at, pick(static_cast<int>(hold_queue_.size())));
    const Message message = at->second;
    const Ids begun = releasing();
    if (std::find(begun.begin(), begun.end(), message.id) != begun.end()) {
      return;
    }
    hold_queue_.erase(at);
    if (pick(2) == 0) {
      depart(message, "postfix/postsuper[1]: " + message.id + ": released from hold");
    } else {
      // Told at once: a release that begins before stays charged, whatever became of the mail.
      log({"postfix/postsuper[1]: " + message.id + ": removed"});
    }
  }

  // The releaser's part: the MTA lets most of them go. @return false: killed on the way
  void release_some() {
    see_feed();
    const bool healthy = engine->status().feed_healthy;  // else mail under way limits nothing
    std::map<ramp::FlowKey, Numbers> before;
    for (const auto& [key, units] : gone_units_) {
      before[key] = find(key);
    }
    const Ids begun = begin_release(static_cast<std::size_t>(1 + pick(6)));
    check_order(begun);
    if (healthy) {
      check_flight(begun, before);
    }
    if (pick(8) == 0) {
      crash();
    }
    for (const std::string& one : releasing()) {
      finish_release(one);
    }
  }
  void finish_release(const std::string& one) {
    const auto at = hold_queue_.find(one);
    const bool works = pick(5) > 0;
    if (at == hold_queue_.end()) {
      return end(one, Fate::Gone);
    }
    if (works) {
      depart(at->second, "postfix/postsuper[1]: " + one + ": released from hold");
      hold_queue_.erase(at);
    }
    if (pick(10) == 0) {
      return crash();  // before anybody heard of it
    }
    if (works) {
      end(one, Fate::Released);
    } else {
      end(one, Fate::StillHeld);
      failed_.insert(one);
    }
  }

  // Of the messages to one provider none goes before an older one that can go as well.
  void check_order(const Ids& begun) {
    const auto rank = [&](const Message& message) {
      const bool overdue = clock.wall_now() - message.held_at >= 5h;
      return overdue ? 0 : message.sender == "b.example" ? 1 : 2;
    };
    for (const std::string& one : begun) {
      const auto at = hold_queue_.find(one);
      if (at == hold_queue_.end()) {
        continue;  // by hand meanwhile, and the log has not told yet
      }
      const Message& went = at->second;
      for (const auto& [other_id, other] : hold_queue_) {
        const bool same = other.sender == went.sender && providers_of(other).size() == 1 &&
                          providers_of(went) == providers_of(other);
        if (!same || failed_.count(other_id) > 0 ||
            std::find(begun.begin(), begun.end(), other_id) != begun.end()) {
          continue;
        }
        CAPTURE(one, other_id);
        const auto ids = releasing();
        const bool waits = std::find(ids.begin(), ids.end(), other_id) == ids.end();
        CHECK_FALSE((waits && rank(other) <= rank(went) && other.held_at < went.held_at));
      }
    }
  }

  // No more under way than the flow may have, but for one large message or one that is overdue.
  void check_flight(const Ids& begun, const std::map<ramp::FlowKey, Numbers>& before) {
    for (const auto& [key, numbers] : before) {
      std::uint32_t forced = 0;
      for (const std::string& one : begun) {
        const auto at = hold_queue_.find(one);
        const bool overdue = at != hold_queue_.end() && clock.wall_now() - at->second.held_at >= 5h;
        forced += overdue ? 3U : 0U;
      }
      CAPTURE(key.sender, key.provider);
      CHECK(find(key).in_flight <= std::max(3U, numbers.in_flight) + forced);
    }
  }

  void stop() {
    if (pick(3) == 0) {
      restart();
      answer();
    } else {
      crash();
    }
    for (const std::string& one : releasing()) {
      end(one, hold_queue_.count(one) > 0 ? Fate::StillHeld : Fate::Gone);
      failed_.insert(one);
    }
  }

  std::mt19937 random_;
  int sent_ = 0;
  std::string id_;
  std::map<std::string, Message> hold_queue_;
  std::set<std::string> departed_;
  std::set<std::string> failed_;  ///< set aside for a while
  std::deque<std::string> log_;
  std::map<ramp::FlowKey, std::uint32_t> gone_units_;
};

TEST_CASE("held mail is neither lost nor released twice nor charged twice", "[engine][property]") {
  const unsigned seed = GENERATE(range(1U, 21U));
  CAPTURE(seed);
  History history(seed);
  for (int i = 0; i < 150; ++i) {
    history.step();
  }
  history.finish();
}

}  // namespace
}  // namespace rampart::test
