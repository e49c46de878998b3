// The MTA's own commands for held mail, whichever MTA it is.
//
// Threads: one object from one thread at a time; each call waits for the programs it runs.
// Errors: a program that cannot be started, fails or takes longer than a minute.
// Limits: 16 MiB of what a program says and of a message's header are looked at.

#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/mail/queue_id.h"

namespace rampart::release {

/// Which MTA, and where its programs and files are.
struct MtaOptions {
  std::string mta;          ///< "postfix", "sendmail"; "": whichever is there
  std::string mta_config;   ///< Postfix's configuration directory; "": its own default
  std::string sendmail_cf;  ///< Sendmail's configuration file; "": its own default
  std::string postsuper = "/usr/sbin/postsuper";
  std::string postqueue = "/usr/sbin/postqueue";
  std::string postcat = "/usr/sbin/postcat";
  std::string postconf = "/usr/sbin/postconf";
  std::string sendmail = "/usr/sbin/sendmail";
  /// Sendmail delivers in a process that the one asking leaves behind: not wanted of a caller that
  /// has no network. Its daemon's next queue run does it then.
  bool may_deliver = true;
};

class MtaTools {
 public:
  using Ids = std::vector<mail::QueueId>;

  /// A message as the queue shows it.
  struct Found {
    enum class Place {
      Held,
      Arriving,  ///< being received; not yet in any queue
      Elsewhere  ///< in another queue, or in none
    };
    Place place = Place::Elsewhere;
    std::vector<std::string> marks;  ///< values of the header mail::kHoldMarkHeader, if held
  };

  struct Said {
    std::set<std::string> done;  ///< what the program says it did: exit codes do not tell
    std::string complaint;       ///< what it said beside, "" if all went well
  };

  MtaTools() = default;
  MtaTools(const MtaTools&) = delete;
  MtaTools& operator=(const MtaTools&) = delete;
  virtual ~MtaTools() = default;

  /// The program that releases: "postsuper".
  [[nodiscard]] virtual std::string program() const = 0;
  /// All that is held, whoever holds it, and what is being received.
  [[nodiscard]] virtual base::Result<std::set<std::string>> held() const = 0;
  [[nodiscard]] virtual base::Result<Found> look(const mail::QueueId& id) const = 0;
  /// Acts on held messages alone.
  [[nodiscard]] virtual base::Result<Said> release(const Ids& ids) const = 0;
  /// Asks for delivery now. @return those that the MTA did not take: they go with the next run of
  /// its queue
  [[nodiscard]] virtual std::set<std::string> flush(const Ids& ids) const = 0;
  /// Deletes held messages, and no others.
  [[nodiscard]] virtual base::Result<Said> remove(const Ids& ids) const = 0;
};

/// Those of the MTA that `options` name; without: Postfix where its postsuper is, else Sendmail.
std::unique_ptr<MtaTools> make_mta_tools(const MtaOptions& options);

}  // namespace rampart::release
