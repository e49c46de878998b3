#include "rampart/provider/table.h"
#include "support/catch.h"

#include "fake_files.h"

namespace rampart::config {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using test::FakeFiles;
using test::problems_of;

constexpr std::string_view kText = R"(
mode = "enforce"
[milter]
listen = "inet:8895@127.0.0.1"
socket_group = "postfix"
on_error = "tempfail"
non_smtp_suppressed = "hold"
[outbound]
local_mailers = ["local"]
local_domains = ["Example.COM"]
networks = ["192.0.2.0/24"]
authenticated_only = true
[[sender]]
match = "*.bounces.example.com"
name = "example.com"
[[sender]]
auth = "me@example.net"
name = "me.example"
[ramp]
plan = "mine"
over = "hold"
null_per_hour = 7
warn_wait = "1h30m"
hourly_share = 1
memory = "30d"
[plan.mine]
start = 10
schedule = [10, 20, 40]
max = 1000
[plan.fast]
growth = 1.9
[host]
plan = "standard"
[[rule]]
sender = "News.example.com"
provider = "gmail"
plan = "careful"
over = "tag"
mode = "observe"
[[rule]]
sender = "app.example.com"
priority = "transactional"
exempt = true
[backoff]
unknown_run = 3
[health]
stop_min = 12
[suppression]
action = "drop"
mode = "observe"
soft_span = "10d"
fold_local_part = true
[[suppression.list]]
file = "/etc/rampart/list"
[[report.log]]
path = "/var/log/mail.log"
format = "postfix"
tz = "Europe/Berlin"
[report]
history = ["/var/log/mail.log.*"]
own_addresses = ["127.0.0.1", "192.0.2.1"]
smarthost = true
brought = true
[dsn]
milter = true
maildir = ["/var/mail/bounces"]
mbox = ["/var/mail/one", "/var/mail/two"]
token = true
keep = "20d"
host_names = ["MX1.example.com", "mta"]
[suppression.guard]
window = 60
leap_share = 0.25
run_chance = 1e-9
half_life = "7d"
[replies]
file = "/etc/rampart/replies.toml"
[provider.acme]
domains = ["acme.example"]
mx = ["*.acme-mx.example"]
[store]
url = "memory:"
deadline = "200ms"
keep = "3d"
on_loss = "accept"
[hold]
releaser = ""
key = "/etc/rampart/hold.key"
[control]
socket = "/run/x.sock"
group = ""
[log]
level = "debug"
recipients = "domain"
)";

FakeFiles files_with_own_rules() {
  FakeFiles files;
  files.texts["/etc/rampart/list"] = "";
  files.texts["/var/mail/one"] = "";
  files.texts["/var/mail/two"] = "";
  files.directories = {"/var/mail/bounces"};
  files.texts["/etc/rampart/replies.toml"] = R"(
[[rule]]
name = "mine"
match = 'too fast'
provider = "gmail"
stage = ["rcpt", "end-of-data"]
class = "greylisted"
scope = "recipient"
sample = [{ reply = "451 too fast", stage = "rcpt", dsn = "4.7.1", provider = "gmail" }]
)";
  return files;
}

