#include "rampart/suppression/guard.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "rampart/base/text.h"

namespace rampart::suppression {
namespace {

constexpr std::size_t kKeyMax = 1024;
constexpr std::size_t kWindowMax = 10'000;  // answers that decode() reads
constexpr double kWeightMax = 1e15;
constexpr double kWeightMin = 1e-9;  // less is nothing
// Half of the range, so that no difference overflows.
constexpr std::int64_t kTimeMax = std::int64_t{1} << 61U;
constexpr std::string_view kVersion = "1";

base::WallTime sane(base::WallTime time) {
  return std::clamp(time, base::WallTime{}, base::WallTime{base::Micros{kTimeMax}});
}

void append(std::string& text, std::int64_t value) {
  text += std::to_string(value) + ' ';
}

void append(std::string& text, double value) {
  std::array<char, 32> buffer{};  // shortest exact spelling: at most 24 bytes
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  text.append(buffer.data(), result.ptr);
  text += ' ';
}

// Takes words that end with a blank off the front of a text. After one failure all fail.
class Words {
 public:
  explicit Words(std::string_view text) noexcept : rest_(text) {}

  std::string_view word() noexcept {
    const std::size_t blank = rest_.find(' ');
    if (blank == std::string_view::npos) {
      fail();
      return {};
    }
    const std::string_view taken = rest_.substr(0, blank);
    rest_.remove_prefix(blank + 1);
    return taken;
  }

  template <class N>
  N number(N low, N high) noexcept {
    const std::string_view text = word();
    N value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    // Written so that "nan" fails.
    if (error != std::errc{} || end != text.data() + text.size() ||
        !(value >= low && value <= high)) {
      fail();
      return low;
    }
    return value;
  }

  base::WallTime time() noexcept {
    return base::WallTime{base::Micros{number<std::int64_t>(0, kTimeMax)}};
  }

