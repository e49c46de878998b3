// Sendmail's own commands for held mail, all of them the sendmail program (-Q -qQ -qI, -qI), and
// its queue files.
//
// Source: sendmail(8); Sendmail Installation and Operation Guide, section 2.3 (quarantine).
// Measured with Sendmail 8.17: without -v it releases and says nothing; with it, it writes
// "ID: Removed quarantine of "REASON"" for each message; it exits 0 whether or not it released
// anything. All of -Q, -qQ and -qI are needed: "-Q -qI" changes nothing, and "-qQ -qI" delivers the
// message without releasing it. -qI takes any part of a queue ID, so IDs are whole QueueIds here.
// Sendmail has no command that deletes a message: see sendmail_queue.h.

#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/release/mta_tools.h"

namespace rampart::release {

/// The IDs that `sendmail -v -Q -qQ` says it released.
std::set<std::string> parse_unquarantined(std::string_view sendmail_output);

class SendmailTools final : public MtaTools {
 public:
  explicit SendmailTools(MtaOptions options) : options_(std::move(options)) {}

  [[nodiscard]] std::string program() const override { return "sendmail"; }
  [[nodiscard]] base::Result<std::set<std::string>> held() const override;
  [[nodiscard]] base::Result<Found> look(const mail::QueueId& id) const override;
  [[nodiscard]] base::Result<Said> release(const Ids& ids) const override;
  [[nodiscard]] std::set<std::string> flush(const Ids& ids) const override;
  [[nodiscard]] base::Result<Said> remove(const Ids& ids) const override;

 private:
  [[nodiscard]] base::Result<std::vector<std::string>> directories() const;
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> words,
                                                 const Ids& ids) const;

  MtaOptions options_;
};

}  // namespace rampart::release
