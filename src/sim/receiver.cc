#include "receiver.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rampart::sim {
namespace {

using Family = Model::Family;

constexpr Seconds kEpoch = -kLongAgo;  // keeps every division of times above zero
constexpr double kNoLimit = 1e12;
constexpr double kDeadMin = 10;
constexpr Seconds kWeek = 7 * kDay;

Seconds day_of(Seconds now, Seconds reset) noexcept {
  return (now + kEpoch - reset) / kDay;
}

Seconds hour_of(Seconds now) noexcept {
  return (now + kEpoch) / kHour;
}

bool chance(const Draw& draw, std::uint64_t of, double share) noexcept {
  return draw.share(of) < share;
}

Family family_of(Provider::Kind kind) noexcept {
  switch (kind) {
    case Provider::Kind::Day:
      return Family::Day;
    case Provider::Kind::Hour:
      return Family::Hour;
    case Provider::Kind::Minute:
      return Family::Minute;
    default:
      return Family::Free;
  }
}

// What providers may differ in beside their limits.
void draw_temper(Model& model, const Draw& draw) {
  model.growth = draw.from({1.25, 2.2}, 2);
  model.most = draw.from({20'000, 400'000}, 3);
  model.use_share = 0.25 + 0.35 * draw.share(4);
  model.over_penalty = draw.from({0.5, 5}, 5);
  model.over_block = chance(draw, 19, 0.3) ? kNoLimit : model.over_penalty * draw.from({3, 20}, 6);
  model.block_hours = draw.from({4, 48}, 7);
  model.dead_soft = draw.from({0.03, 0.08}, 8);
  model.dead_block = model.dead_soft * draw.from({1.5, 3}, 9);
  model.complaint_soft = draw.from({0.0015, 0.006}, 10);
  model.sticky = chance(draw, 11, 0.25);
  model.reset = static_cast<Seconds>(24 * draw.share(12)) * kHour;
  model.greylist = chance(draw, 13, 0.2) ? static_cast<Seconds>(draw.from({60, 900}, 14)) : 0;
  model.full = draw.from({0.001, 0.01}, 15);
  model.noise = draw.from({0.0005, 0.01}, 16);
  model.variant = static_cast<std::uint32_t>(draw.bits(17));
  model.host_factor = draw.from({2, 8}, 18);
}

void draw_family(Model& model, const Draw& draw, bool unseen) {
  constexpr std::array kTuned{Family::Day, Family::Hour, Family::Minute, Family::Trust};
  constexpr std::array kAll{Family::Day,     Family::Hour,  Family::Minute, Family::Trust,
                            Family::Sliding, Family::Steps, Family::Spike};
  const std::uint64_t pick = draw.bits(20);
  model.family = unseen ? kAll[pick % kAll.size()] : kTuned[pick % kTuned.size()];
  const double per = draw.share(21);
  model.per_sender = per < 0.8;
  model.per_host = per >= 0.5;
}

void set_family(Model& model, const Draw& draw) {
  switch (model.family) {
    case Family::Hour:
      model.hour_share = draw.from({0.06, 0.25}, 22);
      break;
    case Family::Minute:
      model.hour_share = chance(draw, 23, 0.5) ? draw.from({0.1, 0.3}, 22) : 0;
      model.minute_share = draw.from({0.003, 0.015}, 24);
      break;
    case Family::Trust:
      model.hour_share = draw.from({0.08, 0.4}, 22);
      model.dead_block *= 0.7;
      model.over_penalty *= 0.5;
      break;
    case Family::Spike:
      model.spike = draw.from({3, 8}, 25);
      break;
    case Family::Sliding:
      model.hour_share = chance(draw, 23, 0.5) ? draw.from({0.08, 0.3}, 22) : 0;
      break;
    default:
      break;
  }
}

}  // namespace

Model draw_model(const Provider& provider, bool unseen, const Draw& draw) {
  Model model;
  draw_temper(model, draw);
  model.start = draw.from(provider.limit, 1);
  if (provider.kind == Provider::Kind::Typical) {
    draw_family(model, draw, unseen);
    if (chance(draw, 26, 1 - provider.limited)) {
      model.family = Family::Free;
    }
    set_family(model, draw);
  } else {
    model.family = family_of(provider.kind);
    model.exact = true;
    model.host_factor = 1;
    model.growth = draw.from(provider.growth, 2);
    model.per_sender = provider.per != Provider::Per::Host;
    model.per_host = provider.per != Provider::Per::Sender;
  }
  if (provider.kind == Provider::Kind::Hour) {
    model.start *= 24;
    model.hour_share = 1.0 / 24;
  } else if (provider.kind == Provider::Kind::Minute) {
    model.start *= 24 * 60;
    model.minute_share = 1.0 / (24 * 60);
  }
  if (model.family == Family::Free) {
    model.per_sender = model.per_host = false;
  }
  model.most = std::max(model.most, model.start);
  return model;
}

