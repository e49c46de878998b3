// Postfix's own commands for held mail: postsuper -H and -d, postqueue -i, postcat -h, and its
// hold queue as a directory.
//
// Source: postsuper(1), postqueue(1), postcat(1), postconf(5) hash_queue_names. Measured with
// Postfix 3.7: postsuper writes "postsuper: ID: released from hold" or "postsuper: ID: removed" for
// each message and "postsuper: Released from hold: N messages" to standard error, and exits 0 when
// it did nothing; it takes "ALL" and anything else for an ID, so IDs are QueueIds here. "-H" acts
// on the hold queue alone, "-d" on the queues that are named. A released message goes to the
// deferred queue; "postqueue -i" has it delivered. A queue file is complete when its owner may
// execute it.
// postcat gets the opened file of the hold queue as its standard input: "-q ID" would read any
// queue.

#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/release/mta_tools.h"

namespace rampart::release {

/// The IDs of lines "postsuper: ID: WHAT".
std::set<std::string> parse_postsuper(std::string_view postsuper_errors, std::string_view what);

class PostfixTools final : public MtaTools {
 public:
  explicit PostfixTools(MtaOptions options) : options_(std::move(options)) {}

  [[nodiscard]] std::string program() const override { return "postsuper"; }
  [[nodiscard]] base::Result<std::set<std::string>> held() const override;
  [[nodiscard]] base::Result<Found> look(const mail::QueueId& id) const override;
  [[nodiscard]] base::Result<Said> release(const Ids& ids) const override;
  [[nodiscard]] std::set<std::string> flush(const Ids& ids) const override;
  [[nodiscard]] base::Result<Said> remove(const Ids& ids) const override;

 private:
  /// Asks where the queues are.
  [[nodiscard]] base::Result<> find_queues() const;
  [[nodiscard]] base::Result<Said> tell_postsuper(std::vector<std::string> words,
                                                  const Ids& ids,
                                                  std::string_view what) const;
  [[nodiscard]] std::vector<std::string> command(const std::string& program,
                                                 std::vector<std::string> words) const;

  MtaOptions options_;
  mutable std::string queues_;  ///< the queue directory; "" before the first question for it
};

}  // namespace rampart::release
