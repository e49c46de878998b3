#include "rampart/config/scenario.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rampart/base/text.h"

#include "files.h"
#include "reader.h"
#include "text_check.h"

namespace rampart::config {
namespace {

using sim::Campaign;
using sim::Change;
using sim::Provider;
using sim::Scenario;
using sim::Sender;

constexpr double kMessagesMax = 5e6;
constexpr Range kDays{1, 90};
constexpr Range kDayOf{0, 90};
constexpr Range kAnyShare{0, 1};
constexpr Range kFrom{1, 1e6};

struct Named {
  Change change;
  Campaign campaign;
  std::string sender;  ///< whose; "": of the only one
  Place place;
};

struct ScenarioDraft {
  Scenario scenario;
  std::vector<Named> changes;
  std::vector<Named> campaigns;
};

const std::vector<Key<ScenarioDraft>>& scenario_keys() {
  static const std::vector<Key<ScenarioDraft>> keys{
      {"days", slot<&ScenarioDraft::scenario, &Scenario::days>(), kDays},
      {"history", slot<&ScenarioDraft::scenario, &Scenario::history>(), {0, 60}}};
  return keys;
}

const std::vector<Key<Sender>>& sender_in_scenario() {
  static const std::vector<Key<Sender>> keys{
      {"name", slot<&Sender::name>(), {}, check_domain, true},
      {"per_day", slot<&Sender::per_day>(), {0, 1e6}},
      {"growth", slot<&Sender::growth>(), {0.5, 3}},
      {"shape", choice<&Sender::shape>({"office", "even", "batch"})},
      {"batch_hour", slot<&Sender::batch_hour>(), {0, 23.99}},
      {"known", slot<&Sender::known>()},
      {"list", slot<&Sender::list>(), {1, 1e6}},
      {"list_growth", slot<&Sender::list_growth>(), kAnyShare},
      {"dead", slot<&Sender::dead>(), kAnyShare},
      {"complaints", slot<&Sender::complaints>(), kAnyShare}};
  return keys;
}

const std::vector<Key<Named>>& change_keys() {
  static const std::vector<Key<Named>> keys{
      {"sender", slot<&Named::sender>()},
      {"day", slot<&Named::change, &Change::day>(), kDayOf, nullptr, true},
      {"per_day", slot<&Named::change, &Change::per_day>(), {0, 1e6}, nullptr, true}};
  return keys;
}

const std::vector<Key<Named>>& campaign_keys() {
  static const std::vector<Key<Named>> keys{
      {"sender", slot<&Named::sender>()},
      {"day", slot<&Named::campaign, &Campaign::day>(), {-60, 90}, nullptr, true},
      {"size", slot<&Named::campaign, &Campaign::size>(), kFrom, nullptr, true},
      {"every", slot<&Named::campaign, &Campaign::every>(), kDayOf},
      {"until", slot<&Named::campaign, &Campaign::until>(), {-60, 1e6}},
      {"hour", slot<&Named::campaign, &Campaign::hour>(), {0, 23.99}},
      {"per_second", slot<&Named::campaign, &Campaign::per_second>(), {0.01, 1000}},
      {"fresh", slot<&Named::campaign, &Campaign::fresh>()},
      {"dead", slot<&Named::campaign, &Campaign::dead>(), kAnyShare},
      {"complaints", slot<&Named::campaign, &Campaign::complaints>(), kAnyShare}};
  return keys;
}

const std::vector<std::string_view> kStyles{"gmail", "outlook", "yahoo",  "gmx",
                                            "apple", "plain",   "foreign"};

const std::vector<Key<Provider>>& provider_in_scenario() {
  static const std::vector<Key<Provider>> keys{
      {"name", slot<&Provider::name>(), {}, nullptr, true},
      {"share", slot<&Provider::share>(), {0.0001, 1e6}},
      {"domains", slot<&Provider::domains>(), {1, 100}},
      {"style", choice<&Provider::style>(kStyles)},
      {"kind", choice<&Provider::kind>({"typical", "day", "hour", "minute", "none"})},
      {"limited", slot<&Provider::limited>(), kAnyShare},
      {"per", choice<&Provider::per>({"sender", "host", "both"})},
      {"outage_day", slot<&Provider::outage_day>(), kDayOf},
      {"outage_hours", slot<&Provider::outage_hours>(), {0, 240}}};
  return keys;
}

// One number, or the two ends of a range.
void read_range(Reader& reader,
                const toml::node& node,
                const std::string& name,
                double least,
                sim::Range& range) {
  const auto number = [&](const toml::node& item) {
    const auto value = item.is_number() ? item.value<double>() : std::nullopt;
    return value && *value >= least && *value <= 1e7 ? value : std::nullopt;
  };
  const toml::array* array = node.as_array();
  const auto first = array == nullptr     ? number(node)
                     : array->size() == 2 ? number((*array)[0])
                                          : std::nullopt;
  const auto last = array == nullptr || !first ? first : number((*array)[1]);
  if (!first || !last || *last < *first) {
    reader.misfit({&node, fmt::format("must be a number from {:g} to 10000000, or two of them, as "
                                      "in [300, 3000], the smaller one first",
                                      least)},
                  name);
    return;
  }
  range = {*first, *last};
}

void read_one_provider(Reader& reader,
                       const toml::table& table,
                       const Level& level,
                       ScenarioDraft& draft) {
  Provider provider;
  const std::vector<Special> specials{
      {"limit",
       [&](const toml::node& node, const Level&) {
         read_range(reader, node, "provider.limit", 1, provider.limit);
       }},
      {"growth", [&](const toml::node& node, const Level&) {
         read_range(reader, node, "provider.growth", 1, provider.growth);
       }}};
  reader.read(table, provider_in_scenario(), level, provider, specials);
  const auto style = std::find(kStyles.begin(), kStyles.begin() + 5, provider.name);
  const bool named = style != kStyles.begin() + 5;
  if (!table.contains("style") && named) {
    provider.style = static_cast<Provider::Style>(style - kStyles.begin());
  }
  const bool is_domain =
      provider.name.find('.') != std::string::npos && check_domain(provider.name).empty();
  if (!provider.name.empty() && !named && !is_domain) {
    reader.error(table, "provider.name",
                 fmt::format("provider \"{}\" must be gmail, outlook, yahoo, gmx, apple, or a "
                             "domain such as \"small.example\"",
                             base::printable(provider.name, 64)));
  }
  if (named && provider.domains > 1) {
    reader.error(table, "provider.domains",
                 fmt::format("{} is one provider; \"domains\" is for a domain that stands for many",
                             provider.name));
  }
  draft.scenario.providers.push_back(std::move(provider));
}

std::vector<Group<ScenarioDraft>> groups_of(Reader& reader) {
  const auto named = [&reader](const std::vector<Key<Named>>& keys,
                               std::vector<Named> ScenarioDraft::*into) {
    return [&reader, &keys, into](const toml::table& table, const Level& level, std::string_view,
                                  ScenarioDraft& draft) {
      Named element;
      element.place = reader.place_of(table.source());
      reader.read(table, keys, level, element);
      (draft.*into).push_back(std::move(element));
    };
  };
  return {{"sender", true,
           [&reader](const toml::table& table, const Level& level, std::string_view,
                     ScenarioDraft& draft) {
             Sender sender;
             reader.read(table, sender_in_scenario(), level, sender);
             draft.scenario.senders.push_back(std::move(sender));
           }},
          {"change", true, named(change_keys(), &ScenarioDraft::changes)},
          {"campaign", true, named(campaign_keys(), &ScenarioDraft::campaigns)},
          {"provider", true,
           [&reader](const toml::table& table, const Level& level, std::string_view,
                     ScenarioDraft& draft) {
             read_one_provider(reader, table, level, draft);
           }}};
}

Sender* find_sender(ScenarioDraft& draft, const Named& named, Findings& findings) {
  std::vector<Sender>& senders = draft.scenario.senders;
  if (named.sender.empty() && senders.size() == 1) {
    return &senders.front();
  }
  const auto found = std::find_if(senders.begin(), senders.end(),
                                  [&](const Sender& s) { return s.name == named.sender; });
  if (found != senders.end()) {
    return &*found;
  }
  findings.error(
      named.place, "sender",
      named.sender.empty()
          ? "\"sender\" is missing here: there is not exactly one [[sender]]"
          : fmt::format("no [[sender]] has the name \"{}\"", base::printable(named.sender, 80)));
  return nullptr;
}

void attach(ScenarioDraft& draft, Findings& findings) {
  for (const Named& named : draft.changes) {
    if (Sender* sender = find_sender(draft, named, findings)) {
      sender->changes.push_back(named.change);
    }
  }
  for (const Named& named : draft.campaigns) {
    if (Sender* sender = find_sender(draft, named, findings)) {
      sender->campaigns.push_back(named.campaign);
    }
  }
  for (Sender& sender : draft.scenario.senders) {
    std::stable_sort(sender.changes.begin(), sender.changes.end(),
                     [](const Change& a, const Change& b) { return a.day < b.day; });
  }
}

template <class T>
void check_names(const std::vector<T>& all, std::string_view what, Findings& findings) {
  if (all.empty()) {
    findings.error({}, what, fmt::format("there is no [[{}]]", what));
  }
  for (auto one = all.begin(); one != all.end(); ++one) {
    if (std::any_of(all.begin(), one, [&](const T& other) { return other.name == one->name; })) {
      findings.error(
          {}, what,
          fmt::format("two [[{}]] have the name \"{}\"", what, base::printable(one->name, 80)));
    }
  }
}

void check_volume(const Scenario& scenario, Findings& findings) {
  if (const double messages = sim::count_messages(scenario); messages > kMessagesMax) {
    findings.error({}, "sender",
                   fmt::format("{:.0f} messages are too many: at most {:.0f} are simulated; make "
                               "volumes and limits smaller alike",
                               messages, kMessagesMax));
  }
}

}  // namespace

LoadedScenario read_scenario(const std::string& name, std::string_view text) {
  Findings findings;
  const std::size_t file = findings.add_file(name, std::string(text));
  ScenarioDraft draft;
  draft.scenario.name = name;
  if (const auto root = parse_toml(text, file, findings)) {
    Reader reader(findings, file, nullptr);
    reader.read_file(*root, scenario_keys(), groups_of(reader), draft);
    check_names(draft.scenario.senders, "sender", findings);
    check_names(draft.scenario.providers, "provider", findings);
    attach(draft, findings);
    check_volume(draft.scenario, findings);
  }
  LoadedScenario loaded;
  if (!findings.has_error()) {
    loaded.scenario = std::move(draft.scenario);
  }
  loaded.problems = findings.take();
  return loaded;
}

LoadedScenario load_scenario(const std::string& file) {
  const RealFiles files;
  const auto text = files.read(file, Trust::Any);
  if (!text) {
    Problem problem;
    problem.file = file;
    problem.text = "cannot be read: " + text.error().what;
    return {std::nullopt, {problem}};
  }
  return read_scenario(file, *text);
}

}  // namespace rampart::config
