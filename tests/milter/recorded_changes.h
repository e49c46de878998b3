// What a session asks the MTA to change, written down.
//
// Threads: for one session at a time.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "milter/session.h"

namespace rampart::test {

class RecordedChanges final : public milter::Changes {
 public:
  bool remove_recipient(const std::string& spelling) override {
    removed.push_back(spelling);
    return spelling != refuse;
  }
  bool hold(const std::string& reason) override {
    held.push_back(reason);
    return can_hold;
  }
  bool add_header(const std::string& name, const std::string& value) override {
    headers.push_back(name + ": " + value);
    return true;
  }
  bool remove_header(const std::string& name, std::uint32_t number) override {
    headers.push_back("-" + name + ": " + std::to_string(number));
    return true;
  }
  std::vector<std::string> removed;
  std::vector<std::string> held;
  std::vector<std::string> headers;  ///< added; with a "-", removed
  std::string refuse;
  bool can_hold = true;
};

}  // namespace rampart::test
