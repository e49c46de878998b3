// Reads TOML tables into objects as their Key lists say; what does not fit becomes a finding.

#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "draft.h"
#include "findings.h"
#include "key.h"

namespace rampart::config {

/// What does not fit, and what it must be.
struct Misfit {
  const toml::node* node = nullptr;
  std::string must;
};
using Fit = std::optional<Misfit>;

/// @return nullopt, with a finding, if the text is no TOML
std::optional<toml::table> parse_toml(std::string_view text, std::size_t file, Findings& findings);

/// Where in a file a table stands.
struct Level {
  std::string path;  ///< with numbers: "rule[2]"; "" for the whole file
  std::string name;  ///< without: "rule"
};
std::string join(std::string_view level, std::string_view key);

/// A table that is repeated ([[rule]]) or named ([plan.NAME]).
template <class T>
struct Group {
  std::string_view name;  ///< dotted
  bool is_array = false;
  /// @param element  name of a named table
  std::function<void(const toml::table&, const Level&, std::string_view element, T&)> read;
};

/// A key that Key cannot describe.
struct Special {
  std::string_view name;
  std::function<void(const toml::node&, const Level&)> read;
};

class Reader {
 public:
  /// @param places  may be null; else gets the place of everything read
  Reader(Findings& findings, std::size_t file, Places* places)
      : findings_(findings), file_(file), places_(places) {}

  /// Reads a table without sub-tables.
  template <class T>
  void read(const toml::table& table,
            const std::vector<Key<T>>& keys,
            const Level& level,
            T& object,
            const std::vector<Special>& specials = {});
  /// Reads a file with sections and groups.
  template <class T>
  void read_file(const toml::table& root,
                 const std::vector<Key<T>>& keys,
                 const std::vector<Group<T>>& groups,
                 T& object);

  [[nodiscard]] Place place_of(const toml::source_region& source) const;
  /// "file:line:column".
  [[nodiscard]] std::string where(const toml::node& node) const;
  void misfit(const Misfit& misfit, const std::string& name);
  void error(const toml::node& node, const std::string& name, std::string text);

 private:
  template <class T>
  struct Shape {
    const std::vector<Key<T>>& keys;
    const std::vector<Group<T>>& groups;
    const std::vector<Special>& specials;
  };
  template <class T>
  void read_section(const toml::table& table,
                    const Shape<T>& shape,
                    const std::string& section,
                    const Level& level,
                    T& object);
  template <class T>
  void read_group(const toml::node& node, const Group<T>& group, T& object);
  template <class T>
  Fit read_key(const toml::node& node, const Key<T>& key, T& object);
  template <class T>
  void refuse_unknown(const toml::key& key,
                      const Shape<T>& shape,
                      const std::string& section,
                      const Level& level);

  void note(const std::string& path, const toml::source_region& source);
  void unknown(const toml::key& key,
               const std::string& section,
               const Level& level,
               const std::vector<std::string_view>& all_names);

