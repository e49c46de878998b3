// Log lines from standard input -> batches for the service, with rsyslog's confirmations.
//
// Source: rsyslog, plugins/external/INTERFACE.md (as of 8.2302): with confirmMessages="on" omprog
// waits for "OK" when the program has started, and for one answer to each line: "OK", or anything
// else, after which it brings the line again. With useTransactions="on" lines stand between
// "BEGIN TRANSACTION" and "COMMIT TRANSACTION"; they are answered with "DEFER_COMMIT", and what is
// said to the commit counts for all.
// Threads: one.
// Limits: a batch has kBatchLinesMax lines and kBatchBytesMax bytes; what a line has beyond
// kLineBytesMax is dropped.

#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rampart::cli {

inline constexpr std::size_t kBatchLinesMax = 10'000;
inline constexpr std::size_t kBatchBytesMax = std::size_t{1} << 20;
/// One more than the service keeps: it counts the lines that it cuts.
inline constexpr std::size_t kLineBytesMax = 64 * 1024 + 1;

class LineFeeder {
 public:
  /// Hands a batch over. @return "" when it is durable; else why it is not
  using Send = std::function<std::string(const std::vector<std::string>& lines)>;
  /// Writes to whoever brings the lines.
  using Answer = std::function<void(std::string_view text)>;

  /// @param answer  none: nothing is confirmed, and a failure of `send` is its own matter
  LineFeeder(Send send, Answer answer) : send_(std::move(send)), answer_(std::move(answer)) {}

  void add(std::string_view bytes);
  /// No more bytes are there for now: what is waiting goes.
  void pause();
  /// The input has ended. A last line without an end counts, unless answers were asked for: then it
  /// will be brought again.
  void finish();

 private:
  void line();
  void flush();

  Send send_;
  Answer answer_;
  std::string partial_;
  std::vector<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t unanswered_ = 0;  // lines outside a transaction, or its commit
  bool transaction_ = false;
  std::string problem_;  // of a part of the transaction; its other parts need not be tried
};

}  // namespace rampart::cli
