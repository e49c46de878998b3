#include "document.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "rampart/base/text.h"

#include "keys.h"
#include "reader.h"
#include "text_check.h"

namespace rampart::config {
namespace {

template <class T>
Group<Draft> repeated(std::string_view name,
                      const std::vector<Key<T>>& keys,
                      Reader& reader,
                      std::vector<T>& (*elements)(Draft&)) {
  return {name, true,
          [&reader, &keys, elements](const toml::table& table, const Level& level, std::string_view,
                                     Draft& draft) {
            T element;
            if constexpr (requires { element.where; }) {
              element.where = reader.where(table);
            }
            reader.read(table, keys, level, element);
            elements(draft).push_back(std::move(element));
          }};
}

void read_plan(Reader& reader,
               const toml::table& table,
               const Level& level,
               std::string_view name,
               Draft& draft) {
  if (name == kNoPlan) {
    reader.error(table, level.name, "plan \"none\" has no limits and cannot be changed");
    return;
  }
  if (const std::string must = check_name(name); !must.empty()) {
    reader.error(table, level.name,
                 fmt::format("the name of a plan {}, not \"{}\"", must, base::printable(name, 80)));
    return;
  }
  ramp::Plan& plan = draft.engine.plans[std::string(name)];
  plan.name = name;
  reader.read(table, plan_keys(), level, plan);
}

void read_provider(Reader& reader,
                   const toml::table& table,
                   const Level& level,
                   std::string_view name,
                   Draft& draft) {
  provider::ProviderSpec spec;
  spec.name = name;
  spec.where = reader.where(table);
  reader.read(table, provider_keys(), level, spec);
  draft.providers.push_back(std::move(spec));
}

std::vector<std::string_view> stage_words() {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(mail::Stage::EndOfData); ++i) {
    words.push_back(to_string(static_cast<mail::Stage>(i)));
  }
  return words;
}

// One stage or several.
void read_stages(Reader& reader, const toml::node& node, reply::Rule& rule) {
  std::vector<const toml::node*> items{&node};
  if (const toml::array* array = node.as_array()) {
    items.clear();
    for (const toml::node& item : *array) {
      items.push_back(&item);
    }
  }
  for (const toml::node* item : items) {
    const auto* text = item->as_string();
    if (const auto stage = text != nullptr ? mail::parse_stage(text->get()) : std::nullopt) {
      rule.stages.push_back(*stage);
    } else {
      reader.misfit({item, must_be(stage_words())}, "rule.stage");
    }
  }
}

// One pattern or several, of which one must be found.
void read_patterns(Reader& reader, const toml::node& node, reply::Rule& rule) {
  const auto add = [&](const toml::node& item) {
    if (const auto* text = item.as_string()) {
      rule.match.any.push_back(text->get());
    } else {
      reader.misfit({&item, "must be a pattern in quotes, or several in brackets"}, "rule.match");
    }
  };
  if (const toml::array* array = node.as_array()) {
    for (const toml::node& item : *array) {
      add(item);
    }
    return;
  }
  add(node);
}

struct SampleWords {
  reply::Sample sample;
  std::string dsn;
};

const std::vector<Key<SampleWords>>& sample_keys() {
  using reply::Sample;
  static const std::vector<Key<SampleWords>> keys{
      {"reply", slot<&SampleWords::sample, &Sample::reply>(), {}, nullptr, true},
      {"host", slot<&SampleWords::sample, &Sample::host>()},
      {"provider", slot<&SampleWords::sample, &Sample::provider>()},
      {"dsn",
       slot<&SampleWords::dsn>(),
       {},
       [](std::string_view text) -> std::string {
         const bool good = mail::consume_enhanced_status_code(text).has_value() && text.empty();
         return good ? "" : "must be an enhanced status code such as \"5.1.1\"";
       }},
      {"stage", choice<&SampleWords::sample, &Sample::stage>(stage_words())}};
  return keys;
}

// Texts, or tables with more about the reply.
void read_samples(Reader& reader, const toml::node& node, reply::Rule& rule) {
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    reader.misfit({&node, "must be replies in brackets, as in [\"550 5.1.1 No such user\"]"},
                  "rule.sample");
    return;
  }
  for (const toml::node& item : *array) {
    SampleWords words;
    if (const auto* text = item.as_string()) {
      words.sample.reply = text->get();
    } else if (const toml::table* table = item.as_table()) {
      reader.read(*table, sample_keys(), Level{"", "rule.sample"}, words);
      std::string_view dsn = words.dsn;
      words.sample.dsn = mail::consume_enhanced_status_code(dsn);
    } else {
      reader.misfit({&item, "must be a text or a table"}, "rule.sample");
      continue;
    }
    rule.samples.push_back(std::move(words.sample));
  }
}

