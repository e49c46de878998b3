#include "rampart/provider/table.h"

#include <utility>

#include "support/catch.h"

namespace rampart::provider {
namespace {

mail::Domain domain_of(std::string_view text) {
  return mail::parse_domain(text).value();
}

ProviderSpec spec_of(std::string name,
                     std::vector<std::string> domains,
                     std::vector<std::string> mx,
                     std::string where = "") {
  return {std::move(name), std::move(domains), std::move(mx), "", std::move(where)};
}

Table table_of(const std::vector<ProviderSpec>& specs) {
  auto table = Table::build(specs);
  INFO((table ? std::string() : table.error().what));
  REQUIRE(table.has_value());
  return std::move(*table);
}

TEST_CASE("registrable_domain cuts at the public suffix", "[provider][unit]") {
  struct Case {
    std::string_view text;
    std::string_view want;
  };
  static const Case kCases[] = {
      {"example.com", "example.com"},
      {"a.b.example.co.uk", "example.co.uk"},
      {"MAIL.Example.ORG.", "example.org"},
      {"a.b.c.github.io", "c.github.io"},
      {"github.io", "github.io"},
      {"co.uk", "co.uk"},
      {"com", "com"},
      {"localhost", "localhost"},
      {"mail.corp.internal", "corp.internal"},
      {"www.city.kawasaki.jp", "city.kawasaki.jp"},
      {"a.xn--bcher-kva.example", "xn--bcher-kva.example"},
      {"mx.b\xC3\xBC"
       "cher.de",
       "xn--bcher-kva.de"},
      {"[192.0.2.1]", "[192.0.2.1]"},
      {"[IPv6:2001:db8::1]", "[ipv6:2001:db8::1]"},
      {"192.0.2.1", "192.0.2.1"},
      {"a_b.news.example.com", "example.com"},
  };
  for (const Case& c : kCases) {
    INFO(c.text);
    CHECK(registrable_domain(domain_of(c.text)) == c.want);
  }
  CHECK(registrable_domain(mail::Domain()).empty());
}

TEST_CASE("registrable_domain of a registrable domain is itself", "[provider][property]") {
  for (const char* tail : {"com", "co.uk", "github.io", "test", "kawasaki.jp", "localhost"}) {
    std::string text = tail;
    for (int i = 0; i < 40; ++i) {
      const std::string once = registrable_domain(domain_of(text));
      INFO(text);
      CHECK(registrable_domain(domain_of(once)) == once);
      CHECK(mail::is_within(text, once));
      text.insert(0, "a.");
    }
  }
}

TEST_CASE("find_by_host takes the longest suffix anchored at a label", "[provider][unit]") {
  const Table table = table_of({
      spec_of("gmail", {}, {"google.com", "*.googlemail.com"}),
      spec_of("microsoft365", {}, {"protection.outlook.com"}),
      spec_of("outlook", {}, {".olc.protection.outlook.com"}),
      spec_of("books", {},
              {"b\xC3\xBC"
               "cher.example"}),
  });
  struct Case {
    std::string_view host;
    std::string_view want;
  };
  static const Case kCases[] = {
      {"gmail-smtp-in.l.google.com", "gmail"},
      {"google.com", "gmail"},
      {"ASPMX.L.GOOGLE.COM.", "gmail"},
      {"googlemail.com", "gmail"},
      {"evilgoogle.com", ""},
      {"google.com.evil.example", ""},
      {"google.co", ""},
      {"oogle.com", ""},
      {"com", ""},
      {"a-com.mail.protection.outlook.com", "microsoft365"},
      {"outlook-com.olc.protection.outlook.com", "outlook"},
      {"olc.protection.outlook.com", "outlook"},
      {"xolc.protection.outlook.com", "microsoft365"},
      {"outlook.com", ""},
      {"mx.xn--bcher-kva.example", "books"},
      {"", ""},
      {".", ""},
      {"google.com..", ""},
      {"192.0.2.1", ""},
      {"[192.0.2.1]", ""},
      {std::string_view("google.com\0", 11), ""},
  };
  for (const Case& c : kCases) {
    INFO(c.host);
    CHECK(table.find_by_host(c.host) == c.want);
  }
  CHECK(table.find_by_host(std::string(244, 'a') + ".google.com") == "gmail");
  CHECK(table.find_by_host(std::string(245, 'a') + ".google.com").empty());
  CHECK(table.find_by_host(std::string(100'000, '.')).empty());
}

TEST_CASE("find_by_host agrees with a plain search over all suffixes", "[provider][model]") {
  const std::vector<std::string> suffixes{"a.b", "b.b", "a.a.b", "b.a.a.b", "c", "a.c", "ab.c"};
  std::vector<ProviderSpec> specs;
  for (std::size_t i = 0; i < suffixes.size(); ++i) {
    specs.push_back(spec_of("p" + std::to_string(i), {}, {suffixes[i]}));
  }
  const Table table = table_of(specs);
  const std::string letters = "abc.";
  for (std::size_t number = 0; number < 4 * 4 * 4 * 4 * 4 * 4 * 4; ++number) {
    std::string host;
    for (std::size_t rest = number; host.size() < 7; rest /= 4) {
      host += letters[rest % 4];
    }
    std::string_view want;
    std::size_t longest = 0;
    for (std::size_t i = 0; i < suffixes.size(); ++i) {
      const std::string_view name =
          host.ends_with('.') ? std::string_view(host).substr(0, 6) : std::string_view(host);
      if (mail::is_within(name, suffixes[i]) && suffixes[i].size() > longest) {
        longest = suffixes[i].size();
        want = specs[i].name;
      }
    }
    if (table.find_by_host(host) != want) {
      FAIL(host << " gives " << table.find_by_host(host) << ", not " << want);
    }
  }
}

TEST_CASE("find_by_domain knows the listed domains only", "[provider][unit]") {
  const Table table = table_of({spec_of("gmail", {"GMail.com"}, {"google.com"})});
  CHECK(table.find_by_domain(domain_of("gmail.com")) == "gmail");
  CHECK(table.find_by_domain(domain_of("x.gmail.com")).empty());
  CHECK(table.find_by_domain(domain_of("google.com")).empty());
  CHECK(table.find_by_domain(domain_of("notgmail.com")).empty());
  CHECK(table.find_by_domain(mail::Domain()).empty());
}

TEST_CASE("a later spec of the same name adds to the earlier one", "[provider][unit]") {
  ProviderSpec shipped = spec_of("acme", {"acme.example"}, {"mx.acme.example"});
  shipped.url = "https://old.example/";
  ProviderSpec more = spec_of("acme", {"acme.test", "acme.example"}, {"mx.acme.test"});
  const Table before = table_of({shipped, more, spec_of("b", {}, {})});
  CHECK(before.url("acme") == "https://old.example/");
  more.url = "http://new.example/a?b=c";
  const Table table = table_of({shipped, more, spec_of("b", {}, {})});
  CHECK(table.find_by_domain(domain_of("acme.example")) == "acme");
  CHECK(table.find_by_domain(domain_of("acme.test")) == "acme");
  CHECK(table.find_by_host("a.mx.acme.test") == "acme");
  CHECK(table.url("acme") == "http://new.example/a?b=c");
  CHECK(table.url("b").empty());
  CHECK(table.url("none").empty());
  CHECK(table.names() == std::vector<std::string_view>{"acme", "b"});
  CHECK(table.is_named("b"));
  CHECK_FALSE(table.is_named("acme.example"));
  CHECK_FALSE(table.is_named(""));
}

TEST_CASE("build refuses what cannot be meant", "[provider][unit]") {
  struct Case {
    ProviderSpec spec;
    std::string_view want;
  };
  const auto with_url = [](std::string url) {
    ProviderSpec spec = spec_of("x", {}, {});
    spec.url = std::move(url);
    return spec;
  };
  static const Case kCases[] = {
      {spec_of("", {}, {}), "bad provider name \"\""},
      {spec_of("Gmail", {}, {}), "bad provider name \"Gmail\""},
      {spec_of("a.b", {}, {}), "bad provider name"},
      {spec_of("a b", {}, {}), "bad provider name"},
      {spec_of(std::string(41, 'a'), {}, {}), "bad provider name"},
      {spec_of("x", {"*.example.com"}, {}), "bad domain \"*.example.com\""},
      {spec_of("x", {""}, {}), "bad domain \"\""},
      {spec_of("x", {"a@b.example"}, {}), "bad domain"},
      {spec_of("x", {}, {""}), "bad mx \"\""},
      {spec_of("x", {}, {"*"}), "bad mx \"*\""},
      {spec_of("x", {}, {"*."}), "bad mx"},
      {spec_of("x", {}, {"*example.com"}), "bad mx"},
      {spec_of("x", {}, {"mx*.example.com"}), "bad mx"},
      {spec_of("x", {}, {"[192.0.2.1]"}), "bad mx"},
      {spec_of("x", {}, {"com"}), "public suffix"},
      {spec_of("x", {}, {"*.co.uk"}), "public suffix"},
      {with_url("javascript:alert(1)"), "bad url"},
      {with_url("https://a.example/\"onclick"), "bad url"},
      {with_url("https://a.example/ b"), "bad url"},
  };
  for (const Case& c : kCases) {
    const auto table = Table::build({c.spec});
    INFO(c.want);
    REQUIRE_FALSE(table.has_value());
    CHECK(table.error().kind == base::Error::Kind::InvalidInput);
    CHECK(table.error().what.find(c.want) != std::string::npos);
  }
  CHECK(Table::build({spec_of(std::string(40, 'a'), {}, {"test", "localhost"})}).has_value());
  CHECK(Table::build({spec_of("a-1_b", {}, {"user.github.io", "github.io"})}).has_value());
}

TEST_CASE("build names every conflict with its place", "[provider][unit]") {
  const auto table = Table::build({
      spec_of("a", {"one.example"}, {"mx.one.example"}, "p.toml:1:1"),
      spec_of("b", {"ONE.example."}, {"*.mx.one.example", "below.mx.one.example"}, "p.toml:5:1"),
      spec_of("B", {}, {}, "p.toml:9:1"),
  });
  REQUIRE_FALSE(table.has_value());
  CHECK(table.error().what ==
        "p.toml:5:1: error: \"one.example\" belongs to provider \"a\", so not to \"b\"\n"
        "p.toml:5:1: error: \"mx.one.example\" belongs to provider \"a\", so not to \"b\"\n"
        "p.toml:9:1: error: bad provider name \"B\": 1 to 40 lower-case letters, digits, \"_\" and "
        "\"-\"");
}

TEST_CASE("a table can be moved", "[provider][unit]") {
  Table first = table_of({spec_of("a", {}, {"a.example"})});
  Table second = table_of({});
  CHECK(second.find_by_host("mx.a.example").empty());
  second = std::move(first);
  CHECK(second.find_by_host("mx.a.example") == "a");
}

}  // namespace
}  // namespace rampart::provider
