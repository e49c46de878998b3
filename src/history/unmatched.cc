#include "rampart/history/unmatched.h"

#include <algorithm>

#include "rampart/base/text.h"
#include "rampart/reply/suggest.h"

namespace rampart::history {
namespace {

constexpr std::size_t kSampleBytesMax = 300;

}  // namespace

void Unmatched::add(const Outcome& outcome, const Correlator& correlator) {
  if (outcome.kind == Outcome::Kind::Expired || outcome.kind == Outcome::Kind::Forgotten ||
      outcome.found.reply_class != reply::ReplyClass::Undefined) {
    return;
  }
  ++count_;
  std::pair key{correlator.providers().text(outcome.provider), reply::generalise(outcome.text)};
  auto kind = kinds_.find(key);
  if (kind == kinds_.end()) {
    if (kinds_.size() >= kDifferentMax) {
      return;
    }
    UnmatchedReply reply{key.first, key.second, base::printable(outcome.text, kSampleBytesMax), 0};
    kind = kinds_.emplace(std::move(key), std::move(reply)).first;
  }
  ++kind->second.count;
}

std::vector<UnmatchedReply> Unmatched::replies() const {
  std::vector<UnmatchedReply> replies;
  replies.reserve(kinds_.size());
  for (const auto& [key, reply] : kinds_) {
    replies.push_back(reply);
  }
  std::stable_sort(replies.begin(), replies.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  return replies;
}

}  // namespace rampart::history
