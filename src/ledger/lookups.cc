#include "rampart/ledger/lookups.h"

#include <utility>

#include "rampart/store/state_store.h"

namespace rampart::ledger {

Lookups::Lookups(store::StateStore& store) : store_(store), thread_([this] { run(); }) {}

Lookups::~Lookups() {
  {
    const base::MutexLock lock(mutex_);
    stop_ = true;
    asked_.notify_all();
  }
  thread_.join();
}

base::Result<Lookups::Entries> Lookups::find(std::string_view key, base::Micros deadline) {
  const auto question = std::make_shared<Question>();
  question->key = key;
  const base::MutexLock lock(mutex_);
  if (waiters_ >= kWaitersMax) {
    return base::Error{base::Error::Kind::Timeout, "too many wait for the store"};
  }
  questions_.push_back(question);
  asked_.notify_one();
  ++waiters_;
  answered_.wait_for(mutex_, deadline, [&] { return question->answer.has_value(); });
  --waiters_;
  if (!question->answer) {
    question->abandoned = true;
    return base::Error{base::Error::Kind::Timeout, "the store did not answer in time"};
  }
  return std::move(*question->answer);
}

void Lookups::run() {
  for (;;) {
    std::shared_ptr<Question> question;
    {
      const base::MutexLock lock(mutex_);
      while (questions_.empty() && !stop_) {
        asked_.wait(mutex_);
      }
      if (stop_) {
        return;
      }
      question = std::move(questions_.front());
      questions_.pop_front();
      if (question->abandoned) {
        continue;
      }
    }
    auto answer = store_.find_suppressions(question->key);
    const base::MutexLock lock(mutex_);
    question->answer = std::move(answer);
    answered_.notify_all();
  }
}

}  // namespace rampart::ledger
