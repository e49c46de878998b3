// The shipped phrases of notices, for tests: no messages for people, every fault throws.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "rampart/report/message.h"
#include "rampart/report/phrases.h"

namespace rampart::test {

inline const report::Phrases& shipped_phrases() {
  static const report::Phrases phrases = [] {
    const toml::table file = toml::parse_file(RAMPART_SOURCE_DIR "/conf/notices.toml");
    const auto list = [&file](const char* section, const char* key) {
      std::vector<std::string> texts;
      for (const auto& text : *file[section][key].as_array()) {
        texts.push_back(text.value<std::string>().value());
      }
      return texts;
    };
    return report::Phrases{list("from", "mail_system"),   list("subject", "bounce"),
                           list("subject", "auto_reply"), list("text", "bounce"),
                           list("text", "auto_reply"),    list("text", "delay"),
                           list("text", "final")};
  }();
  return phrases;
}

/// Reads a mail with them.
inline report::Message read_notice(std::string_view bytes) {
  return report::read_message(bytes, shipped_phrases());
}

}  // namespace rampart::test
