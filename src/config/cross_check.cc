#include "cross_check.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "rampart/base/text.h"
#include "rampart/mail/address.h"
#include "rampart/mail/domain.h"

#include "mta.h"
#include "render.h"
#include "text_check.h"

namespace rampart::config {
namespace {

// As provider::SenderTable spells names.
std::string comparable(const std::string& name) {
  if (name.find('@') != std::string::npos) {
    const auto address = mail::parse_address(name);
    return address ? mail::to_string(*address) : name;
  }
  const auto domain = mail::parse_domain(name);
  return domain && name != provider::kNullSender ? domain->text() : name;
}

class Checker {
 public:
  Checker(const Draft& draft, const Places& places, Findings& findings)
      : draft_(draft), places_(places), findings_(findings) {}

  void all() {
    for (const auto& [name, plan] : draft_.engine.plans) {
      check_plan("plan." + name, plan);
    }
    check_plan_name("ramp.plan", draft_.engine.default_plan);
    check_plan_name("host.plan", draft_.engine.host_plan);
    check_rules();
    check_order();
    check_soft();
    check_hold();
    if (const std::string why = find_listen_warning(draft_.milter.listen); !why.empty()) {
      warning("milter.listen", fmt::format("\"{}\" {}", draft_.milter.listen, why));
    }
    check_guard();
    check_lists();
  }

 private:
  [[nodiscard]] bool is_given(std::string_view path) const { return places_.count(path) != 0; }
  void error(std::string_view path, std::string text) {
    findings_.error(place_of(places_, {path}), path, std::move(text));
  }
  void warning(std::string_view path, std::string text) {
    findings_.warning(place_of(places_, {path}), path, std::move(text));
  }

  void check_plan(const std::string& path, const ramp::Plan& plan) {
    const double ceiling = draft_.engine.constants.ceiling;
    if (!plan.unlimited && plan.growth > ceiling) {
      findings_.error(place_of(places_, {path + ".growth", "ramp.ceiling"}), path + ".growth",
                      fmt::format("{}.growth = {} is above ramp.ceiling = {}", path,
                                  render(plan.growth), render(ceiling)));
    }
    check_schedule(path + ".schedule", plan.schedule);
    if (!plan.schedule.empty() && is_given(path + ".schedule") && is_given(path + ".growth")) {
      warning(path + ".growth", "growth has no effect beside a schedule");
    }
    if (plan.day_max > 0 && plan.day_max < plan.start && is_given(path + ".max")) {
      warning(path + ".max",
              fmt::format("{0}.max = {1} is below {0}.start = {2}: the plan never grows", path,
                          plan.day_max, plan.start));
    }
  }

  void check_schedule(const std::string& path, const std::vector<std::uint32_t>& schedule) {
    const auto fall = std::adjacent_find(schedule.begin(), schedule.end(),
                                         [](std::uint32_t a, std::uint32_t b) { return b <= a; });
    if (fall != schedule.end()) {
      error(path, fmt::format("a schedule must rise: {} is followed by {}", *fall, *(fall + 1)));
    }
  }

  void check_plan_name(const std::string& path, const std::string& name) {
    if (draft_.engine.plans.count(name) != 0) {
      return;
    }
    std::vector<std::string_view> names;
    for (const auto& [known, plan] : draft_.engine.plans) {
      names.push_back(known);
    }
    const std::string_view nearest =
        name.size() > 80 ? std::string_view{} : base::find_nearest(name, names);
    error(path, nearest.empty() ? fmt::format("no plan is called \"{0}\"; define it: [plan.NAME]",
                                              base::printable(name, 80))
                                : fmt::format("no plan is called \"{}\"; did you mean \"{}\"?",
                                              base::printable(name, 80), nearest));
  }

  void check_rules() {
    std::set<std::pair<std::string_view, std::string_view>> seen;
    for (std::size_t i = 0; i < draft_.engine.rules.size(); ++i) {
      const policy::Rule& rule = draft_.engine.rules[i];
      const std::string path = element("rule", i);
      if (rule.plan) {
        check_plan_name(path + ".plan", *rule.plan);
      }
      check_schedule(path + ".schedule", rule.schedule);
      const std::string_view sender = rule.sender;
      const std::string_view provider = rule.provider;
      for (const auto& earlier :
           {std::pair(std::string_view{}, std::string_view{}),
            std::pair(sender, std::string_view{}), std::pair(std::string_view{}, provider),
            std::pair(sender, provider)}) {
        if (seen.count(earlier) != 0) {
          warning(path, "this rule never applies: an earlier [[rule]] has all its mail");
          break;
        }
      }
      seen.emplace(sender, provider);
    }
  }

  template <class V>
  void check_not_above(std::string_view low, V low_value, std::string_view high, V high_value) {
    if (low_value > high_value) {
      findings_.error(place_of(places_, {low, high}), low,
                      fmt::format("{} = {} is above {} = {}", low, render(low_value), high,
                                  render(high_value)));
    }
  }

  void check_order() {
    const ramp::Constants& c = draft_.engine.constants;
    check_not_above("backoff.pause", c.pause, "backoff.max_pause", c.max_pause);
    check_not_above("backoff.block_pause", c.block_pause, "backoff.block_max", c.block_max);
    check_not_above("health.stop_pause", c.stop_pause, "health.stop_max", c.stop_max);
    check_not_above("health.bounce_share", c.bounce_share, "health.stop_share", c.stop_share);
    check_not_above("health.bounce_min_n", c.bounce_min_n, "health.health_window", c.health_window);
    check_not_above("ramp.growth_limited", c.growth_limited, "ramp.ceiling", c.ceiling);
    check_not_above("health.bounce_growth", c.bounce_growth, "ramp.ceiling", c.ceiling);
    if (c.hour != ramp::Constants{}.hour) {
      warning("ramp.hour",
              "ramp.hour is for tests: every limit now counts hours of " + render(c.hour));
    }
  }

