#include "rampart/reply/advice.h"

#include <array>
#include <cstddef>

namespace rampart::reply {
namespace {

constexpr std::array<std::string_view, 4> kRetries{"as usual", "slower", "after a fix", "never"};

// In the order of the enumerators of ReplyClass.
constexpr std::array<Advice, kReplyClasses> kAdvice{{
    {"The message was accepted.", Retry::Never, "Nothing.",
     "Counts it towards the growth of the allowance, and clears soft evidence against the "
     "recipient."},
    {"The address does not exist at the receiving side.", Retry::Never,
     "Remove it from the list it came from. Many of these at once mean an old or bought list, and "
     "cost reputation with every provider.",
     "Suppresses the address when the refusal is permanent, and counts it in the bounce share."},
    {"The mailbox exists or existed, but takes no mail: disabled, suspended, closed or unused.",
     Retry::Never, "Remove it, or ask the recipient by another way for a new address.",
     "Suppresses the address when the refusal is permanent, and counts it in the bounce share."},
    {"The recipient's mailbox is over its quota.", Retry::AsUsual,
     "Nothing at first. A mailbox that stays full for weeks is abandoned: remove it.",
     "Keeps it as soft evidence against the recipient; slows nobody down."},
    {"The recipient has moved to another address.", Retry::Never,
     "Use the new address if the reply names one, otherwise remove the old one.",
     "Suppresses the address when the refusal is permanent, and counts it in the bounce share."},
    {"The recipient's domain does not exist, or says that it takes no mail.", Retry::Never,
     "Check the spelling of the domain. If several domains fail at once, check this host's own "
     "resolver first.",
     "Suppresses the address at once if the domain says that it takes no mail, otherwise after "
     "failures on several days."},
    {"The server that answered does not handle mail for this domain, or the mail runs in a circle.",
     Retry::AfterFix,
     "Check the MX records of the recipient's domain and this host's own transport and relay "
     "settings.",
     "Counts it, and keeps it as soft evidence against the recipient."},
    {"Too much mail or too many connections for what this sender has earned so far.", Retry::Slower,
     "Let the queue wait and send less per hour. Raise the volume slowly; do not move the mail to "
     "other addresses.",
     "Lowers the allowance of the flow or pauses it, as the scope of the rule says; if one "
     "recipient is meant, slows nobody down."},
    {"The receiving side asks every new sender to come back later.", Retry::AsUsual,
     "Nothing: the next attempt of the queue is enough.", "Nothing."},
    {"The sending IP address or domain is on a block list or has a bad reputation there.",
     Retry::AfterFix,
     "Find out what was sent and to whom, stop it, then ask for removal at the list or provider "
     "that the reply names. Retrying in a loop makes it worse.",
     "Pauses the flow and steps its ramp back, if the refusal is permanent for longer."},
    {"The content of this message was taken for spam.", Retry::AfterFix,
     "Look at the links, the domain they lead to, and the template; check that the recipients "
     "asked for it.",
     "Counts it; the flow goes on."},
    {"A virus or other malware was found in the message.", Retry::Never,
     "Find the machine or account that sent it and take it off the network.",
     "Counts it; the flow goes on."},
    {"The identity of the sender was not accepted: SPF, DKIM, DMARC, reverse DNS, HELO, TLS or "
     "log-in.",
     Retry::AfterFix,
     "Waiting does not help. Check SPF, DKIM and DMARC of the sending domain, the PTR record of "
     "the IP address, and that the sender's domain exists in DNS.",
     "Counts it; does not slow down, since waiting does not help."},
    {"The receiving organisation does not want this mail, and names no technical cause.",
     Retry::AfterFix,
     "Ask the recipient or the recipient's postmaster to allow the sender. The address itself is "
     "not at fault.",
     "Counts it, and keeps it as soft evidence against the recipient."},
    {"The message is larger than the receiving side takes.", Retry::Never,
     "Send less, or a link instead of the attachment.", "Counts it."},
    {"The receiving system is down, busy or broken.", Retry::AsUsual,
     "Nothing, unless it lasts: then tell its postmaster.",
     "Counts it, and shows a provider that is down for long."},
    {"There was no usable answer: connection refused, lost or timed out, or DNS did not answer.",
     Retry::AsUsual,
     "If it concerns one destination, wait. If it concerns all of them, look at this host's own "
     "network, firewall and resolver.",
     "Counts it, shows a provider that is unreachable for long, and tells an outage of its own "
     "host from theirs."},
    {"One side did not follow SMTP, or does not support what was asked for.", Retry::AfterFix,
     "Look at the conversation in the log; often an address with odd characters, SMTPUTF8, or a "
     "proxy in between.",
     "Counts it."},
    {"The message stayed in the queue for its whole lifetime; the last notice names no cause.",
     Retry::Never, "Look for the earlier deferrals of the same message in the log.",
     "Counts it with what kept failing before."},
    {"The form of the message was refused: headers, encoding or a kind of attachment.",
     Retry::AfterFix, "Correct the program that writes the message.", "Counts it."},
    {"The reply does not say what is wrong.", Retry::AsUsual,
     "If it comes often, add a rule for it.",
     "Counts it and lists it among the replies no rule knows."},
}};

}  // namespace

std::string_view to_string(Retry retry) noexcept {
  return kRetries[static_cast<std::size_t>(retry)];
}

const Advice& advice(ReplyClass reply_class) noexcept {
  return kAdvice[static_cast<std::size_t>(reply_class)];
}

}  // namespace rampart::reply
