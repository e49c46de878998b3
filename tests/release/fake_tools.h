// An MTA's tools that do as told, and remember what they were asked.
//
// Threads: one at a time.

#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "rampart/release/mta_tools.h"

namespace rampart::test {

class FakeTools final : public release::MtaTools {
 public:
  [[nodiscard]] std::string program() const override { return "fake"; }
  [[nodiscard]] base::Result<std::set<std::string>> held() const override {
    if (broken) {
      return base::Error{base::Error::Kind::Unavailable, "no tools"};
    }
    std::set<std::string> ids;
    for (const auto& [id, found] : queue) {
      if (found.place != Found::Place::Elsewhere) {
        ids.insert(id);
      }
    }
    return ids;
  }
  [[nodiscard]] base::Result<Found> look(const mail::QueueId& id) const override {
    if (unreadable.contains(id.text())) {
      return base::Error{base::Error::Kind::Unavailable, "input/output error"};
    }
    const auto found = queue.find(id.text());
    return found == queue.end() ? Found{} : found->second;
  }
  [[nodiscard]] base::Result<Said> release(const Ids& ids) const override {
    return act(ids, released);
  }
  [[nodiscard]] std::set<std::string> flush(const Ids& ids) const override {
    for (const mail::QueueId& id : ids) {
      flushed.push_back(id.text());
    }
    return not_taken;
  }
  [[nodiscard]] base::Result<Said> remove(const Ids& ids) const override {
    return act(ids, deleted);
  }

  void hold(const std::string& id, std::vector<std::string> marks) {
    queue[id] = {Found::Place::Held, std::move(marks)};
  }

  mutable std::map<std::string, Found> queue;
  mutable std::vector<std::string> released;  ///< as asked
  mutable std::vector<std::string> deleted;
  mutable std::vector<std::string> flushed;
  std::set<std::string> not_taken;
  std::set<std::string> passed_over;  ///< by release and remove, silently
  mutable std::set<std::string> unreadable;
  std::set<std::string> breaks;  ///< unreadable once the tools have acted
  bool broken = false;

 private:
  base::Result<Said> act(const Ids& ids, std::vector<std::string>& asked) const {
    if (broken) {
      return base::Error{base::Error::Kind::Unavailable, "no tools"};
    }
    Said said;
    unreadable.insert(breaks.begin(), breaks.end());
    for (const mail::QueueId& id : ids) {
      asked.push_back(id.text());
      if (!passed_over.contains(id.text()) && queue.erase(id.text()) > 0) {
        said.done.insert(id.text());
      }
    }
    return said;
  }
};

}  // namespace rampart::test
