// Sendmail's own commands for held mail, all of them the sendmail program: -Q -qQ -qI, -qI, -bp.
//
// Source: sendmail(8); Sendmail Installation and Operation Guide, section 2.3 (quarantine).
// Measured with Sendmail 8.17: without -v it releases and says nothing; with it, it writes
// "ID: Removed quarantine of "REASON"" for each message; it exits 0 whether or not it released
// anything. All of -Q, -qQ and -qI are needed: "-Q -qI" changes nothing, and "-qQ -qI" delivers the
// message without releasing it. -qI takes any part of a queue ID, so IDs are whole QueueIds here.

#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mta_tools.h"

namespace rampart::cli {

/// The IDs that `sendmail -v -Q -qQ` says it released.
std::set<std::string> parse_unquarantined(std::string_view sendmail_output);

/// The queue IDs that `sendmail -bp` shows.
std::set<std::string> parse_mailq(std::string_view sendmail_output);

class SendmailTools final : public MtaTools {
 public:
  explicit SendmailTools(const Arguments& arguments) : arguments_(arguments) {}

  [[nodiscard]] std::string program() const override { return "sendmail"; }
  [[nodiscard]] base::Result<Release> release(const Ids& ids) const override;
  [[nodiscard]] std::set<std::string> flush(const Ids& ids) const override;
  [[nodiscard]] base::Result<std::map<std::string, std::string>> queue(
      const Ids& ids) const override;

 private:
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> words,
                                                 const Ids& ids) const;
  const Arguments& arguments_;
};

}  // namespace rampart::cli