Receiver::Receiver(const Provider& provider,
                   const Model& model,
                   const std::vector<double>& usual,
                   std::uint64_t seed)
    : provider_(provider),
      model_(model),
      noise_(seed, Purpose::Noise),
      full_(seed, Purpose::Full),
      grey_(seed, Purpose::Greylist),
      senders_(usual.size()) {
  // What it has long taken it takes with something to spare.
  const Draw draw(seed, Purpose::Model);
  double all = 0;
  for (std::size_t i = 0; i < usual.size(); ++i) {
    const double headroom = model_.exact ? 0 : draw.from({1.3, 3}, 40, i);
    senders_[i].limit = std::max(model_.start, usual[i] * headroom);
    senders_[i].mean = usual[i] / 2;
    senders_[i].total = usual[i] * 14;
    all += usual[i];
  }
  host_.limit =
      std::max(model_.start * model_.host_factor, model_.exact ? 0 : all * draw.from({1.3, 3}, 41));
  host_.mean = all / 2;
  host_.total = all * 14;
}

Words Receiver::words(Kind kind) const noexcept {
  return words_of(provider_.style, kind, model_.variant);
}

template <class Do>
void Receiver::each(std::size_t sender, Do&& what) {
  if (model_.per_sender) {
    what(senders_[sender], 1.0);
  }
  if (model_.per_host) {
    what(host_, model_.host_factor);
  }
}

// One or more days are over.
void Receiver::end_day(Standing& standing, double factor, Seconds days) const {
  const bool sick =
      standing.dead >= kDeadMin / 2 && standing.dead > model_.dead_soft * standing.seen;
  const bool hated =
      standing.complaints >= 4 && standing.complaints > model_.complaint_soft * standing.taken;
  const bool good =
      !sick && !hated && !standing.halved && standing.over <= model_.over_penalty * standing.limit;
  const double floor = model_.start * factor / 4;
  if (sick || hated) {
    standing.limit = std::max(floor, standing.limit * 0.7);
    standing.good_days = 0;
  } else if (good && standing.taken >= model_.use_share * standing.limit) {
    ++standing.good_days;
    // By steps: it looks at three days, then trusts much more.
    if (model_.family != Family::Steps) {
      standing.limit *= model_.growth;
    } else if (standing.good_days % 3 == 0) {
      standing.limit *= model_.growth * model_.growth * model_.growth;
    }
  }
  // A limit that was halved comes back while nobody pushes.
  if (good) {
    standing.limit =
        std::max(standing.limit, std::min(model_.start * factor, standing.limit * model_.growth));
  }
  standing.limit = std::min(standing.limit, model_.most * factor);
  const double weight = std::pow(6.0 / 7.0, static_cast<double>(days));
  standing.mean = standing.mean * weight + standing.taken * (1 - 6.0 / 7.0);
  standing.taken = 0;
  standing.over = 0;
  standing.complaints = 0;
  standing.halved = false;
}

void Receiver::roll(Standing& standing, double factor, Seconds now) const {
  const Seconds hour = hour_of(now);
  const Seconds day = day_of(now, model_.reset);
  if (standing.hour == 0) {
    standing.hour = hour;
    standing.day = day;
    standing.tokens_at = now;
    standing.tokens = std::max(2.0, standing.limit * model_.minute_share);
  }
  for (Seconds h = std::max(standing.hour + 1, hour - 23); h <= hour; ++h) {
    standing.hours[static_cast<std::size_t>(h % 24)] = 0;
  }
  standing.hour = hour;
  if (day > standing.day) {
    end_day(standing, factor, day - standing.day);
    standing.day = day;
  }
  if (model_.minute_share > 0) {
    const double minute = std::max(2.0, standing.limit * model_.minute_share);
    standing.tokens = std::min(
        minute, standing.tokens + minute * static_cast<double>(now - standing.tokens_at) / 60);
    standing.tokens_at = now;
  }
}

double Receiver::room_of(Standing& standing, double factor, Seconds now) const {
  roll(standing, factor, now);
  if (now < standing.blocked_until) {
    return 0;
  }
  double limit = standing.limit;
  double used = standing.taken;
  if (model_.family == Family::Sliding) {
    used = 0;
    for (const std::uint32_t hour : standing.hours) {
      used += hour;
    }
  }
  if (model_.spike > 0) {
    limit = std::min(limit, std::max(model_.start * factor, model_.spike * standing.mean));
  }
  double room = limit - used;
  if (model_.hour_share > 0) {
    const double hour = standing.hours[static_cast<std::size_t>(standing.hour % 24)];
    room = std::min(room, std::max(5.0, limit * model_.hour_share) - hour);
  }
  if (model_.minute_share > 0) {
    room = std::min(room, standing.tokens);
  }
  return std::max(0.0, std::floor(room));
}