  Findings& findings_;
  std::size_t file_;
  Places* places_;
};

Fit read_value(const toml::node& node, bool& value, const Range& range, TextCheck check);
Fit read_value(const toml::node& node,
               std::optional<bool>& value,
               const Range& range,
               TextCheck check);
Fit read_value(const toml::node& node, std::uint32_t& value, const Range& range, TextCheck check);
/// Of at most 32 bits all the same.
Fit read_value(const toml::node& node, std::size_t& value, const Range& range, TextCheck check);
Fit read_value(const toml::node& node, double& value, const Range& range, TextCheck check);
Fit read_value(const toml::node& node, base::Micros& value, const Range& range, TextCheck check);
Fit read_value(const toml::node& node, std::string& value, const Range& range, TextCheck check);
Fit read_value(const toml::node& node,
               std::optional<std::string>& value,
               const Range& range,
               TextCheck check);
Fit read_value(const toml::node& node,
               std::vector<std::string>& value,
               const Range& range,
               TextCheck check);
Fit read_value(const toml::node& node,
               std::vector<std::uint32_t>& value,
               const Range& range,
               TextCheck check);
/// "must be one of "a", "b", "c"". @param words  an empty one is left out
std::string must_be(const std::vector<std::string_view>& words);
/// @param index  gets the place of the word in `words`
Fit read_word(const toml::node& node,
              const std::vector<std::string_view>& words,
              std::size_t& index);

template <class T>
void Reader::read(const toml::table& table,
                  const std::vector<Key<T>>& keys,
                  const Level& level,
                  T& object,
                  const std::vector<Special>& specials) {
  const std::vector<Group<T>> no_groups;
  read_section(table, Shape<T>{keys, no_groups, specials}, "", level, object);
  for (const Key<T>& key : keys) {
    if (key.is_required && !table.contains(key.name)) {
      error(table, join(level.name, key.name),
            "\"" + join(level.name, key.name) + "\" is missing here");
    }
  }
}

template <class T>
void Reader::read_file(const toml::table& root,
                       const std::vector<Key<T>>& keys,
                       const std::vector<Group<T>>& groups,
                       T& object) {
  const std::vector<Special> no_specials;
  read_section(root, Shape<T>{keys, groups, no_specials}, "", Level{}, object);
}

template <class T>
void Reader::read_section(const toml::table& table,
                          const Shape<T>& shape,
                          const std::string& section,
                          const Level& level,
                          T& object) {
  const auto named = [](std::string_view name) {
    return [name](const auto& entry) {
      return entry.name == name;
    };
  };
  for (const auto& [key, node] : table) {
    const std::string name = join(section, key.str());
    const auto found = std::find_if(shape.keys.begin(), shape.keys.end(), named(name));
    const auto group = std::find_if(shape.groups.begin(), shape.groups.end(), named(name));
    const auto special = std::find_if(shape.specials.begin(), shape.specials.end(), named(name));
    const auto starts = [prefix = name + '.'](const auto& entry) {
      return entry.name.starts_with(prefix);
    };
    if (found != shape.keys.end()) {
      note(join(level.path, name), node.source());
      if (const Fit bad = read_key(node, *found, object)) {
        misfit(*bad, join(level.name, name));
      }
    } else if (group != shape.groups.end()) {
      read_group(node, *group, object);
    } else if (special != shape.specials.end()) {
      special->read(node, level);
    } else if (std::any_of(shape.keys.begin(), shape.keys.end(), starts)) {
      if (const toml::table* inner = node.as_table()) {
        read_section(*inner, shape, name, level, object);
      } else {
        error(node, name, "\"" + name + "\" must be a table, written [" + name + "]");
      }
    } else {
      refuse_unknown(key, shape, section, level);
    }
  }
}

template <class T>
void Reader::read_group(const toml::node& node, const Group<T>& group, T& object) {
  const std::string name(group.name);
  if (group.is_array) {
    const toml::array* array = node.as_array();
    if (array == nullptr || !std::all_of(array->begin(), array->end(),
                                         [](const toml::node& item) { return item.is_table(); })) {
      error(node, name, "\"" + name + "\" must be repeated tables, each written [[" + name + "]]");
      return;
    }
    std::size_t number = 0;
    for (const toml::node& item : *array) {
      const Level level{name + '[' + std::to_string(++number) + ']', name};
      note(level.path, item.source());
      group.read(*item.as_table(), level, "", object);
    }
    return;
  }
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    error(node, name, "\"" + name + "\" must be named tables, each written [" + name + ".NAME]");
    return;
  }
  for (const auto& [key, item] : *table) {
    const std::string path = join(name, key.str());
    if (const toml::table* element = item.as_table()) {
      note(path, item.source());
      group.read(*element, Level{path, path}, key.str(), object);
    } else {
      error(item, path,
            "\"" + path + "\" must be a table with a name of its own, written [" + name + ".NAME]");
    }
  }
}

template <class T>
Fit Reader::read_key(const toml::node& node, const Key<T>& key, T& object) {
  return std::visit(
      [&](const auto& field) -> Fit {
        if constexpr (std::is_same_v<std::decay_t<decltype(field)>, Choice<T>>) {
          std::size_t index = 0;
          Fit bad = read_word(node, field.words, index);
          if (!bad) {
            field.set(object, index);
          }
          return bad;
        } else {
          return read_value(node, field(object), key.range, key.check);
        }
      },
      key.field);
}

template <class T>
void Reader::refuse_unknown(const toml::key& key,
                            const Shape<T>& shape,
                            const std::string& section,
                            const Level& level) {
  std::vector<std::string_view> names;
  for (const Key<T>& known : shape.keys) {
    names.push_back(known.name);
  }
  for (const Group<T>& group : shape.groups) {
    names.push_back(group.name);
  }
  for (const Special& special : shape.specials) {
    names.push_back(special.name);
  }
  unknown(key, section, level, names);
}

}  // namespace rampart::config
