#include "rampart/history/correlator.h"

#include <limits>
#include <utility>

#include "rampart/correlate/domains.h"
#include "rampart/reply/cache.h"

namespace rampart::history {
namespace {

constexpr std::size_t kPlaces = 4096;        // of the cache of replies
constexpr std::size_t kSendersMax = 50'000;  // addresses remembered with their sender
constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

}  // namespace

struct Correlator::Data final : correlate::Keeper {
  explicit Data(std::shared_ptr<const policy::Active> in_force)
      : active(std::move(in_force)),
        cache(active->policy().replies, kPlaces),
        correlator(*active, book, *this, source) {}

  void take(correlate::Outcome& found) override {
    ++counts.outcomes;
    Outcome outcome{found, senders.enter(found.flow->sender), providers.enter(found.flow->provider),
                    now};
    (*sink)(outcome);
    found.standing = outcome.standing;
  }

  std::string sender_of(const std::string& envelope_sender, base::WallTime /*now*/) override {
    const auto known = sender_names.find(envelope_sender);
    if (known != sender_names.end()) {
      return known->second;
    }
    if (sender_names.size() >= kSendersMax) {
      sender_names.clear();
    }
    return sender_names.emplace(envelope_sender, correlate::sender_of(*active, envelope_sender))
        .first->second;
  }
  std::string provider_of(const mail::Domain& domain) override {
    return domains.provider_of(active->policy().providers, domain);
  }
  void teach(const mail::Domain& domain,
             std::string_view provider,
             base::WallTime /*now*/) override {
    domains.learn(domain.text(), provider);
  }
  reply::Classification classify(const reply::Question& question) override {
    // Every acceptance has a queue ID of its own: nothing to remember.
    return question.status == mail::DeliveryStatus::Sent
               ? active->policy().replies.classify(question)
               : cache.classify(question);
  }

  void on_unknown() override { ++counts.unknown_message; }
  void on_full() override { ++counts.passed_over; }

  const std::string source = "old logs";
  std::shared_ptr<const policy::Active> active;
  reply::Cache cache;
  Names senders;
  Names providers;
  correlate::Domains domains;
  std::unordered_map<std::string, std::string> sender_names;  // a cache, by envelope address
  correlate::Book book;
  correlate::Correlator correlator;
  base::WallTime now{};  // latest time of a line
  const Sink* sink = nullptr;
  Counts counts;
};

Correlator::Correlator(std::shared_ptr<const policy::Active> active)
    : data_(std::make_unique<Data>(std::move(active))) {}
Correlator::~Correlator() = default;
Correlator::Correlator(Correlator&&) noexcept = default;
Correlator& Correlator::operator=(Correlator&&) noexcept = default;

void Correlator::add(const report::LogLine& line, const Sink& sink) {
  data_->sink = &sink;
  if (line.time > data_->now) {
    data_->now = line.time;
    data_->correlator.forget_due(line.time, kNoLimit);
  }
  data_->correlator.add(line);
}

const Names& Correlator::senders() const noexcept {
  return data_->senders;
}
const Names& Correlator::providers() const noexcept {
  return data_->providers;
}
const std::unordered_map<std::string, std::string>& Correlator::domains() const noexcept {
  return data_->domains.learned();
}

Correlator::Counts Correlator::counts() const noexcept {
  Counts counts = data_->counts;
  counts.messages = data_->book.size();
  return counts;
}

}  // namespace rampart::history