TEST_CASE("every section reaches the options of its room", "[config][unit]") {
  const Loaded loaded = load_text("rampart.toml", kText, "", files_with_own_rules());
  CHECK(problems_of(loaded).empty());
  REQUIRE(loaded.config != nullptr);
  const Config& config = *loaded.config;
  const policy::Options& options = config.policy->options;
  CHECK(options.mode == policy::Mode::Enforce);
  CHECK(config.milter.listen == "inet:8895@127.0.0.1");
  CHECK(config.milter.socket_group == "postfix");
  CHECK(config.milter.on_error == milter::OnError::Tempfail);
  CHECK(options.non_smtp_suppressed == policy::Action::Hold);
  CHECK(options.outbound.local_mailers == std::vector<std::string>{"local"});
  CHECK(options.outbound.local_domains == std::vector<std::string>{"example.com"});
  REQUIRE(options.outbound.networks.size() == 1);
  CHECK(options.outbound.networks[0].contains("192.0.2.9"));
  CHECK(options.outbound.authenticated_only);
  CHECK(options.default_plan == "mine");
  CHECK(options.over == policy::Action::Hold);
  CHECK(options.null_per_hour == 7);
  CHECK(options.warn_wait == 90min);
  CHECK(options.constants.hourly_share == 1.0);
  CHECK(options.constants.memory == 24h * 30);
  CHECK(options.constants.unknown_run == 3);
  CHECK(options.constants.stop_min == 12.0);
  CHECK(options.constants.pause == 15min);
  CHECK(options.host_plan == "standard");
  CHECK(options.suppressed == policy::Action::Drop);
  CHECK(options.suppression_mode == policy::Mode::Observe);
  CHECK(options.suppression.soft_span == 24h * 10);
  CHECK(options.suppression.fold_local_part);
  CHECK(options.smarthost);
  CHECK(options.lines_brought);
  CHECK(options.has_log_source);
  CHECK(options.token);
  CHECK(options.reads_notices);
  CHECK(options.token_lifetime == 24h * 20);
  CHECK(options.keep == 24h * 3);
  CHECK(options.host_names == std::vector<std::string>{"mx1.example.com", "mta"});
  CHECK(config.milter.read_notices);
  CHECK(config.feed.history == std::vector<std::string>{"/var/log/mail.log.*"});
  REQUIRE(config.feed.mailboxes.size() == 3);
  CHECK(name_of(config.feed.mailboxes[0]) == "maildir:/var/mail/bounces");
  CHECK(name_of(config.feed.mailboxes[2]) == "mbox:/var/mail/two");
  CHECK(options.suppression.guard.window == 60);
  CHECK(options.suppression.guard.leap_share == 0.25);
  CHECK(options.suppression.guard.run_chance == 1e-9);
  CHECK(options.suppression.guard.half_life == 24h * 7);
  REQUIRE(options.own_addresses.size() == 2);
  CHECK(options.own_addresses[1].contains("192.0.2.1"));
  CHECK(options.store_deadline == 200ms);
  CHECK(options.on_loss == policy::OnLoss::Accept);
  CHECK(config.store_url == "memory:");
  CHECK(config.control.socket == "/run/x.sock");
  CHECK(config.control.group.empty());
  CHECK(config.release.socket.empty());
  CHECK(config.release.key_file == "/etc/rampart/hold.key");
  CHECK(config.log.level == telemetry::Level::Debug);
  CHECK(config.log.recipients == telemetry::Recipients::Domain);
  REQUIRE(config.feed.logs.size() == 1);
  CHECK(config.feed.logs[0].path == "/var/log/mail.log");
  CHECK(config.feed.logs[0].format == "postfix");
  CHECK(config.feed.logs[0].tz == "Europe/Berlin");
  CHECK(config.feed.logs[0].where == "rampart.toml:55:1");
  REQUIRE(config.suppression_lists.size() == 1);
  CHECK(config.suppression_lists[0].file == "/etc/rampart/list");
  CHECK(config.suppression_lists[0].where == "rampart.toml:53:1");
}

TEST_CASE("plans and rules are read in the order of the file", "[config][unit]") {
  const Loaded loaded = load_text("rampart.toml", kText, "", files_with_own_rules());
  REQUIRE(loaded.config != nullptr);
  const policy::Options& options = loaded.config->policy->options;
  const ramp::Plan& mine = options.plans.at("mine");
  CHECK(mine.name == "mine");
  CHECK(mine.start == 10);
  CHECK(mine.growth == 1.4);
  CHECK(mine.schedule == std::vector<std::uint32_t>{10, 20, 40});
  CHECK(mine.day_max == 1000);
  CHECK(options.plans.at("fast").growth == 1.9);
  CHECK(options.plans.at("fast").start == 500);
  CHECK(options.plans.at("careful").start == 50);
  CHECK(options.plans.at("none").unlimited);
  REQUIRE(options.rules.size() == 2);
  CHECK(options.rules[0].sender == "news.example.com");
  CHECK(options.rules[0].provider == "gmail");
  CHECK(options.rules[0].plan == "careful");
  CHECK(options.rules[0].over == policy::Action::Tag);
  CHECK(options.rules[0].mode == policy::Mode::Observe);
  CHECK_FALSE(options.rules[0].transactional);
  CHECK(options.rules[1].transactional);
  CHECK(options.rules[1].exempt);
  CHECK_FALSE(options.rules[1].plan.has_value());
  CHECK_FALSE(options.rules[1].mode.has_value());
}

