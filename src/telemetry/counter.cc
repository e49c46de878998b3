#include "rampart/telemetry/counter.h"

#include "rampart/base/mutex.h"

namespace rampart::telemetry {
namespace {

struct Registry {
  base::Mutex mutex;
  std::map<std::string, Counter, std::less<>> counters RAMPART_GUARDED_BY(mutex);
};

Registry& registry() {
  static Registry instance;
  return instance;
}

}  // namespace

Counter& counter(std::string_view name) {
  Registry& all = registry();
  const base::MutexLock lock(all.mutex);
  const auto found = all.counters.find(name);
  return found != all.counters.end() ? found->second : all.counters[std::string(name)];
}

std::map<std::string, std::uint64_t> read_counters() {
  Registry& all = registry();
  const base::MutexLock lock(all.mutex);
  std::map<std::string, std::uint64_t> values;
  for (const auto& [name, value] : all.counters) {
    values.emplace(name, value.value());
  }
  return values;
}

}  // namespace rampart::telemetry
