// What old logs tell, by the rules by which a live log is learned from (correlate::Correlator),
// with flows as numbers.
//
// One thing differs: no sender is lumped with others for being new.
//
// Pure: time comes from the lines; distinct objects may be used from distinct threads.
// Errors: none. Lines about unknown messages are counted and have no effect.
// Limits: those of correlate::Book; messages beyond are counted and passed over.

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "rampart/correlate/correlator.h"
#include "rampart/policy/active.h"
#include "rampart/report/event.h"

namespace rampart::history {

/// Each different text once, as a small number.
class Names {
 public:
  Names() = default;
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  /// The number of `name`, the next one if it is new.
  std::uint32_t enter(std::string_view name) {
    const auto known = numbers_.find(name);
    if (known != numbers_.end()) {
      return known->second;
    }
    const auto number = static_cast<std::uint32_t>(texts_.size());
    numbers_.emplace(texts_.emplace_back(name), number);
    return number;
  }
  /// @param number  from enter()
  [[nodiscard]] const std::string& text(std::uint32_t number) const { return texts_[number]; }
  [[nodiscard]] std::size_t size() const noexcept { return texts_.size(); }

 private:
  std::deque<std::string> texts_;  // never move: numbers_ refers to them
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

struct Outcome : correlate::Outcome {
  std::uint32_t sender = 0;    ///< Correlator::senders()
  std::uint32_t provider = 0;  ///< Correlator::providers()
  base::WallTime log_time{};   ///< how far the log has got: the outcome's line may be late
};

class Correlator {
 public:
  using Sink = std::function<void(Outcome&)>;

  explicit Correlator(std::shared_ptr<const policy::Active> active);
  ~Correlator();
  Correlator(Correlator&&) noexcept;
  Correlator& operator=(Correlator&&) noexcept;

  /// Brings the outcomes of one line to the sink, none as a rule.
  void add(const report::LogLine& line, const Sink& sink);

  [[nodiscard]] const Names& senders() const noexcept;
  [[nodiscard]] const Names& providers() const noexcept;
  /// Recipient domain -> named provider, as far as relay hosts have taught it.
  [[nodiscard]] const std::unordered_map<std::string, std::string>& domains() const noexcept;

  struct Counts {
    std::uint64_t outcomes = 0;
    std::uint64_t unknown_message = 0;  ///< deliveries of messages that were never taken up
    std::uint64_t passed_over = 0;      ///< messages for which the book had no room
    std::size_t messages = 0;           ///< known at present
  };
  [[nodiscard]] Counts counts() const noexcept;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace rampart::history
