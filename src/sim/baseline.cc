// What people do without rampart, and what somebody would do who knew everything.

#include <algorithm>
#include <array>

#include "gate.h"

namespace rampart::sim {
namespace {

constexpr Millis kHourMillis = kHour * kSecondMillis;

class Open final : public Gate {
 public:
  Answer ask(const Queued&, Millis) override { return Answer::Accept; }
};

// So many an hour to each provider.
class Cap final : public Gate {
 public:
  explicit Cap(std::size_t providers) : windows_(providers) {}

  Answer ask(const Queued& queued, Millis now) override {
    Window& window = windows_[queued.message.provider];
    const Millis hour = now / kHourMillis;
    if (window.hour != hour) {
      window = {hour, 0};
    }
    return window.used < kPerHour ? (++window.used, Answer::Accept) : Answer::Later;
  }

 private:
  static constexpr int kPerHour = 500;
  struct Window {
    Millis hour = -1;
    int used = 0;
  };
  std::vector<Window> windows_;
};

// A published list of days: the next rung every day, whatever happens. Who has sent before begins
// at the rung above its largest day.
class Schedule final : public Gate {
 public:
  explicit Schedule(const std::vector<std::vector<double>>& usual) {
    for (const std::vector<double>& sender : usual) {
      std::vector<Flow>& flows = flows_.emplace_back();
      for (const double most : sender) {
        const auto rung = std::upper_bound(kRungs.begin(), kRungs.end(), most);
        flows.push_back({static_cast<std::size_t>(rung - kRungs.begin()), -1, 0});
      }
    }
  }

  Answer ask(const Queued& queued, Millis now) override {
    Flow& flow = flows_[queued.message.sender][queued.message.provider];
    const Millis day = now / kDayMillis;
    if (flow.day != day) {
      flow.day = day;
      flow.used = 0;
    }
    const std::size_t rung =
        std::min(kRungs.size() - 1, flow.first + static_cast<std::size_t>(day));
    return flow.used < kRungs[rung] ? (++flow.used, Answer::Accept) : Answer::Later;
  }

 private:
  // SparkPost's stages of a warm-up, units a day.
  static constexpr std::array<double, 14> kRungs{200,     500,     1000,    2000,   5000,
                                                 10'000,  20'000,  40'000,  50'000, 75'000,
                                                 100'000, 150'000, 200'000, 250'000};
  struct Flow {
    std::size_t first = 0;
    Millis day = -1;
    double used = 0;
  };
  std::vector<std::vector<Flow>> flows_;
};

// Half the pace at "too fast", at most once in ten minutes; a tenth more in each hour without.
class Halving final : public Gate {
 public:
  explicit Halving(std::size_t providers) : paces_(providers) {}

  Answer ask(const Queued& queued, Millis now) override {
    Pace& pace = paces_[queued.message.provider];
    for (; pace.grown + kHourMillis <= now; pace.grown += kHourMillis) {
      pace.per_hour = std::min(kMost, pace.per_hour * 1.1);
    }
    if (now < pace.next) {
      return Answer::Later;
    }
    // Ten may go together.
    pace.next = std::max(pace.next, now - static_cast<Millis>(10 * kHourMillis / pace.per_hour)) +
                static_cast<Millis>(kHourMillis / pace.per_hour);
    return Answer::Accept;
  }

  void on_reply(const Queued& queued, Kind kind, const Words&, Millis now) override {
    Pace& pace = paces_[queued.message.provider];
    if (kind == Kind::Throttled && now > pace.halved + kHourMillis / 6) {
      pace.halved = now;
      pace.grown = now;
      pace.per_hour = std::max(10.0, pace.per_hour / 2);
    }
  }

 private:
  static constexpr double kMost = 20'000;
  struct Pace {
    double per_hour = 2000;
    Millis grown = 0;
    Millis halved = -kHourMillis;
    Millis next = 0;
  };
  std::vector<Pace> paces_;
};

class Oracle final : public Gate {
 public:
  explicit Oracle(std::vector<std::unique_ptr<Receiver>>& receivers)
      : receivers_(receivers), under_way_(receivers.size()) {}

  Answer ask(const Queued& queued, Millis now) override {
    const std::size_t provider = queued.message.provider;
    const double room = receivers_[provider]->room(queued.message.sender, now / kSecondMillis);
    if (room < under_way_[provider] + 1) {
      return Answer::Later;
    }
    under_way_[provider] += 1;
    return Answer::Accept;
  }
  // Mail of the history was never asked about.
  void on_reply(const Queued& queued, Kind kind, const Words& words, Millis) override {
    const bool stays = kind != Kind::Accepted && words.text.front() == '4';
    if (!stays && queued.message.submitted >= 0) {
      under_way_[queued.message.provider] -= 1;
    }
  }
  void on_expired(const Queued& queued, Millis) override {
    under_way_[queued.message.provider] -= queued.message.submitted >= 0 ? 1 : 0;
  }

 private:
  std::vector<std::unique_ptr<Receiver>>& receivers_;
  std::vector<double> under_way_;
};

}  // namespace

std::unique_ptr<Gate> make_baseline(Control control,
                                    std::vector<std::unique_ptr<Receiver>>& receivers,
                                    const std::vector<std::vector<double>>& usual) {
  switch (control) {
    case Control::Cap:
      return std::make_unique<Cap>(receivers.size());
    case Control::Schedule:
      return std::make_unique<Schedule>(usual);
    case Control::Halving:
      return std::make_unique<Halving>(receivers.size());
    case Control::Oracle:
      return std::make_unique<Oracle>(receivers);
    default:
      return std::make_unique<Open>();
  }
}

}  // namespace rampart::sim
