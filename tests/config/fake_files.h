// Files that exist only in a test.

#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/files.h"
#include "config/load.h"

namespace rampart::test {

/// Has small shipped tables in "/tables" and a log at "/var/log/mail.log".
class FakeFiles final : public config::Files {
 public:
  base::Result<std::string> read(const std::string& path, config::Trust trust) const override {
    if (const auto good = probe(path, trust); !good) {
      return good.error();
    }
    return texts.at(path);
  }
  base::Result<> probe(const std::string& path, config::Trust trust) const override {
    if (untrusted == path && trust == config::Trust::Strict) {
      return base::Error{base::Error::Kind::Denied, "mode 0666"};
    }
    if (unreadable == path) {
      return base::Error{base::Error::Kind::Unavailable, "Input/output error"};
    }
    if (directories.count(path) != 0) {
      return base::Error{base::Error::Kind::InvalidInput, "not a plain file"};
    }
    if (texts.count(path) == 0) {
      return base::Error{base::Error::Kind::NotFound, "No such file or directory"};
    }
    return base::Ok{};
  }
  std::vector<std::string> table_directories() const override { return {"/none", "/tables"}; }
  std::optional<config::QueueLifetime> queue_lifetime(bool sendmail,
                                                      const std::string&) const override {
    return sendmail ? sendmail_lifetime : postfix_lifetime;
  }
  std::optional<config::QueueLifetime> postfix_lifetime;
  std::optional<config::QueueLifetime> sendmail_lifetime;
  std::vector<std::string> host_names() const override { return {"mta1", "mta1.example.com"}; }

  std::map<std::string, std::string> texts{{"/tables/providers.toml",
                                            "[[provider]]\n"
                                            "name = \"gmail\"\n"
                                            "domains = [\"gmail.com\"]\n"
                                            "mx = [\"google.com\"]\n"
                                            "[[provider]]\n"
                                            "name = \"yahoo\"\n"
                                            "domains = [\"yahoo.com\"]\n"},
                                           {"/tables/replies.toml",
                                            "[[rule]]\n"
                                            "name = \"too-fast\"\n"
                                            "match = 'too fast'\n"
                                            "class = \"rate_limited\"\n"
                                            "scope = \"sender\"\n"
                                            "sample = [\"421 4.7.0 Too fast\"]\n"},
                                           {"/tables/notices.toml",
                                            "[subject]\n"
                                            "bounce = [\"returned mail\"]\n"},
                                           {"/var/log/mail.log", ""},
                                           {"/usr/share/zoneinfo/Europe/Berlin", ""}};
  std::set<std::string> directories;
  std::string untrusted;
  std::string unreadable;
};

/// "rampart.toml:1:1: error: ..." for each problem.
inline std::vector<std::string> problems_of(const config::Loaded& loaded) {
  std::vector<std::string> lines;
  for (const config::Problem& problem : loaded.problems) {
    lines.push_back(to_string(problem));
  }
  return lines;
}

}  // namespace rampart::test
