#include "show.h"

#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "cross_check.h"
#include "keys.h"
#include "render.h"

namespace rampart::config {
namespace {

// As TOML. @return "" if an optional value is not set.
template <class T>
std::string value_of(const Key<T>& key, T& object) {
  return std::visit(
      [&object](const auto& field) -> std::string {
        using F = std::decay_t<decltype(field)>;
        if constexpr (std::is_same_v<F, Choice<T>>) {
          const auto index = field.get(object);
          return index ? render(std::string(field.words[*index])) : "";
        } else if constexpr (std::is_same_v<F, Slot<T, std::optional<std::string>>> ||
                             std::is_same_v<F, Slot<T, std::optional<bool>>>) {
          return field(object) ? render(*field(object)) : "";
        } else {
          return render(field(object));
        }
      },
      key.field);
}

class Shower {
 public:
  /// @param lifetime_origin  of hold.queue_lifetime, where no file gives it; "": its default
  Shower(const Places& places, const std::string& file, const std::string& lifetime_origin)
      : places_(places), file_(file), lifetime_origin_(lifetime_origin) {}

  /// Leaves out what is neither given nor has a value.
  /// @param is_element  an empty text or array is no value
  template <class T>
  void add(const std::vector<Key<T>>& keys, const std::string& level, T& object, bool is_element) {
    for (const Key<T>& key : keys) {
      Setting setting;
      setting.key = level.empty() ? std::string(key.name) : fmt::format("{}.{}", level, key.name);
      setting.value = value_of(key, object);
      const auto place = places_.find(setting.key);
      const bool is_given = place != places_.end();
      const bool has_value =
          !setting.value.empty() && setting.value != "\"\"" && setting.value != "[]";
      if (!is_given && (setting.value.empty() || (is_element && !has_value))) {
        continue;
      }
      setting.origin = is_given ? fmt::format("{}:{}", file_, place->second.line) : "default";
      if (!is_given && setting.key == "hold.queue_lifetime" && !lifetime_origin_.empty()) {
        setting.origin = lifetime_origin_;
      }
      settings_.push_back(std::move(setting));
    }
  }

  template <class T>
  void add_all(const std::vector<Key<T>>& keys, std::string_view group, std::vector<T>& objects) {
    for (std::size_t i = 0; i < objects.size(); ++i) {
      add(keys, element(group, i), objects[i], true);
    }
  }

  std::vector<Setting> take() { return std::move(settings_); }

 private:
  const Places& places_;
  const std::string& file_;
  const std::string& lifetime_origin_;
  std::vector<Setting> settings_;
};

}  // namespace

std::vector<Setting> show_draft(Draft draft, const Places& places, const std::string& file) {
  Shower shower(places, file, draft.queue_lifetime_origin);
  shower.add(draft_keys(), "", draft, false);
  shower.add_all(sender_keys(), "sender", draft.senders);
  for (auto& [name, plan] : draft.engine.plans) {
    if (!plan.unlimited) {
      shower.add(plan_keys(), "plan." + name, plan, false);
    }
  }
  shower.add_all(rule_keys(), "rule", draft.engine.rules);
  shower.add_all(list_keys(), "suppression.list", draft.lists);
  shower.add_all(log_keys(), "report.log", draft.feed.logs);
  for (provider::ProviderSpec& spec : draft.providers) {
    shower.add(provider_keys(), "provider." + spec.name, spec, true);
  }
  return shower.take();
}

std::vector<std::pair<std::string, std::string>> values_at_start(Draft& draft) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const Key<Draft>& key : draft_keys()) {
    if (key.needs_restart) {
      values.emplace_back(key.name, value_of(key, draft));
    }
  }
  std::string logs;
  for (feed::LogSource& log : draft.feed.logs) {
    logs += '[';
    for (const Key<feed::LogSource>& key : log_keys()) {
      logs += key.needs_restart ? value_of(key, log) + ',' : "";
    }
    logs += ']';
  }
  values.emplace_back("report.log", std::move(logs));
  return values;
}

}  // namespace rampart::config
