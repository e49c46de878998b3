#include "feed_lines.h"

#include <algorithm>
#include <utility>

#include "rampart/base/text.h"

namespace rampart::cli {
namespace {

constexpr std::string_view kBegin = "BEGIN TRANSACTION";
constexpr std::string_view kCommit = "COMMIT TRANSACTION";
constexpr std::string_view kOk = "OK\n";
constexpr std::string_view kDeferred = "DEFER_COMMIT\n";

}  // namespace

void LineFeeder::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    partial_.append(part.substr(0, kLineBytesMax - std::min(kLineBytesMax, partial_.size())));
    if (end == std::string_view::npos) {
      return;
    }
    bytes.remove_prefix(end + 1);
    line();
  }
}

// One whole line is in partial_.
void LineFeeder::line() {
  std::string text = std::exchange(partial_, {});
  if (text == kBegin) {
    flush();
    transaction_ = true;
    problem_.clear();
    if (answer_) {
      answer_(kOk);
    }
    return;
  }
  if (text == kCommit) {
    transaction_ = false;
    unanswered_ = 1;  // lines before it have their answers
    flush();
    return;
  }
  if (waiting_.size() + 1 > kBatchLinesMax || waiting_bytes_ + text.size() > kBatchBytesMax) {
    flush();  // what a transaction has beyond a batch is sent early; if that fails, so does its end
  }
  waiting_bytes_ += text.size();
  waiting_.push_back(std::move(text));
  if (!transaction_) {
    ++unanswered_;
  } else if (answer_) {
    answer_(kDeferred);
  }
}

void LineFeeder::flush() {
  if (!waiting_.empty() && problem_.empty()) {
    problem_ = send_(waiting_);
  }
  waiting_.clear();
  waiting_bytes_ = 0;
  if (transaction_) {
    return;
  }
  const std::string problem = std::exchange(problem_, {});
  const std::string said = problem.empty() ? std::string(kOk) : base::printable(problem) + '\n';
  std::string answers;
  for (std::size_t i = 0; answer_ && i < unanswered_; ++i) {
    answers += said;
  }
  unanswered_ = 0;
  if (!answers.empty()) {
    answer_(answers);
  }
}

void LineFeeder::pause() {
  if (!transaction_ || !answer_) {
    flush();
  }
}

void LineFeeder::finish() {
  if (answer_) {
    partial_.clear();
  } else if (!partial_.empty()) {
    line();
  }
  pause();
}

}  // namespace rampart::cli