// A file that has nothing but one kind of repeated table.
template <class T, class Read>
std::vector<T> read_list(std::string_view text,
                         std::size_t file,
                         Findings& findings,
                         std::string_view name,
                         const Read& read) {
  std::vector<T> elements;
  const auto root = parse_toml(text, file, findings);
  if (!root) {
    return elements;
  }
  Reader reader(findings, file, nullptr);
  const std::vector<Key<std::vector<T>>> no_keys;
  const std::vector<Group<std::vector<T>>> groups{
      {name, true,
       [&](const toml::table& table, const Level& level, std::string_view, std::vector<T>& all) {
         T element;
         element.where = reader.where(table);
         read(reader, table, level, element);
         all.push_back(std::move(element));
       }}};
  reader.read_file(*root, no_keys, groups, elements);
  return elements;
}

}  // namespace

bool read_main(
    std::string_view text, std::size_t file, Findings& findings, Draft& draft, Places& places) {
  const auto root = parse_toml(text, file, findings);
  if (!root) {
    return false;
  }
  Reader reader(findings, file, &places);
  const auto named = [&reader](auto read) {
    return [&reader, read](const toml::table& table, const Level& level, std::string_view name,
                           Draft& into) {
      read(reader, table, level, name, into);
    };
  };
  const std::vector<Group<Draft>> groups{
      repeated("sender", sender_keys(), reader, slot<&Draft::senders>()),
      repeated("rule", rule_keys(), reader, slot<&Draft::engine, &policy::Options::rules>()),
      repeated("suppression.list", list_keys(), reader, slot<&Draft::lists>()),
      repeated("report.log", log_keys(), reader, slot<&Draft::feed, &feed::Options::logs>()),
      {"plan", false, named(read_plan)},
      {"provider", false, named(read_provider)}};
  reader.read_file(*root, draft_keys(), groups, draft);
  return true;
}

std::vector<provider::ProviderSpec> read_providers(std::string_view text,
                                                   std::size_t file,
                                                   Findings& findings) {
  return read_list<provider::ProviderSpec>(text, file, findings, "provider",
                                           [](Reader& reader, const toml::table& table,
                                              const Level& level, provider::ProviderSpec& spec) {
                                             reader.read(table, shipped_provider_keys(), level,
                                                         spec);
                                           });
}

std::vector<reply::Rule> read_replies(std::string_view text, std::size_t file, Findings& findings) {
  return read_list<reply::Rule>(
      text, file, findings, "rule",
      [](Reader& reader, const toml::table& table, const Level& level, reply::Rule& rule) {
        const std::vector<Special> specials{{"match",
                                             [&](const toml::node& node, const Level&) {
                                               read_patterns(reader, node, rule);
                                             }},
                                            {"stage",
                                             [&](const toml::node& node, const Level&) {
                                               read_stages(reader, node, rule);
                                             }},
                                            {"sample", [&](const toml::node& node, const Level&) {
                                               read_samples(reader, node, rule);
                                             }}};
        reader.read(table, reply_keys(), level, rule, specials);
      });
}

report::Phrases read_notices(std::string_view text, std::size_t file, Findings& findings) {
  report::Phrases phrases;
  if (const auto root = parse_toml(text, file, findings)) {
    Reader(findings, file, nullptr)
        .read_file(*root, notice_keys(), std::vector<Group<report::Phrases>>{}, phrases);
  }
  return phrases;
}

}  // namespace rampart::config