double Receiver::room(std::size_t sender, Seconds now) {
  if (model_.family == Family::Free) {
    return kNoLimit;
  }
  double room = kNoLimit;
  each(sender, [&](Standing& standing, double factor) {
    room = std::min(room, room_of(standing, factor, now));
  });
  return room;
}

void Receiver::block(Standing& standing, Seconds now) const {
  if (now < standing.blocked_until) {
    return;
  }
  const bool again = now < standing.last_block + kWeek;
  const auto first = static_cast<Seconds>(model_.block_hours * kHour);
  standing.blocked_len = again ? std::min(2 * first, 2 * standing.blocked_len) : first;
  standing.blocked_until = now + standing.blocked_len;
  standing.last_block = now;
  standing.blocks.emplace_back(now, standing.blocked_until);
  standing.limit = std::max(model_.start / 4, standing.limit / 2);
  standing.halved = true;
}

// An attempt beyond the limit.
void Receiver::push(Standing& standing, Seconds now) const {
  standing.over += 1;
  const double limit = std::max(50.0, standing.limit);
  if (standing.over > model_.over_block * limit) {
    block(standing, now);
    standing.over = 0;
  } else if (!standing.halved && standing.over > model_.over_penalty * limit) {
    standing.limit = std::max(model_.start / 4, standing.limit / 2);
    standing.halved = true;
  }
}

void Receiver::count_dead(Standing& standing, bool dead, Seconds now) const {
  standing.seen += 1;
  standing.dead += dead ? 1 : 0;
  if (standing.seen > 400) {
    standing.seen /= 2;
    standing.dead /= 2;
  }
  if (standing.dead >= kDeadMin && standing.dead > model_.dead_block * standing.seen) {
    block(standing, now);
    standing.seen = 0;
    standing.dead = 0;
  }
}

void Receiver::take(Standing& standing, bool complains, Seconds now) const {
  standing.taken += 1;
  standing.total += 1;
  standing.hours[static_cast<std::size_t>(standing.hour % 24)] += 1;
  standing.tokens -= 1;
  standing.complaints += complains ? 1 : 0;
  if (standing.complaints >= 10 &&
      standing.complaints > 4 * model_.complaint_soft * std::max(200.0, standing.taken)) {
    block(standing, now);
    standing.complaints = 0;
  }
}

Kind Receiver::answer(const Attempt& attempt, Seconds now) {
  const auto outage = static_cast<Seconds>(provider_.outage_day * kDay);
  if (provider_.outage_hours > 0 && now >= outage &&
      now < outage + static_cast<Seconds>(provider_.outage_hours * kHour)) {
    return Kind::Dead;
  }
  if (model_.family != Family::Free) {
    bool blocked = false;
    bool full = false;
    each(attempt.sender, [&](Standing& standing, double factor) {
      full = room_of(standing, factor, now) < 1 || full;
      if (now < standing.blocked_until) {
        blocked = true;
        if (model_.sticky && !standing.blocks.empty()) {
          const Seconds latest = standing.last_block + 2 * standing.blocked_len;
          standing.blocked_until =
              std::max(standing.blocked_until, std::min(latest, now + 2 * kHour));
          standing.blocks.back().second = standing.blocked_until;
        }
      }
    });
    if (blocked) {
      return Kind::Blocked;
    }
    if (full) {
      each(attempt.sender, [&](Standing& standing, double factor) {
        if (room_of(standing, factor, now) < 1) {
          push(standing, now);
        }
      });
      return Kind::Throttled;
    }
  }
  const std::uint64_t each_try = attempt.recipient * 64 + std::min(attempt.tries, 63U);
  if (model_.greylist > 0 && attempt.tries == 0 && senders_[attempt.sender].total < 500 &&
      chance(grey_, attempt.recipient, 0.9)) {
    return Kind::Greylisted;
  }
  if (chance(noise_, each_try, model_.noise)) {
    return Kind::Trouble;
  }
  each(attempt.sender,
       [&](Standing& standing, double) { count_dead(standing, attempt.dead, now); });
  if (attempt.dead) {
    return Kind::Dead;
  }
  if (chance(full_, attempt.recipient, model_.full)) {
    return Kind::Full;
  }
  each(attempt.sender, [&](Standing& standing, double factor) {
    roll(standing, factor, now);
    take(standing, attempt.complains, now);
  });
  return Kind::Accepted;
}

double Receiver::hours_blocked(Seconds from, Seconds to) const {
  double hours = 0;
  const auto add = [&](const Standing& standing) {
    for (const auto& [begin, end] : standing.blocks) {
      hours +=
          static_cast<double>(std::max<Seconds>(0, std::min(end, to) - std::max(begin, from))) /
          kHour;
    }
  };
  std::for_each(senders_.begin(), senders_.end(), add);
  add(host_);
  return hours;
}

}  // namespace rampart::sim
