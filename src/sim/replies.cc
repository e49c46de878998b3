#include "replies.h"

#include <array>

#include <fmt/format.h>

#include "rampart/base/text.h"

namespace rampart::sim {
namespace {

using mail::Stage;
using Style = Provider::Style;

constexpr std::size_t kKinds = 7;
constexpr std::size_t kVariants = 2;
using Voice = std::array<std::array<Words, kVariants>, kKinds>;

constexpr Words kOk{Stage::EndOfData, "250 2.0.0 Ok: queued"};
constexpr std::array<Words, kVariants> kTaken{kOk, kOk};

constexpr Voice kGmail{{
    kTaken,
    {{{Stage::EndOfData,
       "421-4.7.28 Gmail has detected an unusual rate of mail originating from your SPF "
       "421-4.7.28 domain [shop.example 35]. To protect our users from spam, mail 421-4.7.28 sent "
       "from your domain has been temporarily rate limited. 421 4.7.28 "
       "https://support.google.com/mail/?p=UnsolicitedRateLimitError - gsmtp"},
      {Stage::Mail,
       "421-4.7.28 Gmail has detected an unusual rate of mail originating from your IP address. "
       "421 4.7.28 https://support.google.com/mail/?p=UnsolicitedRateLimitError - gsmtp"}}},
    {{{Stage::EndOfData,
       "550-5.7.1 [192.0.2.9 18] Gmail has detected that this message is 550-5.7.1 likely "
       "suspicious due to the very low reputation of the sending 550 5.7.1 domain. - gsmtp"},
      {Stage::Mail,
       "550-5.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your "
       "IP address. 550 5.7.28 - gsmtp"}}},
    {{{Stage::Rcpt,
       "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 "
       "double-checking the recipient's email address for typos. 550 5.1.1 "
       "https://support.google.com/mail/?p=NoSuchUser - gsmtp"},
      {Stage::Rcpt,
       "550-5.1.1 The email account that you tried to reach does not exist. 550 5.1.1 "
       "https://support.google.com/mail/?p=NoSuchUser - gsmtp"}}},
    {{{Stage::Rcpt,
       "452-4.2.2 The recipient's inbox is out of storage space. 452 4.2.2 "
       "https://support.google.com/mail/?p=OverQuotaTemp - gsmtp"},
      {Stage::Rcpt,
       "452-4.2.2 The email account that you tried to reach is over quota. 452 4.2.2 - gsmtp"}}},
    {{{Stage::Rcpt, "450 4.2.0 Greylisted, please try again later - gsmtp"},
      {Stage::Rcpt, "450 4.2.0 Greylisted, please try again later - gsmtp"}}},
    {{{Stage::EndOfData, "451 4.3.0 Mail server temporarily rejected message. - gsmtp"},
      {Stage::Mail, "421 4.3.0 Temporary System Problem. Try again later (WS). - gsmtp"}}},
}};

constexpr Voice kOutlook{{
    kTaken,
    {{{Stage::Mail,
       "451 4.7.650 The mail server [192.0.2.9] has been temporarily rate limited due to IP "
       "reputation. For e-mail delivery information see https://postmaster.live.com (S775)"},
      {Stage::Rcpt, "451 4.7.500 Server busy. Please try again later from [192.0.2.9]. (AS761)"}}},
    {{{Stage::Mail,
       "550 5.7.1 Unfortunately, messages from [192.0.2.9] weren't sent. Please contact your "
       "Internet service provider since part of their network is on our block list (S3150)."},
      {Stage::Mail,
       "550 5.7.1 Unfortunately, messages from [192.0.2.9] weren't sent. Please contact your "
       "Internet service provider since part of their network is on our block list (S3140)."}}},
    {{{Stage::Rcpt, "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)."},
      {Stage::Rcpt, "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)."}}},
    {{{Stage::Rcpt, "452 4.2.2 The recipient's mailbox is full and can't accept messages now."},
      {Stage::Rcpt, "452 4.2.2 The recipient's mailbox is full and can't accept messages now."}}},
    {{{Stage::Rcpt, "451 4.7.1 Greylisting in action, please come back later"},
      {Stage::Rcpt, "451 4.7.1 Greylisting in action, please come back later"}}},
    {{{Stage::EndOfData, "451 4.3.2 Temporary server error. Please try again later. PRX4"},
      {Stage::EndOfData, "451 4.7.0 Temporary server error. Please try again later. PRX4"}}},
}};

constexpr Voice kYahoo{{
    kTaken,
    {{{Stage::Mail,
       "421 4.7.0 [TSS04] Messages from 192.0.2.9 temporarily deferred due to unexpected volume "
       "or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes"},
      {Stage::Connect,
       "421 4.7.0 [TSS04] Messages from 192.0.2.9 temporarily deferred due to unexpected volume "
       "or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes"}}},
    {{{Stage::Mail,
       "553 5.7.2 [TSS09] All messages from 192.0.2.9 will be permanently deferred; Retrying will "
       "NOT succeed. See https://postmaster.yahooinc.com/error-codes"},
      {Stage::Connect, "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.9"}}},
    {{{Stage::Rcpt,
       "554 delivery error: dd This user doesn't have a yahoo.com account (x@yahoo.com) [0]"},
      {Stage::Rcpt, "552 1 Requested mail action aborted, mailbox not found"}}},
    {{{Stage::Rcpt, "452 4.2.2 mailbox is over quota"},
      {Stage::Rcpt, "552 5.2.2 mailbox over quota"}}},
    {{{Stage::Rcpt, "450 4.2.0 Greylisted, see the postmaster page"},
      {Stage::Rcpt, "450 4.2.0 Greylisted, see the postmaster page"}}},
    {{{Stage::EndOfData, "451 4.3.0 internal error, please try again"},
      {Stage::Data, "451 4.3.0 internal error, please try again"}}},
}};

constexpr Voice kGmx{{
    kTaken,
    {{{Stage::Connect,
       "421-gmx.net (mxgmx116) Nemesis ESMTP Service not available 421-Service closing "
       "transmission channel 421 Rate limit reached"},
      {Stage::Rcpt,
       "450-Requested mail action not taken: mailbox unavailable 450 Rate limit "
       "reached for your address"}}},
    {{{Stage::Connect,
       "554-gmx.net (mxgmx016) Nemesis ESMTP Service not available 554-No SMTP service 554-IP "
       "address is block listed. 554 For explanation visit https://postmaster.gmx.net"},
      {Stage::Connect,
       "554-gmx.net (mxgmx016) Nemesis ESMTP Service not available 554-No SMTP service 554-IP "
       "address is block listed. 554 For explanation visit https://postmaster.gmx.net"}}},
    {{{Stage::Rcpt,
       "550-Requested action not taken: mailbox unavailable 550 For explanation visit "
       "https://postmaster.gmx.net/en/error-messages"},
      {Stage::Rcpt, "550 Requested action not taken: mailbox unavailable"}}},
    {{{Stage::Rcpt, "452 4.2.2 Quota exceeded. The recipients mailbox is full."},
      {Stage::Rcpt, "452 4.2.2 Quota exceeded. The recipients mailbox is full."}}},
    {{{Stage::Rcpt, "450 4.2.0 Greylisted, please try again in a few minutes"},
      {Stage::Rcpt, "451 4.7.1 Greylisted, please try again in a few minutes"}}},
    {{{Stage::EndOfData, "451 Requested action aborted: local error in processing"},
      {Stage::EndOfData, "451 Requested action aborted: local error in processing"}}},
}};

constexpr Voice kApple{{
    kTaken,
    {{{Stage::Mail,
       "421 [HCM1] Your mail from news@shop.example was deferred. Please try again "
       "later."},
      {Stage::Rcpt, "451 4.7.1 Service unavailable - try again later"}}},
    {{{Stage::Connect, "550 5.7.0 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi"},
      {Stage::Connect, "550 5.7.1 Your IP address is listed in the Spamhaus SBL"}}},
    {{{Stage::Rcpt, "550 5.1.1 <x@icloud.com>: user does not exist"},
      {Stage::Rcpt, "550 5.1.1 unknown or illegal alias: x@icloud.com"}}},
    {{{Stage::Rcpt, "552 5.2.2 <x@icloud.com>: user is over quota"},
      {Stage::Rcpt, "452 4.2.2 <x@icloud.com>: user is over quota"}}},
    {{{Stage::Rcpt, "450 4.2.0 Greylisted"}, {Stage::Rcpt, "450 4.2.0 Greylisted"}}},
    {{{Stage::EndOfData, "451 [BS02] Temporary server error. Please try again later"},
      {Stage::EndOfData, "451 [BS02] Temporary server error. Please try again later"}}},
}};

constexpr Voice kPlain{{
    kTaken,
    {{{Stage::Rcpt, "450 4.7.1 Too many messages from your address, slow down"},
      {Stage::Mail, "421 4.7.0 Rate limit exceeded, try again later"}}},
    {{{Stage::Connect,
       "554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using "
       "zen.spamhaus.org"},
      {Stage::Rcpt, "550 5.7.1 Your IP address has a poor reputation and is blocked"}}},
    {{{Stage::Rcpt,
       "550 5.1.1 <x>: Recipient address rejected: User unknown in virtual mailbox "
       "table"},
      {Stage::Rcpt, "550 5.1.1 No such user here"}}},
    {{{Stage::Rcpt, "452 4.2.2 Mailbox full"},
      {Stage::EndOfData, "452 4.2.2 Quota exceeded (mailbox for user is full)"}}},
    {{{Stage::Rcpt,
       "450 4.2.0 <x>: Recipient address rejected: Greylisted, see "
       "http://postgrey.schweikert.ch/help/"},
      {Stage::Rcpt, "451 4.7.1 Greylisting in action, please come back later"}}},
    {{{Stage::EndOfData, "451 4.3.0 Error: queue file write error"},
      {Stage::EndOfData, "451 4.3.5 Server configuration problem"}}},
}};

// Of throttling and blocks no rule knows a word; the rest is said so that it can be told.
constexpr Voice kForeign{{
    kTaken,
    {{{Stage::Mail, "451 Kuulutus viibib, palun oodake"},
      {Stage::Rcpt, "450 Sendingin var of hr\xC3\xB6\xC3\xB0, komi\xC3\xB0 aftur"}}},
    {{{Stage::Mail,
       "554 Kirju siit enam ei v\xC3\xB5"
       "eta"},
      {Stage::EndOfData,
       "554 Ekki lengur tekið vi\xC3\xB0 p\xC3\xB3sti h\xC3\xA9\xC3\xB0"
       "an"}}},
    {{{Stage::Rcpt, "550 5.1.1 Kasutajat ei ole"}, {Stage::Rcpt, "550 5.1.1 Enginn notandi"}}},
    {{{Stage::Rcpt, "452 4.2.2 Postkast on t\xC3\xA4is"},
      {Stage::Rcpt, "452 4.2.2 P\xC3\xB3sth\xC3\xB3lf fullt"}}},
    {{{Stage::Rcpt, "450 4.2.0 Greylisted"}, {Stage::Rcpt, "450 4.2.0 Greylisted"}}},
    {{{Stage::EndOfData, "451 4.3.0 Sisemine viga"}, {Stage::EndOfData, "451 4.3.0 Villa"}}},
}};

const Voice& voice_of(Style style) noexcept {
  switch (style) {
    case Style::Gmail:
      return kGmail;
    case Style::Outlook:
      return kOutlook;
    case Style::Yahoo:
      return kYahoo;
    case Style::Gmx:
      return kGmx;
    case Style::Apple:
      return kApple;
    case Style::Plain:
      return kPlain;
    case Style::Foreign:
      return kForeign;
  }
  return kPlain;
}

std::string_view command_of(Stage stage) noexcept {
  switch (stage) {
    case Stage::Mail:
      return "MAIL FROM command";
    case Stage::Data:
      return "DATA command";
    case Stage::EndOfData:
      return "end of DATA command";
    default:
      return "RCPT TO command";
  }
}

}  // namespace

Words words_of(Style style, Kind kind, std::uint32_t variant) noexcept {
  return voice_of(style)[static_cast<std::size_t>(kind)][variant % kVariants];
}

std::string account_of(const Words& words, std::string_view relay) {
  if (words.text.front() == '2') {
    return std::string(words.text);
  }
  if (words.stage == Stage::Connect) {
    return fmt::format("host {} refused to talk to me: {}", relay, words.text);
  }
  return fmt::format("host {} said: {} (in reply to {})", relay, words.text,
                     command_of(words.stage));
}

// Of a refused connection Postfix logs 4.x.x whatever the server said, and X.0.0 for what came
// without an enhanced code.
std::string dsn_of(const Words& words) {
  std::string_view rest = words.text.substr(4);
  const auto code = mail::consume_enhanced_status_code(rest);
  std::string dsn = code ? to_string(*code) : std::string(1, words.text.front()) + ".0.0";
  if (words.stage == Stage::Connect) {
    dsn.front() = '4';
  }
  return dsn;
}

}  // namespace rampart::sim
