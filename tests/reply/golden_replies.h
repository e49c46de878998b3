// The replies of tests/golden/replies.

#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include <toml++/toml.h>

#include "rampart/mail/reply.h"

#include "reply/rules_file.h"

namespace rampart::test {

struct GoldenReply {
  std::string reply;
  std::string reply_class;
  mail::Stage stage = mail::Stage::Unknown;
  std::string provider;   // "": any
  std::string scope;      // "": any
  bool suppress = false;  // the address is dead, if the MTA has given up
};

/// @param name  "catalogue", "general", "fresh"
/// @throws std::runtime_error and toml::parse_error
inline std::vector<GoldenReply> golden_replies(const std::string& name) {
  const std::string path = RAMPART_SOURCE_DIR "/tests/golden/replies/" + name + ".toml";
  const toml::table root = toml::parse_file(path);
  std::vector<GoldenReply> replies;
  for (const auto& node : *root["reply"].as_array()) {
    const toml::table& entry = *node.as_table();
    const auto text = [&entry](std::string_view key) {
      return entry[key].value_or(std::string());
    };
    replies.push_back({text("reply"), text("class"), stage_or_throw(text("stage")),
                       text("provider"), text("scope"), entry["suppress"].value_or(false)});
  }
  if (replies.size() < 100) {
    throw std::runtime_error(path + " is not whole");
  }
  return replies;
}

}  // namespace rampart::test
