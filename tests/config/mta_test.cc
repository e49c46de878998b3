#include "config/mta.h"

#include <algorithm>

#include "support/catch.h"

#include "fake_files.h"

namespace rampart::config {
namespace {

using namespace std::chrono_literals;
using test::FakeFiles;

TEST_CASE("an MTA's spelling of its queue's lifetime is read", "[config][unit]") {
  struct Case {
    std::string text;
    std::optional<base::Micros> time;
  };
  for (const Case& c : std::vector<Case>{{"5d", 120h},
                                         {"5", 120h},  // days, to both MTAs
                                         {"432000s", 120h},
                                         {"1w2d", 216h},
                                         {"36h", 36h},
                                         {"0", 1h},
                                         {"30s", 1h},
                                         {"52w", 2400h},
                                         {"", std::nullopt},
                                         {"-1d", std::nullopt},
                                         {"5 d", std::nullopt},
                                         {"$bounce_queue_lifetime", std::nullopt}}) {
    CAPTURE(c.text);
    CHECK(parse_queue_time(c.text) == c.time);
  }
}

TEST_CASE("sendmail.cf is searched for Timeout.queuereturn", "[config][unit]") {
  CHECK(find_queuereturn("O Timeout.queuereturn=4d\nO Timeout.queuewarn=4h\n") == 96h);
  CHECK(find_queuereturn("O Timeout.queuereturn.urgent=2d\nO Timeout.queuereturn.normal=3d\n"
                         "O Timeout.queuereturn.non-urgent=7d") == 168h);
  CHECK(find_queuereturn("#O Timeout.queuereturn.dsn=5d\nO Timeout.queuereturn\n") == std::nullopt);
  CHECK(find_queuereturn("O Timeout.queuereturn= 6h \n") == 6h);
}

struct Shown {
  std::string lifetime;
  std::string origin;
  std::string max_age;
};

Shown show_hold(const std::string& text, const FakeFiles& files) {
  Shown shown;
  for (const Setting& setting : show_text("f", text, "", files)) {
    if (setting.key == "hold.queue_lifetime") {
      shown.lifetime = setting.value;
      shown.origin = setting.origin;
    } else if (setting.key == "hold.max_age") {
      shown.max_age = setting.value;
    }
  }
  return shown;
}

TEST_CASE("the MTA is asked how long it keeps mail, unless the file says it", "[config][unit]") {
  FakeFiles files;
  Shown shown = show_hold("", files);
  CHECK(shown.lifetime == "\"5d\"");
  CHECK(shown.origin == "default");
  CHECK(shown.max_age == "\"2d\"");
  files.postfix_lifetime = {36h, "postconf"};
  files.sendmail_lifetime = {240h, "sendmail.cf"};
  shown = show_hold("", files);
  CHECK(shown.lifetime == "\"1d12h\"");
  CHECK(shown.origin == "postconf");
  CHECK(shown.max_age == "\"18h\"");  // no longer than the queue's time allows
  shown = show_hold("[[report.log]]\npath = \"/log\"\nformat = \"sendmail\"", files);
  CHECK(shown.lifetime == "\"10d\"");
  CHECK(shown.origin == "sendmail.cf");
  shown = show_hold("[hold]\nqueue_lifetime = \"7d\"", files);
  CHECK(shown.lifetime == "\"7d\"");
  CHECK(shown.origin == "f:2");
  CHECK(shown.max_age == "\"2d\"");
  const Loaded loaded = load_text("f", "", "", files);
  REQUIRE(loaded.config != nullptr);
  CHECK(loaded.config->policy->options.constants.forget_after == 36h);
}

TEST_CASE("a hold beyond what the MTA allows is told, and stops only the file's own word",
          "[config][unit]") {
  FakeFiles files;
  files.postfix_lifetime = {72h, "postconf"};
  const Loaded by_mta = load_text("f", "[hold]\nmax_age = \"3d\"", "", files);
  REQUIRE(by_mta.problems.size() == 1);
  CHECK(to_string(by_mta.problems[0]) ==
        "f:2:11: warning: hold.max_age = \"3d\" must be below \"2d\": the MTA returns mail \"3d\" "
        "after it came, and needs a day to try it (postconf)");
  CHECK(by_mta.config != nullptr);
  const Loaded by_file =
      load_text("f", "[hold]\nqueue_lifetime = \"1d\"\nmax_age = \"12h\"", "", files);
  REQUIRE(by_file.problems.size() == 1);
  CHECK(by_file.problems[0].text.ends_with(
      "returns mail \"1d\" after it came, and needs 12h to try it"));
  CHECK(by_file.config == nullptr);
}

}  // namespace
}  // namespace rampart::config
