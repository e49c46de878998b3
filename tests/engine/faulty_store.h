// A store with faults over one of memory.

#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "rampart/store/state_store.h"

namespace rampart::test {

/// A store that fails on demand, or takes everything and keeps nothing: what a process that was
/// killed writes no more.
class FaultyStore final : public store::StateStore {
 public:
  explicit FaultyStore(std::shared_ptr<store::StateStore> inner = store::open_memory())
      : inner_(std::move(inner)) {}
  std::atomic<bool> fails{false};
  std::atomic<bool> dead{false};
  std::atomic<bool> reads_fail{false};
  std::atomic<base::Error::Kind> how{base::Error::Kind::Unavailable};  ///< reads fail
  std::atomic<bool> hangs{false};  ///< a look-up of suppressions, until it does not
  base::Result<> commit(const store::Batch& batch) override {
    if (fails) {
      return base::Error{base::Error::Kind::Unavailable, "disk full"};
    }
    return dead ? base::Result<>(base::Ok{}) : inner_->commit(batch);
  }
  base::Result<store::Snapshot> load() override { return inner_->load(); }
  base::HashKey hash_key() const noexcept override { return inner_->hash_key(); }
  base::Result<std::vector<suppression::Entry>> find_suppressions(std::string_view key) override {
    while (hangs) {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return reads_fail ? failure() : inner_->find_suppressions(key);
  }
  base::Result<std::optional<suppression::Evidence>> find_evidence(
      std::string_view key, std::string_view sender) override {
    return reads_fail ? failure() : inner_->find_evidence(key, sender);
  }
  base::Result<std::vector<suppression::Change>> history(std::string_view key) override {
    return reads_fail ? failure() : inner_->history(key);
  }
  base::Result<std::vector<suppression::Entry>> list_suppressions(
      const store::SuppressionFilter& filter) override {
    return reads_fail ? failure() : inner_->list_suppressions(filter);
  }
  base::Result<> for_each_suppression_key(
      const std::function<void(std::string_view key)>& visit) override {
    return inner_->for_each_suppression_key(visit);
  }
  base::Result<std::uint64_t> count_suppressions() override { return inner_->count_suppressions(); }
  base::Result<std::optional<store::TokenRecord>> find_token(std::string_view token) override {
    return reads_fail ? failure() : inner_->find_token(token);
  }
  base::Result<std::vector<std::string>> find_events(std::uint32_t id,
                                                     base::WallTime since) override {
    return reads_fail ? failure() : inner_->find_events(id, since);
  }
  base::Result<> prune(const store::Horizons& horizons) override { return inner_->prune(horizons); }
  std::string describe() const override { return "faulty"; }

 private:
  [[nodiscard]] base::Error failure() const { return {how.load(), "disk failed"}; }

  std::shared_ptr<store::StateStore> inner_;
};

}  // namespace rampart::test
