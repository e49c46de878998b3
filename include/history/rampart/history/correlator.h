// What old logs tell, by the rules by which a live log is learned from (correlate::Correlator), with
// flows as numbers.
//
// One thing differs: no sender is lumped with others for being new.
//
// Pure: time comes from the lines; distinct objects may be used from distinct threads.
// Errors: none. Lines about unknown messages are counted and have no effect.
// Limits: those of correlate::Book; messages beyond are counted and passed over.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "rampart/correlate/correlator.h"
#include "rampart/history/names.h"
#include "rampart/policy/active.h"
#include "rampart/report/event.h"

namespace rampart::history {

struct Outcome : correlate::Outcome {
  std::uint32_t sender = 0;    ///< Correlator::senders()
  std::uint32_t provider = 0;  ///< Correlator::providers()
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
