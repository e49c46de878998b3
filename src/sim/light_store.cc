#include "light_store.h"

#include <algorithm>
#include <utility>

namespace rampart::sim {
namespace {

using store::Operation;

bool is_read_back(const Operation& operation) noexcept {
  return std::holds_alternative<suppression::Entry>(operation) ||
         std::holds_alternative<suppression::Evidence>(operation) ||
         std::holds_alternative<store::EraseSuppression>(operation) ||
         std::holds_alternative<store::EraseEvidence>(operation);
}

class LightStore final : public store::StateStore {
 public:
  explicit LightStore(std::unique_ptr<store::StateStore> store) : store_(std::move(store)) {}

  base::Result<> commit(const store::Batch& batch) override {
    store::Batch kept;
    std::copy_if(batch.operations.begin(), batch.operations.end(),
                 std::back_inserter(kept.operations), is_read_back);
    return kept.operations.empty() ? base::Result<>(base::Ok{}) : store_->commit(kept);
  }
  base::Result<store::Snapshot> load() override { return store_->load(); }
  [[nodiscard]] base::HashKey hash_key() const noexcept override { return store_->hash_key(); }
  base::Result<std::vector<suppression::Entry>> find_suppressions(std::string_view key) override {
    return store_->find_suppressions(key);
  }
  base::Result<std::optional<suppression::Evidence>> find_evidence(
      std::string_view key, std::string_view sender) override {
    return store_->find_evidence(key, sender);
  }
  base::Result<std::vector<suppression::Change>> history(std::string_view key) override {
    return store_->history(key);
  }
  base::Result<std::vector<suppression::Entry>> list_suppressions(
      const store::SuppressionFilter& filter) override {
    return store_->list_suppressions(filter);
  }
  base::Result<> for_each_suppression_key(
      const std::function<void(std::string_view key)>& visit) override {
    return store_->for_each_suppression_key(visit);
  }
  base::Result<std::uint64_t> count_suppressions() override { return store_->count_suppressions(); }
  base::Result<std::optional<store::TokenRecord>> find_token(std::string_view token) override {
    return store_->find_token(token);
  }
  base::Result<std::vector<std::string>> find_events(std::uint32_t id,
                                                     base::WallTime since) override {
    return store_->find_events(id, since);
  }
  base::Result<> prune(const store::Horizons& horizons) override { return store_->prune(horizons); }
  [[nodiscard]] std::string describe() const override { return "simulated"; }

 private:
  std::unique_ptr<store::StateStore> store_;
};

}  // namespace

std::unique_ptr<store::StateStore> make_light(std::unique_ptr<store::StateStore> store) {
  return std::make_unique<LightStore>(std::move(store));
}

}  // namespace rampart::sim
