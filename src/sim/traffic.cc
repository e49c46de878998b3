#include "traffic.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "draw.h"

namespace rampart::sim {
namespace {

constexpr std::uint64_t kFresh = 1ULL << 30;  // numbers of recipients that no list has
constexpr std::array<double, 7> kOfficeWeek{1, 1, 1, 1, 1, 0.6, 0.5};

class Maker {
 public:
  Maker(const Scenario& scenario, const std::vector<Provider>& providers, std::uint64_t seed)
      : scenario_(scenario), providers_(providers), seed_(seed) {
    for (const Provider& provider : providers) {
      shares_ += provider.share;
    }
  }

  std::vector<Message> make() {
    for (std::size_t i = 0; i < scenario_.senders.size(); ++i) {
      add_daily(i);
      add_campaigns(i);
    }
    std::sort(messages_.begin(), messages_.end(), [](const Message& a, const Message& b) {
      return a.submitted != b.submitted ? a.submitted < b.submitted : a.recipient < b.recipient;
    });
    return std::move(messages_);
  }

 private:
  struct Kind {
    double dead = 0;
    double complaints = 0;
  };

  void add(Millis at, std::size_t sender, std::uint64_t number, Kind kind) {
    Message message;
    message.submitted = at;
    message.recipient = (static_cast<std::uint64_t>(sender) << 32) | number;
    message.sender = static_cast<std::uint16_t>(sender);
    double place = providers_of_.share(message.recipient) * shares_;
    for (std::size_t i = 0; i < providers_.size(); ++i) {
      message.provider = static_cast<std::uint16_t>(i);
      place -= providers_[i].share;
      if (place < 0) {
        break;
      }
    }
    message.dead = dead_.share(message.recipient) < kind.dead;
    message.complains = complaint_.share(message.recipient, messages_.size()) < kind.complaints;
    messages_.push_back(message);
  }

  [[nodiscard]] static double volume(const Sender& sender, int day) {
    if (day < 0) {
      return sender.known ? sender.per_day : 0;
    }
    double per_day = sender.per_day;
    for (const Change& change : sender.changes) {
      if (change.day <= day) {
        per_day = change.per_day;
      }
    }
    return per_day * std::pow(sender.growth, day + 1);
  }

  [[nodiscard]] Millis time_of(const Sender& sender, std::uint64_t n, int day) const {
    const double share = time_.share(n, static_cast<std::uint64_t>(day + 1000));
    double hour = 24 * share;
    if (sender.shape == Sender::Shape::Office && share < 0.85) {
      hour = 8 + 10 * share / 0.85;
    } else if (sender.shape == Sender::Shape::Office) {
      hour = 24 * (share - 0.85) / 0.15;
    } else if (sender.shape == Sender::Shape::Batch) {
      hour = sender.batch_hour + static_cast<double>(n) / 20 / 3600;
    }
    return day * kDayMillis + static_cast<Millis>(hour * 3600 * kSecondMillis);
  }

  void add_daily(std::size_t index) {
    const Sender& sender = scenario_.senders[index];
    const Draw pick(mix(seed_) + index, Purpose::Pick);
    time_ = Draw(mix(seed_) + index, Purpose::Time);
    for (int day = -static_cast<int>(scenario_.history); day < static_cast<int>(scenario_.days);
         ++day) {
      const int weekday = ((day % 7) + 7) % 7;
      const double week = sender.shape == Sender::Shape::Office
                              ? kOfficeWeek[static_cast<std::size_t>(weekday)]
                              : 1;
      const auto count = static_cast<std::uint64_t>(std::lround(volume(sender, day) * week));
      const auto list = static_cast<std::uint64_t>(
          std::max(1.0, sender.list * std::pow(1 + sender.list_growth, std::max(0, day))));
      for (std::uint64_t n = 0; n < count; ++n) {
        add(time_of(sender, n, day), index,
            pick.bits(n, static_cast<std::uint64_t>(day + 1000)) % list,
            {sender.dead, sender.complaints});
      }
    }
  }

  void add_campaigns(std::size_t index) {
    const Sender& sender = scenario_.senders[index];
    for (std::size_t c = 0; c < sender.campaigns.size(); ++c) {
      const Campaign& campaign = sender.campaigns[c];
      const Kind kind = campaign.fresh ? Kind{campaign.dead, campaign.complaints}
                                       : Kind{sender.dead, sender.complaints};
      for (double day = campaign.day; day < std::min<double>(scenario_.days, campaign.until);
           day += campaign.every) {
        const auto start = static_cast<Millis>((day * 24 + campaign.hour) * 3600 * kSecondMillis);
        for (std::uint32_t n = 0; n < campaign.size; ++n) {
          const auto at = start + static_cast<Millis>(n * kSecondMillis / campaign.per_second);
          add(at, index, campaign.fresh ? kFresh + (c << 24) + n : n, kind);
        }
        if (campaign.every <= 0) {
          break;
        }
      }
    }
  }

  const Scenario& scenario_;
  const std::vector<Provider>& providers_;
  std::uint64_t seed_;
  double shares_ = 0;
  Draw providers_of_{seed_, Purpose::Recipient};
  Draw dead_{seed_, Purpose::Dead};
  Draw complaint_{seed_, Purpose::Complaint};
  Draw time_{seed_, Purpose::Time};
  std::vector<Message> messages_;
};

}  // namespace

std::vector<Provider> expand(const std::vector<Provider>& providers) {
  std::vector<Provider> all;
  for (const Provider& provider : providers) {
    for (std::uint32_t i = 0; i < std::max(1U, provider.domains); ++i) {
      all.push_back(provider);
      if (provider.domains > 1) {
        all.back().name = "d" + std::to_string(i + 1) + "-" + provider.name;
        all.back().share /= provider.domains;
        all.back().domains = 1;
      }
    }
  }
  return all;
}

std::vector<Message> make_traffic(const Scenario& scenario,
                                  const std::vector<Provider>& providers,
                                  std::uint64_t seed) {
  return Maker(scenario, providers, seed).make();
}

}  // namespace rampart::sim
