// Reads a rule table written in TOML, for tests: no messages for people, every fault throws.

#pragma once

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <toml++/toml.h>

#include "rampart/reply/rule.h"

namespace rampart::test {

/// The class, or scope, of this name. @throws std::runtime_error
template <class Enum>
Enum named(std::string_view name, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (to_string(static_cast<Enum>(i)) == name) {
      return static_cast<Enum>(i);
    }
  }
  throw std::runtime_error("there is no class or scope " + std::string(name));
}
inline reply::ReplyClass class_named(std::string_view name) {
  return named<reply::ReplyClass>(name, reply::kReplyClasses);
}
inline reply::Scope scope_named(std::string_view name) {
  return named<reply::Scope>(name, reply::kScopes);
}

inline std::optional<mail::EnhancedStatusCode> parse_dsn(std::string_view text) {
  auto dsn = mail::consume_enhanced_status_code(text);
  return text.empty() ? dsn : std::nullopt;
}

inline mail::Stage stage_or_throw(const std::string& text) {
  const auto stage = mail::parse_stage(text);
  if (!stage) {
    throw std::runtime_error("stage " + text);
  }
  return *stage;
}

inline std::vector<mail::Stage> stages_of(const toml::node* node) {
  std::vector<mail::Stage> stages;
  if (node != nullptr && node->is_array()) {
    for (const auto& item : *node->as_array()) {
      stages.push_back(stage_or_throw(item.value_or(std::string())));
    }
  } else if (node != nullptr) {
    stages.push_back(stage_or_throw(node->value_or(std::string())));
  }
  return stages;
}

inline reply::Sample sample_of(const toml::node& node) {
  reply::Sample sample;
  if (const toml::table* table = node.as_table()) {
    sample.reply = (*table)["reply"].value_or(std::string());
    sample.host = (*table)["host"].value_or(std::string());
    if (const auto stage = (*table)["stage"].value<std::string>()) {
      sample.stage = stage_or_throw(*stage);
    }
    sample.dsn = parse_dsn((*table)["dsn"].value_or(std::string()));
    return sample;
  }
  sample.reply = node.value_or(std::string());
  return sample;
}

inline reply::Rule rule_of(const toml::table& table, const std::string& file) {
  static const std::vector<std::string_view> kKeys{"name",   "match",    "provider", "stage",
                                                   "code",   "enhanced", "class",    "scope",
                                                   "advice", "url",      "sample"};
  reply::Rule rule;
  for (const auto& [key, value] : table) {
    if (std::find(kKeys.begin(), kKeys.end(), key.str()) == kKeys.end()) {
      throw std::runtime_error("key " + std::string(key.str()));
    }
  }
  const auto text = [&](std::string_view key) {
    return table[key].value_or(std::string());
  };
  rule.name = text("name");
  rule.match = text("match");
  if (const toml::array* several = table["match"].as_array()) {
    for (const auto& pattern : *several) {
      rule.match.any.push_back(pattern.value_or(std::string()));
    }
  }
  rule.provider = text("provider");
  rule.code = text("code");
  rule.enhanced = text("enhanced");
  rule.advice = text("advice");
  rule.url = text("url");
  rule.stages = stages_of(table.get("stage"));
  const auto& begin = table.source().begin;
  rule.where = file + ':' + std::to_string(begin.line) + ':' + std::to_string(begin.column);
  rule.reply_class = class_named(text("class"));
  rule.scope = scope_named(text("scope"));
  if (const toml::array* samples = table["sample"].as_array()) {
    for (const auto& sample : *samples) {
      rule.samples.push_back(sample_of(sample));
    }
  }
  return rule;
}

/// @throws std::runtime_error and toml::parse_error, with the place.
inline std::vector<reply::Rule> read_rules(const std::string& path) {
  const toml::table root = toml::parse_file(path);
  std::vector<reply::Rule> rules;
  if (const toml::array* entries = root["rule"].as_array()) {
    for (const auto& entry : *entries) {
      rules.push_back(rule_of(*entry.as_table(), "replies.toml"));
    }
  }
  return rules;
}

}  // namespace rampart::test