TEST_CASE("senders, providers and replies are built from file and tables", "[config][unit]") {
  const Loaded loaded = load_text("rampart.toml", kText, "", files_with_own_rules());
  REQUIRE(loaded.config != nullptr);
  const policy::Policy& policy = *loaded.config->policy;
  const auto sender_of = [&policy](std::string_view address, std::string_view auth) {
    return policy.senders.sender_of(*mail::parse_address(address), auth, "");
  };
  CHECK(sender_of("a@x.bounces.example.com", "") == "example.com");
  CHECK(sender_of("a@example.org", "me@example.net") == "me.example");
  CHECK(sender_of("a@x.news.example.com", "") == "news.example.com");
  CHECK(policy.providers.find_by_domain(*mail::parse_domain("acme.example")) == "acme");
  CHECK(policy.providers.find_by_host("a.google.com") == "gmail");
  reply::Question question;
  question.reply = "451 too fast";
  question.stage = mail::Stage::Rcpt;
  question.provider = "gmail";
  CHECK(policy.replies.rule(policy.replies.classify(question).rule).name == "mine");
  question.provider = "yahoo";
  CHECK(policy.replies.rule(policy.replies.classify(question).rule).name == "too-fast");
}

TEST_CASE("an empty file gives the defaults of the rooms", "[config][unit]") {
  const Loaded loaded = load_text("", "", "/tables", FakeFiles{});
  CHECK(problems_of(loaded).empty());
  REQUIRE(loaded.config != nullptr);
  const policy::Options& options = loaded.config->policy->options;
  CHECK(options.mode == policy::Mode::Observe);
  CHECK(options.plans.size() == 4);
  CHECK(options.plans.at("standard").start == 200);
  CHECK(options.plans.at("standard").growth == 1.4);
  CHECK(options.plans.at("careful").growth == 1.2);
  CHECK(options.plans.at("fast").growth == 2.0);
  CHECK_FALSE(options.has_log_source);
  CHECK_FALSE(options.token);
  CHECK_FALSE(options.reads_notices);
  CHECK_FALSE(loaded.config->milter.read_notices);
  CHECK(loaded.config->feed.mailboxes.empty());
  CHECK(options.host_names == std::vector<std::string>{"mta1", "mta1.example.com"});
  REQUIRE(options.own_addresses.size() == 2);
  CHECK(options.own_addresses[0].contains("127.3.2.1"));
  CHECK(options.own_addresses[1].contains("::1"));
  CHECK(loaded.config->store_url == "sqlite:/var/lib/rampart/rampart.db");
  CHECK(loaded.config->milter.listen == milter::Options{}.listen);
}

TEST_CASE("the file alone is read for who needs no more", "[config][unit]") {
  const std::string text =
      "[[suppression.list]]\nfile = \"/no/such/list\"\n[hold]\n"
      "releaser = \"/run/x.sock\"\n[log]\nlevel = \"error\"\n";
  CHECK(load_text("rampart.toml", text, "", FakeFiles{}).config == nullptr);
  const LoadedFile loaded = load_file_text("rampart.toml", text);
  REQUIRE(loaded.config != nullptr);
  CHECK(loaded.config->release.socket == "/run/x.sock");
  CHECK(loaded.config->release.key_file == release::Options{}.key_file);
  CHECK(loaded.config->log.level == telemetry::Level::Error);
  const LoadedFile bad = load_file_text("rampart.toml", "[hold]\nrelease = \"\"\n");
  CHECK(bad.config == nullptr);
  REQUIRE(bad.problems.size() == 1);
  CHECK(config::to_string(bad.problems[0]).find("did you mean \"releaser\"") != std::string::npos);
}

TEST_CASE("warnings do not stop a configuration", "[config][unit]") {
  const Loaded loaded =
      load_text("rampart.toml", "[[rule]]\nprovider = \"gmail.com\"", "", FakeFiles{});
  REQUIRE(loaded.problems.size() == 1);
  CHECK_FALSE(loaded.problems[0].is_error);
  CHECK(loaded.config != nullptr);
}

}  // namespace
}  // namespace rampart::config
