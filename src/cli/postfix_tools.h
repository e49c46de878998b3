// Postfix's own commands for held mail: postsuper -H, postqueue -i, postqueue -j.
//
// Source: postsuper(1), postqueue(1). Measured with Postfix 3.7: postsuper writes "postsuper: ID:
// released from hold" for each message and "postsuper: Released from hold: N messages" to standard
// error, and exits 0 when it released nothing; it takes "ALL" and anything else for an ID, so IDs
// are QueueIds here.
// Threads: main thread; each call waits for the program.

#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/mail/queue_id.h"

#include "arguments.h"

namespace rampart::cli {

/// What a program said.
struct ProgramResult {
  int exit_code = 0;  ///< 128 + signal if it was killed
  std::string output;
  std::string errors;
};

/// Runs a program without a shell. @param words  its path first
/// @return Unavailable if it cannot be started
base::Result<ProgramResult> run_program(const std::vector<std::string>& words,
                                        std::string_view input);

/// The IDs that postsuper says it released.
std::set<std::string> parse_released(std::string_view postsuper_errors);

/// Queue ID -> queue ("hold", "deferred", ...) of `postqueue -j`. Lines that are no JSON are passed
/// over.
std::map<std::string, std::string> parse_queue(std::string_view postqueue_json);

class PostfixTools {
 public:
  explicit PostfixTools(const Arguments& arguments) : arguments_(arguments) {}

  struct Release {
    std::set<std::string> released;
    std::string complaint;  ///< what postsuper said beside, "" if all went well
  };
  [[nodiscard]] base::Result<Release> release(const std::vector<mail::QueueId>& ids) const;
  /// Asks for delivery now. @return false if Postfix did not take it
  [[nodiscard]] bool flush(const mail::QueueId& id) const;
  [[nodiscard]] base::Result<std::map<std::string, std::string>> queue() const;

 private:
  [[nodiscard]] std::vector<std::string> command(const std::string& program,
                                                 std::vector<std::string> words) const;
  const Arguments& arguments_;
};

}  // namespace rampart::cli
