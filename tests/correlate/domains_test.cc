#include "rampart/correlate/domains.h"

#include "support/catch.h"

namespace rampart::correlate {
namespace {

using Names = std::vector<std::string>;

TEST_CASE("a domain's provider is the table's, else taught, else its registrable domain",
          "[correlate][unit]") {
  const auto table =
      provider::Table::build({{"gmail", {"gmail.example"}, {"google.example"}, "", "t:1"}});
  REQUIRE(table.has_value());
  Domains domains;
  const auto provider_of = [&](std::string_view domain) {
    return domains.provider_of(*table, *mail::parse_domain(domain));
  };
  CHECK(provider_of("gmail.example") == "gmail");
  CHECK(provider_of("mail.firm.example") == "firm.example");
  CHECK(domains.learn("mail.firm.example", "gmail"));
  CHECK_FALSE(domains.learn("mail.firm.example", "gmail"));
  CHECK(provider_of("mail.firm.example") == "gmail");
  CHECK(provider_of("firm.example") == "firm.example");
  CHECK(domains.domains_of("gmail") == Names{"mail.firm.example"});
  CHECK(domains.domains_of("firm.example") == Names{"firm.example"});
  CHECK(domains.learn("mail.firm.example", "outlook"));
  CHECK(provider_of("mail.firm.example") == "outlook");
  CHECK(domains.learned().size() == 1);
}

}  // namespace
}  // namespace rampart::correlate
