#include "rounds.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "rampart/engine/held.h"
#include "rampart/telemetry/log.h"

namespace rampart::release {
namespace {

using base::Error;

constexpr base::Micros kWaitMin = std::chrono::seconds{1};
constexpr std::string_view kOwnName = "releaser";

engine::Fate fate_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Released:
      return engine::Fate::Released;
    case Outcome::Gone:
      return engine::Fate::Gone;
    case Outcome::NotOurs:
      return engine::Fate::NotOurs;
    case Outcome::Unknown:
      return engine::Fate::Unknown;
    default:
      return engine::Fate::StillHeld;
  }
}

Rounds::Ids first_of(const Rounds::Ids& ids, std::size_t from) {
  const std::size_t size = std::min(ids.size() - from, Rounds::kRoundMax);
  const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(from);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

// In the order of `ids`; "not_held_here" for those that nothing is told of.
std::vector<Told> in_order(const Rounds::Ids& ids, std::map<mail::QueueId, Told> told) {
  std::vector<Told> all;
  for (const mail::QueueId& id : ids) {
    const auto found = told.find(id);
    all.push_back(found == told.end() ? Told{id, "not_held_here", {}} : std::move(found->second));
  }
  return all;
}

}  // namespace

void Rounds::tell_engine() {
  status_.configured = true;
  engine_.set_releaser(status_);
}

void Rounds::answered() {
  if (!status_.alive || !told_) {
    telemetry::write(telemetry::Level::Info, telemetry::Line("releaser").add("state", "answers"));
    told_ = true;
  }
  status_.alive = true;
  status_.answered = clock_.wall_now();
  status_.problem.clear();
  wait_ = base::Micros{0};
  tell_engine();
}

void Rounds::failed(const Error& error) {
  if (status_.alive || !told_ || status_.problem != error.what) {
    telemetry::write(telemetry::Level::Warning,
                     telemetry::Line("releaser").add("state", "no answer").text(error.what));
    told_ = true;
  }
  status_.alive = false;
  status_.problem = error.what;
  wait_ = std::clamp(wait_ * 2, kWaitMin, kWaitMax);
  next_try_ = clock_.steady_now() + wait_;
  listed_.reset();  // what became of the queue meanwhile comes first
  tell_engine();
}

base::Result<> Rounds::list() {
  const base::WallTime listed_at = clock_.wall_now();
  const auto held = exchange_.list();
  if (!held) {
    failed(held.error());
    return held.error();
  }
  if (!cannot_act_) {
    answered();
  }
  listed_ = clock_.steady_now();
  engine_.reconcile(*held, listed_at);
  return base::Ok{};
}

// A helper that lists but could not do what it was last asked for is none.
base::Result<std::vector<Answer>> Rounds::ask(const Request& request) {
  auto answers = exchange_.ask(request);
  cannot_act_ = !answers;
  if (answers) {
    answered();
  } else {
    failed(answers.error());
  }
  return answers;
}

base::Result<> Rounds::make_sure_it_answers() {
  return status_.alive ? base::Result<>(base::Ok{}) : list();
}

base::Result<std::vector<Answer>> Rounds::settle(const Ids& ids, std::string_view who) {
  auto answers = ask({Command::Release, ids});
  if (!answers) {
    return answers.error();
  }
  for (const Answer& answer : *answers) {
    engine_.end_release(answer.id, fate_of(answer.outcome), who);
  }
  return answers;
}

// What was begun and has no end yet comes before anything new: its allowance is spent.
void Rounds::run() {
  const base::MutexLock lock(mutex_);
  const base::SteadyTime now = clock_.steady_now();
  if (!status_.alive && told_ && now < next_try_) {
    return;
  }
  if ((!listed_ || now - *listed_ >= kListEvery) && !list()) {
    return;
  }
  Ids ids = engine_.releasing();
  if (ids.empty() && cannot_act_) {  // others have done it
    cannot_act_ = false;
    answered();
  }
  if (ids.empty()) {
    auto begun = engine_.begin_release(kRoundMax);
    if (!begun) {
      return;  // the store: the engine tells
    }
    ids = std::move(*begun);
  }
  if (!ids.empty()) {
    static_cast<void>(settle(first_of(ids, 0), kOwnName));
  }
}

base::Result<std::vector<Told>> Rounds::release(const Ids& ids, std::string_view who) {
  const base::MutexLock lock(mutex_);
  if (auto answers = make_sure_it_answers(); !answers) {
    return answers.error();
  }
  const auto ordered = engine_.order_release(ids, who);
  if (!ordered) {
    return ordered.error();
  }
  std::map<mail::QueueId, Told> told;
  for (std::size_t from = 0; from < ordered->size(); from += kRoundMax) {
    const Ids some = first_of(*ordered, from);
    const auto answers = settle(some, who);
    for (std::size_t i = 0; i < some.size(); ++i) {
      told[some[i]] =
          answers ? Told{some[i], std::string(to_string((*answers)[i].outcome)), (*answers)[i].text}
                  : Told{some[i], "ordered", answers.error().what};
    }
  }
  return in_order(ids, std::move(told));
}

base::Result<std::vector<Told>> Rounds::drop(const Ids& ids, std::string_view who) {
  const base::MutexLock lock(mutex_);
  std::set<std::string> held;
  for (const engine::HeldMessage& message : engine_.held()) {
    held.insert(message.record.queue_id);
  }
  Ids ours;
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(ours),
               [&](const mail::QueueId& id) { return held.contains(id.text()); });
  std::map<mail::QueueId, Told> told;
  for (std::size_t from = 0; from < ours.size(); from += kRoundMax) {
    const auto answers = ask({Command::Delete, first_of(ours, from)});
    if (!answers) {
      return answers.error();
    }
    Ids deleted;
    for (const Answer& answer : *answers) {
      told[answer.id] = {answer.id, std::string(to_string(answer.outcome)), answer.text};
      if (answer.outcome == Outcome::Deleted) {
        deleted.push_back(answer.id);
      }
    }
    if (const auto forgotten = engine_.drop_held(deleted, who); !forgotten) {
      return forgotten.error();
    }
  }
  return in_order(ids, std::move(told));
}

}  // namespace rampart::release