  std::string bytes(std::size_t size) {
    if (size > rest_.size()) {
      fail();
      return {};
    }
    std::string taken(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return taken;
  }

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

 private:
  void fail() noexcept {
    failed_ = true;
    rest_ = {};
  }

  std::string_view rest_;
  bool failed_ = false;
};

// 2 for 0.0249.
std::string percent(double share) {
  const long rounded = std::lround(share * 100);
  return rounded == 0 ? "less than 1 %" : std::to_string(rounded) + " %";
}

}  // namespace

FailureGuard::FailureGuard(const GuardOptions& options) : options_(options) {
  options_.window = std::clamp<std::size_t>(options_.window, 1, kWindowMax);
}

FailureGuard::Turn FailureGuard::observe(const Outcome& outcome) {
  advance(outcome.time);
  const bool known = outcome.dead && !outcome.key.empty() &&
                     std::any_of(recent_.begin(), recent_.end(), [&](const Outcome& earlier) {
                       return earlier.key == outcome.key;
                     });
  if (!known) {
    const bool keeps_key = outcome.dead && outcome.key.size() <= kKeyMax;
    recent_.push_back({.time = latest_, .dead = outcome.dead, .key = keeps_key ? outcome.key : ""});
    dead_ += outcome.dead ? std::size_t{1} : 0;
    if (recent_.size() > options_.window) {
      forget_oldest();
    }
  }
  return turn();
}

FailureGuard::Turn FailureGuard::tick(base::WallTime now) {
  now = sane(now);
  // An answer of the future was stamped by a clock that has been set right since.
  if (latest_ > now + options_.window_age) {
    latest_ = now;
    for (Outcome& outcome : recent_) {
      outcome.time = std::min(outcome.time, now);
    }
  }
  advance(now);
  return turn();
}

bool FailureGuard::leaping(base::WallTime now) const {
  return leaping_ && !falls(recent_at(now), now);
}

bool FailureGuard::suspicious(base::WallTime now) const {
  constexpr double kUsualMax = 0.15;  // five in a row are then a matter of one in ten thousand
  std::size_t run = 0;
  for (auto outcome = recent_.rbegin(); outcome != recent_.rend() && outcome->dead; ++outcome) {
    ++run;
  }
  return run >= kSuspectRun && usual_share(now) <= kUsualMax;
}

std::vector<std::string> FailureGuard::recent_dead() const {
  std::vector<std::string> keys;
  for (const Outcome& outcome : recent_) {
    if (outcome.dead && !outcome.key.empty()) {
      keys.push_back(outcome.key);
    }
  }
  return keys;
}

double FailureGuard::usual_share(base::WallTime now) const {
  const double kept = kept_until(now);
  return (history_dead_ * kept + options_.assumed_share * options_.assumed_weight) /
         (history_total_ * kept + options_.assumed_weight);
}

std::string FailureGuard::describe(base::WallTime now) const {
  const Tally recent = recent_at(now);
  std::string words = "no recent answers";
  if (recent.total > 0) {
    words = std::to_string(recent.dead) + " of the last " + std::to_string(recent.total) +
            (recent.total == 1 ? " answer" : " answers") + (recent.dead == 1 ? " says" : " say") +
            " the mailbox does not exist";
  }
  words += "; " + percent(usual_share(now)) + " is ";
  const bool known = history_total_ * kept_until(now) >= options_.assumed_weight;
  return words + (known ? "usual here" : "assumed to be usual");
}

void FailureGuard::accept(base::WallTime now) {
  advance(now);
  const Tally recent = recent_at(latest_);
  if (recent.total > 0) {
    // Such a history that the usual share, with what is assumed in it, comes out as the present.
    const double assumed = options_.assumed_share * options_.assumed_weight;
    history_total_ = std::max(history_total_, options_.accepted_weight);
    history_dead_ = std::clamp(
        recent.share() * (history_total_ + options_.assumed_weight) - assumed, 0.0, history_total_);
  }
  recent_.clear();
  dead_ = 0;
  leaping_ = false;
}

std::string FailureGuard::encode() const {
  std::string text = std::string(kVersion) + ' ';
  append(text, std::int64_t{leaping_ ? 1 : 0});
  append(text, latest_.time_since_epoch().count());
  append(text, history_dead_);
  append(text, history_total_);
  append(text, static_cast<std::int64_t>(recent_.size()));
  for (const Outcome& outcome : recent_) {
    append(text, outcome.time.time_since_epoch().count());
    append(text, std::int64_t{outcome.dead ? 1 : 0});
    append(text, static_cast<std::int64_t>(outcome.key.size()));
    text += outcome.key;
  }
  return text;
}

std::optional<FailureGuard> FailureGuard::decode(std::string_view text,
                                                 const GuardOptions& options) {
  Words words(text);
  if (words.word() != kVersion) {
    return std::nullopt;
  }
  FailureGuard guard(options);
  guard.leaping_ = words.number(0, 1) == 1;
  guard.latest_ = words.time();
  guard.history_dead_ = words.number(0.0, kWeightMax);
  guard.history_total_ = words.number(guard.history_dead_, kWeightMax);
  const auto count = words.number<std::size_t>(0, kWindowMax);
  for (std::size_t i = 0; i < count && !words.failed(); ++i) {
    Outcome outcome;
    outcome.time = words.time();
    outcome.dead = words.number(0, 1) == 1;
    outcome.key = words.bytes(words.number<std::size_t>(0, kKeyMax));
    const base::WallTime earlier =
        guard.recent_.empty() ? base::WallTime::min() : guard.recent_.back().time;
    if (outcome.time < earlier || outcome.time > guard.latest_ ||
        (!outcome.dead && !outcome.key.empty())) {
      return std::nullopt;
    }
    guard.dead_ += outcome.dead ? std::size_t{1} : 0;
    guard.recent_.push_back(std::move(outcome));
  }
  if (words.failed() || !words.at_end()) {
    return std::nullopt;
  }
  while (guard.recent_.size() > guard.options_.window) {
    guard.forget_oldest();
  }
  return guard;
}

bool operator==(const FailureGuard& a, const FailureGuard& b) {
  return a.recent_ == b.recent_ && a.history_dead_ == b.history_dead_ &&
         a.history_total_ == b.history_total_ && a.latest_ == b.latest_ && a.leaping_ == b.leaping_;
}

double FailureGuard::Tally::share() const {
  return total == 0 ? 0 : static_cast<double>(dead) / static_cast<double>(total);
}

void FailureGuard::advance(base::WallTime time) {
  const double kept = kept_until(time);
  for (double* weight : {&history_dead_, &history_total_}) {
    *weight = *weight * kept < kWeightMin ? 0 : *weight * kept;
  }
  latest_ = std::max(sane(time), latest_);
  while (!recent_.empty() && latest_ - recent_.front().time > options_.window_age) {
    forget_oldest();
  }
}

// What left the recent answers during a leap is the failure's: no history.
void FailureGuard::forget_oldest() {
  if (!leaping_) {
    history_dead_ += recent_.front().dead ? 1 : 0;
    history_total_ += 1;
  }
  dead_ -= recent_.front().dead ? std::size_t{1} : 0;
  recent_.pop_front();
}

double FailureGuard::kept_until(base::WallTime time) const {
  if (time <= latest_) {
    return 1;
  }
  const auto elapsed = static_cast<double>((std::max(sane(time), latest_) - latest_).count());
  return std::exp2(-elapsed / static_cast<double>(options_.half_life.count()));
}

FailureGuard::Turn FailureGuard::turn() {
  if (!leaping_ && dead_ < std::min(options_.leap_dead, options_.run_dead)) {
    return Turn::None;
  }
  const Tally recent = recent_at(latest_);
  if (!leaping_ && leaps(recent, latest_)) {
    leaping_ = true;
    return Turn::Leapt;
  }
  if (leaping_ && falls(recent, latest_)) {
    leaping_ = false;
    return Turn::Fell;
  }
  return Turn::None;
}

FailureGuard::Tally FailureGuard::recent_at(base::WallTime time) const {
  const base::WallTime now = sane(time);
  Tally tally;
  std::size_t run = 0;
  for (const Outcome& outcome : recent_) {
    if (now - outcome.time <= options_.window_age) {
      run = outcome.dead ? run + 1 : 0;
      tally.run = std::max(tally.run, run);
      tally.dead += outcome.dead ? 1 : 0;
      ++tally.total;
    }
  }
  return tally;
}

bool FailureGuard::leaps(const Tally& recent, base::WallTime now) const {
  const double usual = usual_share(now);
  const double unknown =
      options_.assumed_weight / (options_.assumed_weight + history_total_ * kept_until(now));
  const double bound =
      std::max(options_.leap_share, options_.leap_factor * usual) + options_.leap_margin * unknown;
  const bool by_share = recent.dead >= options_.leap_dead && recent.share() >= bound;
  const bool by_run = recent.run >= options_.run_dead &&
                      std::pow(usual, static_cast<double>(recent.run)) < options_.run_chance;
  return by_share || by_run;
}

bool FailureGuard::falls(const Tally& recent, base::WallTime now) const {
  if (recent.dead < options_.fall_dead) {
    return true;
  }
  const double usual = usual_share(now);
  const double bound = std::min(1.0, std::max(options_.leap_share, options_.leap_factor * usual));
  const double low = std::max(options_.fall_factor * bound, usual + options_.fall_margin);
  return recent.share() < low && !leaps(recent, now);
}

}  // namespace rampart::suppression
