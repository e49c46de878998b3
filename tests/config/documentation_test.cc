// conf/rampart.toml is the only thing many people read: its keys and defaults are those of the
// program.

#include <fstream>
#include <set>
#include <sstream>

#include "rampart/base/text.h"
#include "support/catch.h"

#include "config/document.h"
#include "config/keys.h"
#include "config/show.h"

namespace rampart::config {
namespace {

// "key = " with a plain key, or a table header.
bool is_toml(std::string_view line) {
  if (line.starts_with('[')) {
    return true;
  }
  const std::size_t equals = line.find(" = ");
  if (equals == std::string_view::npos || equals == 0) {
    return false;
  }
  for (const char c : line.substr(0, equals)) {
    if (!base::is_lower(c) && c != '_') {
      return false;
    }
  }
  return true;
}

std::string documented() {
  std::ifstream in(std::string(RAMPART_SOURCE_DIR) + "/conf/rampart.toml");
  std::string text;
  for (std::string line; std::getline(in, line);) {
    const bool is_comment = line.starts_with("# ") && is_toml(std::string_view(line).substr(2));
    text += (is_comment ? line.substr(2) : line) + '\n';
  }
  return text;
}

struct Documented {
  Findings findings;
  Draft draft;
  Places places;

  Documented() {
    const std::string text = documented();
    read_main(text, findings.add_file("rampart.toml", text), findings, draft, places);
  }
};

// "rule[2].over" -> "rule[].over"; the names of plans and providers stay out, too.
std::string general(const std::string& path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    out += path[i];
    if (path[i] == '[') {
      i = path.find(']', i) - 1;
    }
  }
  for (const std::string_view group : {"plan.", "provider."}) {
    if (out.starts_with(group)) {
      const std::size_t dot = out.find('.', group.size());
      return std::string(group) + '*' + (dot == std::string::npos ? "" : out.substr(dot));
    }
  }
  return out;
}

template <class T>
void add_names(std::set<std::string>& names,
               const std::vector<Key<T>>& keys,
               const std::string& group) {
  for (const Key<T>& key : keys) {
    names.insert(group + std::string(key.name));
  }
}

TEST_CASE("the example has every key, and no other", "[config][unit]") {
  Documented example;
  for (const Problem& problem : example.findings.take()) {
    INFO(to_string(problem));  // an unknown key, or a value that is not allowed
    CHECK(false);
  }
  std::set<std::string> known;
  add_names(known, draft_keys(), "");
  add_names(known, sender_keys(), "sender[].");
  add_names(known, plan_keys(), "plan.*.");
  add_names(known, rule_keys(), "rule[].");
  add_names(known, list_keys(), "suppression.list[].");
  add_names(known, log_keys(), "report.log[].");
  add_names(known, provider_keys(), "provider.*.");
  std::set<std::string> in_example;
  for (const auto& [path, place] : example.places) {
    in_example.insert(general(path));
  }
  for (const std::string& key : known) {
    INFO(key);
    CHECK(in_example.count(key) == 1);
  }
}

TEST_CASE("the values in the example are the defaults", "[config][unit]") {
  const Documented example;
  const auto given = show_draft(example.draft, example.places, "rampart.toml");
  const auto defaults = show_draft(Draft(), Places(), "");
  std::size_t compared = 0;
  for (const Setting& setting : defaults) {
    for (const Setting& other : given) {
      if (other.key == setting.key) {
        INFO(setting.key);
        CHECK(other.value == setting.value);
        CHECK(other.origin != "default");
        ++compared;
      }
    }
  }
  CHECK(compared == defaults.size());
}

TEST_CASE("the example is in observe mode", "[config][unit]") {
  CHECK(Documented().draft.engine.mode == policy::Mode::Observe);
}

}  // namespace
}  // namespace rampart::config
