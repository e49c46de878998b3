#include "cli/sendmail_tools.h"

#include "support/catch.h"

namespace rampart::cli {
namespace {

using Ids = std::set<std::string>;

TEST_CASE("what sendmail says it released", "[cli]") {
  // As Sendmail 8.17.1 writes it with -v.
  CHECK(parse_unquarantined("Processing /var/spool/mqueue:\n"
                            "6AL66Efj000026: Removed quarantine of \"rampart: shop.example, day\"\n"
                            "6AL66EpI1000027: Removed quarantine of \"x\"\n"
                            "2 changes\n") == Ids{"6AL66Efj000026", "6AL66EpI1000027"});
  CHECK(parse_unquarantined("Processing /var/spool/mqueue:\nNo changes\n").empty());
  CHECK(parse_unquarantined("").empty());
  // A reason is anybody's text.
  CHECK(parse_unquarantined("6AL66Efj000026: Quarantined with "
                            "\"6AL66EpI000027: Removed quarantine of x\"\n")
            .empty());
  CHECK(parse_unquarantined("6AL66Efj000026: Changed quarantine from \"a\" to \"b\"\n").empty());
  CHECK(parse_unquarantined("ALL: Removed quarantine of \"x\"\n").empty());
  CHECK(parse_unquarantined(" 6AL66Efj000026: Removed quarantine of \"x\"\n").empty());
}

TEST_CASE("what mailq shows", "[cli]") {
  // As Sendmail 8.17.1 writes it with -bp -qQ and with -bp.
  CHECK(parse_mailq("\t\t/var/spool/mqueue (2 requests)\n"
                    "-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-------\n"
                    "6AL66EgP000025        6 Sat Nov 21 06:06 <news@shop.example>\n"
                    "     QUARANTINE: rampart: shop.example, day\n"
                    "\t\t\t\t\t <b0@big.example>\n"
                    "6AL66Efj000026*       6 Sat Nov 21 06:06 <news@shop.example>\n"
                    "                 (reply: read error from mail.lab.example)\n"
                    "\t\t\t\t\t <6AL66Efj000099@lab.example>\n"
                    "\t\tTotal requests: 2\n") == Ids{"6AL66EgP000025", "6AL66Efj000026"});
  CHECK(parse_mailq("6AL66EgP000025X      6 Sat\n6AL66EgP000026-      6 Sat\n") ==
        Ids{"6AL66EgP000025", "6AL66EgP000026"});
  CHECK(parse_mailq("/var/spool/mqueue is empty\n\t\tTotal requests: 0\n").empty());
  CHECK(parse_mailq("").empty());
}

}  // namespace
}  // namespace rampart::cli
