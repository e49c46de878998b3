#include "rampart/provider/sender.h"

#include <utility>

#include "support/catch.h"

namespace rampart::provider {
namespace {

SenderSpec by_domain(std::string domain, std::string name = "") {
  return {std::move(domain), "", "", std::move(name), ""};
}
SenderSpec by_auth(std::string auth, std::string name) {
  return {"", std::move(auth), "", std::move(name), ""};
}
SenderSpec by_network(std::string network, std::string name) {
  return {"", "", std::move(network), std::move(name), ""};
}

SenderTable table_of(const std::vector<SenderSpec>& specs,
                     const std::vector<std::string>& named = {}) {
  auto table = SenderTable::build(specs, named);
  INFO((table ? std::string() : table.error().what));
  REQUIRE(table.has_value());
  return std::move(*table);
}

std::string sender_of(const SenderTable& table,
                      std::string_view envelope_sender,
                      std::string_view auth = "",
                      std::string_view address = "") {
  return table.sender_of(mail::parse_address(envelope_sender).value(), auth, address);
}

TEST_CASE("the sender is the registrable domain where nothing else is said", "[provider][unit]") {
  const SenderTable table = table_of({});
  CHECK(sender_of(table, "<news@a.b.example.co.uk>") == "example.co.uk");
  CHECK(sender_of(table, "<news@EXAMPLE.com>") == "example.com");
  CHECK(sender_of(table, "<>") == kNullSender);
  CHECK(sender_of(table, "root") == kLocalSender);
  CHECK(sender_of(table, "a@[192.0.2.1]") == "[192.0.2.1]");
}

TEST_CASE("a domain that a rule names is a sender with all below it", "[provider][unit]") {
  const SenderTable table =
      table_of({by_domain("mail.shop.example", "shop-news")},
               {"news.example.com", "eu.news.example.com", "Example.ORG", "*.glob.example", "<>",
                "", "local", "shop-news", "news.example.com"});
  struct Case {
    std::string_view envelope_sender;
    std::string_view want;
  };
  static const Case kCases[] = {
      {"a@news.example.com", "news.example.com"},
      {"a@b.c.news.example.com", "news.example.com"},
      {"a@eu.news.example.com", "eu.news.example.com"},
      {"a@b.eu.news.example.com", "eu.news.example.com"},
      {"a@app.example.com", "example.com"},
      {"a@example.com", "example.com"},
      {"a@fakenews.example.com", "example.com"},
      {"a@mail.example.org", "example.org"},
      {"a@b.glob.example", "glob.example"},
      {"a@shop-news", "shop-news"},
      {"a@mail.shop.example", "shop-news"},
  };
  for (const Case& c : kCases) {
    INFO(c.envelope_sender);
    CHECK(sender_of(table, c.envelope_sender) == c.want);
  }
}

TEST_CASE("the first [[sender]] that matches wins", "[provider][unit]") {
  const SenderTable table = table_of(
      {
          by_domain("vip@example.com", "vip.example"),
          by_domain("*.bounces.example.com", "example.com"),
          by_domain("Bounces.example.com"),
          by_auth("shop@realm", "shop.example"),
          by_network("192.0.2.0/24", "customers"),
          by_network("2001:db8::/32", "customers-six"),
          by_domain("late.example", "too-late"),
          by_domain("*.deep.example"),
          by_domain("me@own.example"),
      },
      {"late.example", "bounces.example.com"});
  struct Case {
    std::string_view envelope_sender;
    std::string_view auth;
    std::string_view address;
    std::string_view want;
  };
  static const Case kCases[] = {
      {"vip@example.com", "shop@realm", "192.0.2.1", "vip.example"},
      {"VIP@example.com", "", "", "vip.example"},
      {"vipx@example.com", "", "", "example.com"},
      {"vip@mail.example.com", "", "", "example.com"},
      {"a@b.bounces.example.com", "", "", "example.com"},
      {"a@bounces.example.com", "", "", "bounces.example.com"},
      {"a@xbounces.example.com", "", "", "example.com"},
      {"a@other.example", "shop@realm", "192.0.2.1", "shop.example"},
      {"a@other.example", "SHOP@realm", "192.0.3.1", "other.example"},
      {"a@other.example", "shop@realm2", "192.0.2.255", "customers"},
      {"a@other.example", "", "[IPv6:2001:db8::25]", "customers-six"},
      {"a@other.example", "", "2001:db9::25", "other.example"},
      {"a@late.example", "", "192.0.2.9", "customers"},
      {"a@late.example", "", "", "too-late"},
      {"a@x.deep.example", "", "", "deep.example"},
      {"me@own.example", "", "", "me@own.example"},
      {"root", "", "192.0.2.9", "customers"},
      {"root", "", "192.0.3.9", "local"},
      {"<>", "shop@realm", "192.0.2.1", "<>"},
  };
  for (const Case& c : kCases) {
    INFO(c.envelope_sender << " " << c.auth << " " << c.address);
    CHECK(sender_of(table, c.envelope_sender, c.auth, c.address) == c.want);
  }
}

TEST_CASE("build refuses bad [[sender]] entries, all at once", "[provider][unit]") {
  SenderSpec two = by_domain("a.example", "a");
  two.auth = "user";
  const std::vector<std::pair<SenderSpec, std::string_view>> cases = {
      {SenderSpec{}, "exactly one"},
      {two, "exactly one"},
      {by_auth("user", ""), "needs a name"},
      {by_network("192.0.2.0/24", ""), "needs a name"},
      {by_network("192.0.2.0/33", "a"), "bad network \"192.0.2.0/33\""},
      {by_domain("*", "a"), "bad match"},
      {by_domain("*.", "a"), "bad match"},
      {by_domain("*.*.example", "a"), "bad match"},
      {by_domain("news*.example", "a"), "bad match"},
      {by_domain("*.user@example.com", "a"), "bad match"},
      {by_domain("user@", "a"), "bad match"},
      {by_domain("@example.com", "a"), "bad match"},
      {by_domain("a..example", "a"), "bad match"},
      {by_domain("a.example", "new"), "bad sender name \"new\""},
      {by_domain("a.example", "New"), "bad sender name"},
      {by_domain("a.example", "<>"), "bad sender name"},
      {by_domain("a.example", "two words"), "bad sender name"},
      {by_domain("a.example", "*.b.example"), "bad sender name"},
  };
  for (const auto& [spec, want] : cases) {
    const auto table = SenderTable::build({spec}, {});
    INFO(spec.domain << spec.auth << spec.network << " " << spec.name << ": " << want);
    REQUIRE_FALSE(table.has_value());
    CHECK(table.error().what.find(want) != std::string::npos);
  }
  SenderSpec placed = by_auth("user", "");
  placed.where = "rampart.toml:7:1";
  const auto table = SenderTable::build({placed, by_domain("*", "b")}, {"a b", "co.uk"});
  REQUIRE_FALSE(table.has_value());
  CHECK(table.error().what ==
        "rampart.toml:7:1: error: a sender with auth or network needs a name\n"
        "error: bad match \"*\"\n"
        "error: bad sender \"a b\" in a rule\n"
        "error: sender \"co.uk\" in a rule is a public suffix: strangers would be one sender");
}

TEST_CASE("Network::contains compares the bits of the prefix", "[provider][unit]") {
  struct Case {
    std::string_view network;
    std::string_view address;
    bool want;
  };
  static const Case kCases[] = {
      {"192.0.2.0/24", "192.0.2.0", true},
      {"192.0.2.0/24", "192.0.2.255", true},
      {"192.0.2.0/24", "192.0.3.0", false},
      {"192.0.2.0/24", "192.0.1.255", false},
      {"192.0.2.77/24", "192.0.2.1", true},
      {"192.0.2.128/25", "192.0.2.128", true},
      {"192.0.2.128/25", "192.0.2.127", false},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.2", false},
      {"192.0.2.1/31", "192.0.2.0", true},
      {"0.0.0.0/0", "255.1.2.3", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"[192.0.2.1]", "[192.0.2.1]", true},
      {"192.0.2.0/24", "::ffff:192.0.2.7", true},
      {"192.0.2.0/24", "[IPv6:::ffff:192.0.3.7]", false},
      {"::ffff:192.0.2.0/120", "192.0.2.7", true},
      {"::ffff:192.0.2.0/120", "192.0.3.7", false},
      {"2001:db8::/32", "2001:db8:ffff::1", true},
      {"2001:db8::/32", "2001:db9::1", false},
      {"[2001:db8::]/32", "2001:DB8::1", true},
      {"2001:db8::1", "2001:db8:0:0::1", true},
      {"2001:db8::1/128", "2001:db8::2", false},
      {"fe80::/10", "fe80::1%eth0", true},
      {"::/0", "2001:db8::1", true},
      {"::/0", "192.0.2.1", false},
      {"2001:db8::/32", "IPv6:2001:db8::1", true},
      {"192.0.2.0/24", "", false},
      {"192.0.2.0/24", "unknown", false},
      {"192.0.2.0/24", "192.0.2", false},
      {"192.0.2.0/24", "192.0.2.1x", false},
      {"192.0.2.0/24", std::string_view("192.0.2.1\0", 10), false},
  };
  for (const Case& c : kCases) {
    INFO(c.network << " " << c.address);
    const auto network = Network::parse(c.network);
    REQUIRE(network.has_value());
    CHECK(network->contains(c.address) == c.want);
  }
  CHECK_FALSE(Network().contains("192.0.2.1"));
  CHECK_FALSE(Network::parse("::/0")->contains(std::string(1000, '1')));
}

TEST_CASE("Network::contains holds for all prefix lengths", "[provider][property]") {
  for (unsigned bits = 0; bits <= 32; ++bits) {
    const auto network = Network::parse("170.170.170.170/" + std::to_string(bits));
    REQUIRE(network.has_value());
    for (unsigned flipped = 0; flipped < 32; ++flipped) {
      const unsigned value = 0xaaaaaaaaU ^ (0x80000000U >> flipped);
      const std::string address =
          std::to_string(value >> 24) + '.' + std::to_string(value >> 16 & 0xff) + '.' +
          std::to_string(value >> 8 & 0xff) + '.' + std::to_string(value & 0xff);
      INFO(bits << " " << address);
      CHECK(network->contains(address) == (flipped >= bits));
    }
  }
}

TEST_CASE("Network::parse refuses what is no network", "[provider][unit]") {
  for (const char* bad :
       {"", "/", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/ 8",
        "192.0.2.0/0024", "192.0.2/24", "192.0.2.0/24/8", "2001:db8::/129", "2001:db8",
        "example.com", "[192.0.2.0/24]", "192.0.2.256", "192.0.2.0/4294967320", "fe80::1%eth0"}) {
    INFO(bad);
    CHECK_FALSE(Network::parse(bad).has_value());
  }
  CHECK_FALSE(Network::parse(std::string(5000, '1')).has_value());
}

TEST_CASE("is_loopback knows all spellings of this host and no other", "[provider][unit]") {
  for (const char* yes : {"127.0.0.1", "127.255.0.3", "::1", "[::1]", "[127.0.0.1]", "IPv6:::1",
                          "[IPv6:::1]", "::ffff:127.0.0.1", "0:0:0:0:0:0:0:1"}) {
    INFO(yes);
    CHECK(is_loopback(yes));
  }
  for (const char* no : {"", "128.0.0.1", "126.255.255.255", "::", "::2", "1::1", "localhost",
                         "127.1", "127.0.0.1.example.com", "::ffff:128.0.0.1", "0.0.0.0"}) {
    INFO(no);
    CHECK_FALSE(is_loopback(no));
  }
}

}  // namespace
}  // namespace rampart::provider
