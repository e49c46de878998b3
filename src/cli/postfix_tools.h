// Postfix's own commands for held mail: postsuper -H, postqueue -i, postqueue -j.
//
// Source: postsuper(1), postqueue(1). Measured with Postfix 3.7: postsuper writes "postsuper: ID:
// released from hold" for each message and "postsuper: Released from hold: N messages" to standard
// error, and exits 0 when it released nothing; it takes "ALL" and anything else for an ID, so IDs
// are QueueIds here.

#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mta_tools.h"

namespace rampart::cli {

/// The IDs that postsuper says it released.
std::set<std::string> parse_released(std::string_view postsuper_errors);

/// Queue ID -> queue ("hold", "deferred", ...) of `postqueue -j`. Lines that are no JSON are passed
/// over.
std::map<std::string, std::string> parse_queue(std::string_view postqueue_json);

class PostfixTools final : public MtaTools {
 public:
  explicit PostfixTools(const Arguments& arguments) : arguments_(arguments) {}

  [[nodiscard]] std::string program() const override { return "postsuper"; }
  [[nodiscard]] base::Result<Release> release(const Ids& ids) const override;
  [[nodiscard]] std::set<std::string> flush(const Ids& ids) const override;
  /// All that is queued.
  [[nodiscard]] base::Result<std::map<std::string, std::string>> queue(
      const Ids& ids) const override;

 private:
  [[nodiscard]] std::vector<std::string> command(const std::string& program,
                                                 std::vector<std::string> words) const;
  const Arguments& arguments_;
};

}  // namespace rampart::cli
