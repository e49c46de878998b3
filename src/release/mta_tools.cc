#include "rampart/release/mta_tools.h"

#include <filesystem>
#include <system_error>

#include "postfix_tools.h"
#include "sendmail_tools.h"

namespace rampart::release {

// /usr/sbin/sendmail is no sign of Sendmail: every MTA has one.
std::unique_ptr<MtaTools> make_mta_tools(const MtaOptions& options) {
  std::error_code ignored;
  const bool postfix =
      options.mta == "postfix" || (options.mta.empty() && options.sendmail_cf.empty() &&
                                   std::filesystem::exists(options.postsuper, ignored));
  if (postfix) {
    return std::make_unique<PostfixTools>(options);
  }
  return std::make_unique<SendmailTools>(options);
}

}  // namespace rampart::release