  void check_soft() {
    const suppression::Options& s = draft_.engine.suppression;
    const base::Micros days = std::chrono::hours{24} * (s.soft_days - 1);
    if (s.soft_span > base::Micros{0} && days > s.soft_span) {
      findings_.warning(place_of(places_, {"suppression.soft_days", "suppression.soft_span"}),
                        "suppression.soft_days",
                        fmt::format("{} distinct days take longer than suppression.soft_span = {}, "
                                    "which so has no effect",
                                    s.soft_days, render(s.soft_span)));
    }
  }

  // What the MTA itself tells may change at any time: that must not keep the service from starting.
  void check_hold() {
    const base::Micros lifetime = draft_.engine.constants.forget_after;
    const base::Micros limit = hold_age_limit(lifetime);
    const base::Micros age = draft_.engine.hold_max_age;
    if (places_.count("hold.max_age") == 0 || age < limit) {
      return;
    }
    const base::Micros left = lifetime - limit;
    const std::string text = fmt::format(
        "hold.max_age = {} must be below {}: the MTA returns mail {} after it came, and "
        "needs {} to try it",
        render(age), render(limit), render(lifetime),
        left == std::chrono::hours{24} ? "a day" : base::format_duration(left));
    if (draft_.queue_lifetime_origin.empty()) {
      error("hold.max_age", text);
    } else {
      warning("hold.max_age", text + " (" + draft_.queue_lifetime_origin + ")");
    }
  }

  void check_guard() {
    const suppression::GuardOptions& g = draft_.engine.suppression.guard;
    const auto window = static_cast<std::uint32_t>(g.window);
    check_not_above("suppression.guard.leap_dead", g.leap_dead, "suppression.guard.window", window);
    check_not_above("suppression.guard.run_dead", g.run_dead, "suppression.guard.window", window);
  }

  void check_lists() {
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < draft_.lists.size(); ++i) {
      const std::string& name = draft_.lists[i].file;
      if (!name.empty() && !seen.insert(name).second) {
        error(element("suppression.list", i),
              fmt::format("\"{}\" is here for the second time", name));
      }
    }
  }

  const Draft& draft_;
  const Places& places_;
  Findings& findings_;
};

}  // namespace

std::string element(std::string_view group, std::size_t index) {
  return fmt::format("{}[{}]", group, index + 1);
}

Place place_of(const Places& places, std::initializer_list<std::string_view> paths) {
  for (const std::string_view path : paths) {
    if (const auto found = places.find(path); found != places.end()) {
      return found->second;
    }
  }
  return {};
}

void normalise(Draft& draft) {
  for (policy::Rule& rule : draft.engine.rules) {
    rule.sender = comparable(rule.sender);
    rule.provider = comparable(rule.provider);
  }
  for (std::string& domain : draft.engine.outbound.local_domains) {
    domain = comparable(domain);
  }
  for (std::string& name : draft.engine.host_names) {
    name = comparable(name);
  }
}

void check_values(const Draft& draft, const Places& places, Findings& findings) {
  Checker(draft, places, findings).all();
}

void check_providers(const Draft& draft,
                     const provider::Table& providers,
                     const Places& places,
                     Findings& findings) {
  for (std::size_t i = 0; i < draft.engine.rules.size(); ++i) {
    const std::string& name = draft.engine.rules[i].provider;
    if (name.empty() || providers.is_named(name)) {
      continue;
    }
    const std::string path = element("rule", i) + ".provider";
    const Place place = place_of(places, {path});
    const auto domain = mail::parse_domain(name);
    if (!domain || name.find('.') == std::string::npos || name.find('*') != std::string::npos) {
      const std::string_view nearest =
          name.size() > 80 ? std::string_view{} : base::find_nearest(name, providers.names());
      findings.error(
          place, path,
          fmt::format("no provider is called \"{}\"{}", base::printable(name, 80),
                      nearest.empty() ? "" : fmt::format("; did you mean \"{}\"?", nearest)));
    } else if (const auto owner = providers.find_by_domain(*domain); !owner.empty()) {
      findings.warning(place, path,
                       fmt::format("\"{0}\" is part of provider \"{1}\"; this rule never applies: "
                                   "write provider = \"{1}\"",
                                   name, owner));
    } else if (const std::string whole = provider::registrable_domain(*domain); whole != name) {
      findings.warning(place, path,
                       fmt::format("\"{0}\" is part of provider \"{1}\"; this rule never applies: "
                                   "write provider = \"{1}\"",
                                   name, whole));
    }
  }
}

void check_files(const Draft& draft, const Places& places, const Files& files, Findings& findings) {
  for (std::size_t i = 0; i < draft.lists.size(); ++i) {
    const std::string path = element("suppression.list", i) + ".file";
    const auto probed = files.probe(draft.lists[i].file, Trust::Strict);
    if (draft.lists[i].file.empty() || probed) {
      continue;
    }
    const Place place = place_of(places, {path});
    const std::string text = fmt::format("{}: {}", draft.lists[i].file, probed.error().what);
    if (probed.error().kind == base::Error::Kind::Unavailable) {
      // What was read from it before stays in force: no reason not to serve.
      findings.warning(place, "suppression.list.file", text + "; to be tried again while serving");
    } else {
      findings.error(place, "suppression.list.file", text);
    }
  }
}

}  // namespace rampart::config
