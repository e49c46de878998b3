#include "config/text_check.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace rampart::config {
namespace {

struct Case {
  std::string (*check)(std::string_view);
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

TEST_CASE("texts are good or told what they must be", "[config][unit]") {
  const std::string long_path = '/' + std::string(106, 'a');
  const std::vector<Case> cases{
      {check_listen,
       {"unix:/run/x.sock", "local:/run/x", "inet:8895@127.0.0.1", "inet:1@localhost",
        "inet6:65535@::1", "unix:" + long_path},
       {"", "unix:", "unix:run/x", "/run/x", "inet:8895", "inet:8895@", "inet:0@h", "inet:65536@h",
        "inet:127.0.0.1:8895", "inet:a@h", "inet:1@a b", "inet:1@a@b", "UNIX:/x",
        "unix:" + long_path + "a"}},
      {check_path, {"/", "/a b"}, {"", "a", "./a", "/a\nb", std::string("/a\0b", 4)}},
      {check_optional_path, {"", "/a"}, {"a"}},
      {check_optional_socket_path, {"", "/run/x.sock", long_path}, {"a", long_path + "a"}},
      {check_group,
       {"", "postfix", "rampart-admin", "a.b_c"},
       {"-a", "a b", "a:b", std::string(33, 'a')}},
      {check_network,
       {"192.0.2.0/24", "192.0.2.1", "::1", "2001:db8::/32"},
       {"", "192.0.2.0/33", "a", "*"}},
      {check_domain,
       {"example.com", "Example.COM",
        "b\xC3\xBC"
        "cher.example"},
       {"", "*.example.com", "a b", "a..b"}},
      {check_mailer, {"local", "*file*"}, {"", "a\nb"}},
      {check_sender,
       {"", "<>", "example.com", "a@example.com", "local"},
       {"*.example.com", "a b.example"}},
      {check_name, {"a", "my-plan_2"}, {"", "My", "a b", "a.b", std::string(41, 'a')}},
      {check_store_url,
       {"memory:", "sqlite:/var/lib/x.db"},
       {"", "memory", "sqlite:", "sqlite:x.db", "redis://h", "rediss://h", "postgres://h",
        "/x.db"}},
      {check_log_format, {"auto", "postfix", "sendmail"}, {"", "exim", "Auto"}},
      {check_zone,
       {"", "UTC", "Europe/Berlin", "Etc/GMT+1"},
       {"../../etc/passwd", "/etc/localtime", "A B"}},
  };
  for (const Case& given : cases) {
    for (const std::string& text : given.good) {
      INFO(text);
      CHECK(given.check(text).empty());
    }
    for (const std::string& text : given.bad) {
      INFO(text);
      CHECK(given.check(text).starts_with("must "));
    }
  }
}

TEST_CASE("only a milter socket for other hosts gives a warning", "[config][unit]") {
  for (const std::string_view quiet :
       {"unix:/x", "inet:1@127.0.0.1", "inet:1@localhost", "inet6:1@::1", "inet:1@[::1]", "junk"}) {
    INFO(quiet);
    CHECK(find_listen_warning(quiet).empty());
  }
  for (const std::string_view loud : {"inet:1@0.0.0.0", "inet6:1@::", "inet:1@mx.example.com"}) {
    INFO(loud);
    CHECK_FALSE(find_listen_warning(loud).empty());
  }
}

}  // namespace
}  // namespace rampart::config
