#include "rampart/release/work.h"

#include <algorithm>
#include <map>
#include <utility>

namespace rampart::release {
namespace {

using Place = MtaTools::Found::Place;

bool is_ours(const MtaTools::Found& found, const mail::HoldKey* key, const mail::QueueId& id) {
  return key == nullptr ||
         std::any_of(found.marks.begin(), found.marks.end(), [&](const std::string& mark) {
           return mail::verify_hold_mark(*key, mark, id).has_value();
         });
}

class Work {
 public:
  Work(const MtaTools& tools, const mail::HoldKey* key) : tools_(tools), key_(key) {}

  base::Result<std::vector<Answer>> run(const Request& request) {
    for (const mail::QueueId& id : request.ids) {
      look(id);
    }
    if (!ours_.empty()) {
      const auto said =
          request.command == Command::Release ? tools_.release(ours_) : tools_.remove(ours_);
      if (!said) {
        return said.error();
      }
      conclude(*said, request.command == Command::Release ? Outcome::Released : Outcome::Deleted);
    }
    std::vector<Answer> answers;
    for (const mail::QueueId& id : request.ids) {
      auto& [outcome, text] = outcomes_[id];
      answers.push_back({id, outcome, std::move(text)});
    }
    return answers;
  }

 private:
  void note(const mail::QueueId& id, Outcome outcome, std::string text = {}) {
    outcomes_[id] = {outcome, std::move(text)};
  }

  void look(const mail::QueueId& id) {
    const auto found = tools_.look(id);
    if (!found) {
      note(id, Outcome::Unknown, found.error().what);
    } else if (found->place == Place::Arriving) {
      note(id, Outcome::StillHeld, "still being received");
    } else if (found->place == Place::Elsewhere) {
      note(id, Outcome::Gone, "not in the hold queue");
    } else if (!is_ours(*found, key_, id)) {
      note(id, Outcome::NotOurs,
           found->marks.empty() ? "held, but not by rampart" : "its mark is not of this rampart");
    } else {
      ours_.push_back(id);
    }
  }

  // Those that the program does not name are looked at again.
  void conclude(const MtaTools::Said& said, Outcome done) {
    MtaTools::Ids released;
    for (const mail::QueueId& id : ours_) {
      if (said.done.contains(id.text())) {
        note(id, done);
        released.push_back(id);
        continue;
      }
      const auto found = tools_.look(id);
      if (!found) {
        note(id, Outcome::Unknown, found.error().what);
      } else if (found->place == Place::Elsewhere) {
        note(id, done == Outcome::Released ? done : Outcome::Gone,
             "not in the hold queue any more");
      } else {
        note(id, Outcome::StillHeld,
             tools_.program() +
                 (said.complaint.empty() ? " passed it over" : " says: " + said.complaint));
      }
    }
    if (done != Outcome::Released || released.empty()) {
      return;
    }
    const std::set<std::string> not_taken = tools_.flush(released);
    for (const mail::QueueId& id : released) {
      if (not_taken.contains(id.text())) {
        note(id, done, "goes with the next run of the queue");
      }
    }
  }

  const MtaTools& tools_;
  const mail::HoldKey* key_;
  MtaTools::Ids ours_;
  std::map<mail::QueueId, std::pair<Outcome, std::string>> outcomes_;
};

}  // namespace

base::Result<std::vector<Answer>> carry_out(const Request& request,
                                            const MtaTools& tools,
                                            const mail::HoldKey* key) {
  return Work(tools, key).run(request);
}

}  // namespace rampart::release
