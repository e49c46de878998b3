#include "mta_tools.h"

#include <filesystem>
#include <system_error>

#include "postfix_tools.h"
#include "sendmail_tools.h"

namespace rampart::cli {

// /usr/sbin/sendmail is no sign of Sendmail: every MTA has one.
std::unique_ptr<MtaTools> make_mta_tools(const Arguments& arguments) {
  std::error_code ignored;
  const bool postfix =
      arguments.mta == "postfix" || (arguments.mta.empty() && arguments.sendmail_cf.empty() &&
                                     std::filesystem::exists(arguments.postsuper, ignored));
  if (postfix) {
    return std::make_unique<PostfixTools>(arguments);
  }
  return std::make_unique<SendmailTools>(arguments);
}

}  // namespace rampart::cli
