#include <toml++/toml.h>

#include "rampart/provider/table.h"
#include "support/catch.h"

namespace rampart::provider {
namespace {

std::vector<std::string> texts_of(const toml::node* node) {
  std::vector<std::string> texts;
  if (node != nullptr) {
    REQUIRE(node->is_array());
    for (const toml::node& text : *node->as_array()) {
      REQUIRE(text.is_string());
      texts.push_back(**text.as_string());
    }
  }
  return texts;
}

std::vector<ProviderSpec> load_shipped() {
  const toml::table file = toml::parse_file(RAMPART_SOURCE_DIR "/conf/providers.toml");
  REQUIRE(file.size() == 1);
  std::vector<ProviderSpec> specs;
  for (const toml::node& node : *file["provider"].as_array()) {
    const toml::table& entry = *node.as_table();
    for (const auto& [key, value] : entry) {
      INFO("key " << key.str());
      CHECK((key == "name" || key == "domains" || key == "mx" || key == "url"));
    }
    ProviderSpec spec;
    spec.name = entry["name"].value_or(std::string());
    spec.url = entry["url"].value_or(std::string());
    spec.domains = texts_of(entry.get("domains"));
    spec.mx = texts_of(entry.get("mx"));
    specs.push_back(spec);
  }
  return specs;
}

Table shipped_table() {
  auto table = Table::build(load_shipped());
  INFO((table ? std::string() : table.error().what));
  REQUIRE(table.has_value());
  return std::move(*table);
}

TEST_CASE("the shipped table names each provider once and gives it hosts", "[provider][unit]") {
  const auto specs = load_shipped();
  const Table table = shipped_table();
  CHECK(table.names() == std::vector<std::string_view>{
                             "apple",    "att",     "barracuda",    "charter",  "comcast",
                             "cox",      "gmail",   "gmx",          "godaddy",  "ironport",
                             "laposte",  "mailru",  "microsoft365", "mimecast", "netease",
                             "orange",   "outlook", "proofpoint",   "qq",       "rackspace",
                             "symantec", "yahoo",   "yandex"});
  CHECK(specs.size() == table.names().size());
  for (const ProviderSpec& spec : specs) {
    INFO(spec.name);
    CHECK_FALSE(spec.mx.empty());
    for (const std::string& domain : spec.domains) {
      CHECK(table.find_by_domain(mail::parse_domain(domain).value()) == spec.name);
    }
  }
}

TEST_CASE("the shipped table knows the hosts that Postfix logs as relays", "[provider][unit]") {
  struct Case {
    std::string_view host;
    std::string_view want;
  };
  static const Case kCases[] = {
      {"gmail-smtp-in.l.google.com", "gmail"},
      {"alt1.aspmx.l.google.com", "gmail"},
      {"aspmx2.googlemail.com", "gmail"},
      {"hotmail-com.olc.protection.outlook.com", "outlook"},
      {"example-org.mail.protection.outlook.com", "microsoft365"},
      {"example-org.a-v1.mx.microsoft", "microsoft365"},
      {"mta5.am0.yahoodns.net", "yahoo"},
      {"mx-aol.mail.gm0.yahoodns.net", "yahoo"},
      {"mx01.mail.icloud.com", "apple"},
      {"mx1a1.comcast.net", "comcast"},
      {"cxr.mx.a.cloudfilter.net", "cox"},
      {"al-ip4-mx-vip1.prodigy.net", "att"},
      {"mx00.gmx.net", "gmx"},
      {"mx00.kundenserver.de", "gmx"},
      {"smtp-in.orange.fr", "orange"},
      {"smtpz4.laposte.net", "laposte"},
      {"mxs.mail.ru", "mailru"},
      {"mx.yandex.net", "yandex"},
      {"mx3.qq.com", "qq"},
      {"mxbiz1.qq.com", "qq"},
      {"163mx01.mxmail.netease.com", "netease"},
      {"us-smtp-inbound-1.mimecast.com", "mimecast"},
      {"mxa-00360101.gslb.pphosted.com", "proofpoint"},
      {"smtp.secureserver.net", "godaddy"},
      {"cluster1.eu.messagelabs.com", "symantec"},
      // Near misses: other platforms, and what a stranger could register.
      {"eir-ie.mx.a.cloudfilter.net", ""},
      {"mx.yahoo.co.jp", ""},
      {"outlook.com.evil.example", ""},
      {"notgoogle.com", ""},
      {"hotmail.ru", ""},
      {"prodigy.net.mx", ""},
  };
  const Table table = shipped_table();
  for (const Case& c : kCases) {
    INFO(c.host);
    CHECK(table.find_by_host(c.host) == c.want);
  }
}

}  // namespace
}  // namespace rampart::provider
