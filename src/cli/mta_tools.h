// The MTA's own commands for held mail, whichever MTA it is.
//
// Threads: main thread; each call waits for the programs it runs.

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/mail/queue_id.h"

#include "arguments.h"

namespace rampart::cli {

class MtaTools {
 public:
  using Ids = std::vector<mail::QueueId>;

  struct Release {
    std::set<std::string> released;  ///< what the program says it released: exit codes do not tell
    std::string complaint;           ///< what it said beside, "" if all went well
  };

  MtaTools() = default;
  MtaTools(const MtaTools&) = delete;
  MtaTools& operator=(const MtaTools&) = delete;
  virtual ~MtaTools() = default;

  /// The program that releases: "postsuper".
  [[nodiscard]] virtual std::string program() const = 0;
  [[nodiscard]] virtual base::Result<Release> release(const Ids& ids) const = 0;
  /// Asks for delivery now. @return those that the MTA did not take: they go with the next run of
  /// its queue
  [[nodiscard]] virtual std::set<std::string> flush(const Ids& ids) const = 0;
  /// Queue ID -> queue ("hold", "deferred", ...) of at least those of `ids` that are queued.
  [[nodiscard]] virtual base::Result<std::map<std::string, std::string>> queue(
      const Ids& ids) const = 0;
};

/// Those of the MTA that `arguments` name; without: Postfix where its postsuper is, else Sendmail.
/// @param arguments  must outlive what is returned
std::unique_ptr<MtaTools> make_mta_tools(const Arguments& arguments);

}  // namespace rampart::cli
