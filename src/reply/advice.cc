#include "rampart/reply/advice.h"

#include <array>
#include <cstddef>

namespace rampart::reply {
namespace {

constexpr std::array<std::string_view, 4> kRetries{"as usual", "slower", "after a fix", "never"};

// In the order of the enumerators of ReplyClass.
constexpr std::array<Advice, kReplyClasses> kAdvice{{
    {"The message was accepted.", Retry::Never, "Nothing."},
    {"The address does not exist at the receiving side.", Retry::Never,
     "Remove it from the list it came from. Many of these at once mean an old or bought list, and "
     "cost reputation with every provider."},
    {"The mailbox exists or existed, but takes no mail: disabled, suspended, closed or unused.",
     Retry::Never, "Remove it, or ask the recipient by another way for a new address."},
    {"The recipient's mailbox is over its quota.", Retry::AsUsual,
     "Nothing at first. A mailbox that stays full for weeks is abandoned: remove it."},
    {"The recipient has moved to another address.", Retry::Never,
     "Use the new address if the reply names one, otherwise remove the old one."},
    {"The recipient's domain does not exist, or says that it takes no mail.", Retry::Never,
     "Check the spelling of the domain. If several domains fail at once, check this host's own "
     "resolver first."},
    {"The server that answered does not handle mail for this domain, or the mail runs in a circle.",
     Retry::AfterFix,
     "Check the MX records of the recipient's domain and this host's own transport and relay "
     "settings."},
    {"Too much mail or too many connections for what this sender has earned so far.", Retry::Slower,
     "Let the queue wait and send less per hour. Raise the volume slowly; do not move the mail to "
     "other addresses."},
    {"The receiving side asks every new sender to come back later.", Retry::AsUsual,
     "Nothing: the next attempt of the queue is enough."},
    {"The sending IP address or domain is on a block list or has a bad reputation there.",
     Retry::AfterFix,
     "Find out what was sent and to whom, stop it, then ask for removal at the list or provider "
     "that the reply names. Retrying in a loop makes it worse."},
    {"The content of this message was taken for spam.", Retry::AfterFix,
     "Look at the links, the domain they lead to, and the template; check that the recipients "
     "asked for it."},
    {"A virus or other malware was found in the message.", Retry::Never,
     "Find the machine or account that sent it and take it off the network."},
    {"The identity of the sender was not accepted: SPF, DKIM, DMARC, reverse DNS, HELO, TLS or "
     "log-in.",
     Retry::AfterFix,
     "Waiting does not help. Check SPF, DKIM and DMARC of the sending domain, the PTR record of "
     "the IP address, and that the sender's domain exists in DNS."},
    {"The receiving organisation does not want this mail, and names no technical cause.",
     Retry::AfterFix,
     "Ask the recipient or the recipient's postmaster to allow the sender. The address itself is "
     "not at fault."},
    {"The message is larger than the receiving side takes.", Retry::Never,
     "Send less, or a link instead of the attachment."},
    {"The receiving system is down, busy or broken.", Retry::AsUsual,
     "Nothing, unless it lasts: then tell its postmaster."},
    {"There was no usable answer: connection refused, lost or timed out, or DNS did not answer.",
     Retry::AsUsual,
     "If it concerns one destination, wait. If it concerns all of them, look at this host's own "
     "network, firewall and resolver."},
    {"One side did not follow SMTP, or does not support what was asked for.", Retry::AfterFix,
     "Look at the conversation in the log; often an address with odd characters, SMTPUTF8, or a "
     "proxy in between."},
    {"The message stayed in the queue for its whole lifetime; the last notice names no cause.",
     Retry::Never, "Look for the earlier deferrals of the same message in the log."},
    {"The form of the message was refused: headers, encoding or a kind of attachment.",
     Retry::AfterFix, "Correct the program that writes the message."},
    {"The reply does not say what is wrong.", Retry::AsUsual,
     "If it comes often, add a rule for it."},
}};

}  // namespace

std::string_view to_string(Retry retry) noexcept {
  return kRetries[static_cast<std::size_t>(retry)];
}

const Advice& advice(ReplyClass reply_class) noexcept {
  return kAdvice[static_cast<std::size_t>(reply_class)];
}

}  // namespace rampart::reply
