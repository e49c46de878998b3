// The milter as an MTA meets it: through its socket, with a real engine behind it.

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/fake_mta.h"

#include "milter/server_process.h"

namespace rampart {
namespace {

using test::FakeMessage;
using test::FakeMta;
using test::FakeOutcome;
using test::MilterAnswer;
using test::MilterChange;
using test::MtaOptions;
using test::ServerProcess;
using test::ServerSetup;

constexpr const char* kQueueId = "4Xk2Pq1z9Rz";

// What each test domain does to mail of a.example, once "pause" was asked for.
policy::Options options_by_domain() {
  policy::Options options = test::small_options();
  for (const auto& [provider, over] : {std::pair{"defer.example", policy::Action::Defer},
                                       std::pair{"reject.example", policy::Action::Reject},
                                       std::pair{"hold.example", policy::Action::Hold},
                                       std::pair{"tag.example", policy::Action::Tag}}) {
    policy::Rule rule;
    rule.provider = provider;
    rule.over = over;
    options.rules.push_back(rule);
  }
  return options;
}

void pause_all(ServerProcess& server) {
  for (const char* domain : {"defer.example", "reject.example", "hold.example", "tag.example"}) {
    REQUIRE(server.ask(std::string("pause ") + domain) == "ok");
  }
}

FakeMta begin(const ServerProcess& server, const MtaOptions& options = {}) {
  auto mta = FakeMta::dial(server.listen(), options);
  REQUIRE(mta.has_value());
  REQUIRE(mta->begin_session());
  return std::move(*mta);
}

FakeMessage message_to(const std::vector<std::string>& recipients) {
  FakeMessage message;
  message.recipients = recipients;
  message.queue_id = kQueueId;
  return message;
}

bool has_change(const FakeOutcome& outcome, char command) {
  return std::any_of(outcome.changes.begin(), outcome.changes.end(),
                     [&](const MilterChange& change) { return change.command == command; });
}

TEST_CASE("each verdict reaches the MTA", "[milter][protocol]") {
  struct Case {
    std::string recipient;
    std::string answer;  // at RCPT
    char change;         // at end of message, '\0' none
    std::uint64_t used;
  };
  const std::vector<Case> cases{
      {"<u@open.example>", "", '\0', 1},
      {"<u@defer.example>", "451 4.7.1 rampart: ", '\0', 0},
      {"<u@reject.example>", "550 5.7.1 rampart: ", '\0', 0},
      {"<u@hold.example>", "", 'q', 0},
      {"<u@tag.example>", "", 'h', 1},
      {"<gone@open.example>", "550 5.7.1 rampart: ", '\0', 1},
  };
  ServerProcess server({options_by_domain()});
  pause_all(server);
  REQUIRE(server.ask("suppress gone@open.example") == "ok");
  // Every case in a session of its own, then all in one.
  const bool one_session = GENERATE(false, true);
  auto shared = begin(server);
  for (const Case& c : cases) {
    CAPTURE(c.recipient, one_session);
    auto own = begin(server);
    FakeMta& mta = one_session ? shared : own;
    const FakeOutcome outcome = mta.send(message_to({c.recipient}));
    REQUIRE(outcome.recipients.size() == 1);
    const MilterAnswer& answer = outcome.recipients[0];
    CHECK(answer.is_accepted() == c.answer.empty());
    CHECK(answer.text.substr(0, c.answer.size()) == c.answer);
    CHECK(outcome.is_queued() == c.answer.empty());
    CHECK(outcome.changes.size() == (c.change == '\0' ? 0U : 1U));
    if (c.change != '\0' && outcome.changes.size() == 1) {
      CHECK(outcome.changes[0].command == c.change);
    }
    const std::string provider = c.recipient.substr(c.recipient.find('@') + 1);
    CHECK(server.count("used", provider.substr(0, provider.size() - 1)) == c.used);
    CHECK(mta.is_open());
  }
  CHECK(server.ask("held") == kQueueId);
}

TEST_CASE("recipients of one message have verdicts of their own", "[milter][protocol]") {
  ServerProcess server({options_by_domain()});
  pause_all(server);
  auto mta = begin(server);
  const FakeOutcome outcome =
      mta.send(message_to({"<a@open.example>", "<b@defer.example>", "<c@tag.example>",
                           "<d@reject.example>", "<e@open.example>"}));
  std::vector<bool> accepted;
  for (const MilterAnswer& answer : outcome.recipients) {
    accepted.push_back(answer.is_accepted());
  }
  CHECK(accepted == std::vector<bool>{true, false, true, false, true});
  CHECK(outcome.is_queued());
  CHECK(has_change(outcome, 'h'));
  CHECK(server.count("used", "open.example") == 2);
  CHECK(server.count("flight", "open.example") == 2);

  SECTION("a held recipient holds the message and charges nobody") {
    const FakeOutcome held = mta.send(message_to({"<a@open.example>", "<b@hold.example>"}));
    REQUIRE(held.changes.size() == 1);
    CHECK(held.changes[0].command == 'q');
    CHECK(held.changes[0].first.starts_with("rampart: "));
    CHECK(server.count("used", "open.example") == 2);
  }
}

TEST_CASE("suppressed recipients are dropped as configured", "[milter][protocol]") {
  ServerSetup setup;
  setup.engine.suppressed = policy::Action::Drop;
  ServerProcess server(setup);
  REQUIRE(server.ask("suppress gone@open.example") == "ok");
  auto mta = begin(server);
  SECTION("others are left") {
    const FakeOutcome outcome =
        mta.send(message_to({"<Gone@Open.example>", "<gone@OPEN.example>", "<a@open.example>"}));
    CHECK(outcome.accepted == 3);
    REQUIRE(outcome.changes.size() == 1);
    CHECK(outcome.changes[0].command == '-');
    CHECK(outcome.changes[0].first == "<gone@OPEN.example>");
    CHECK(server.count("used", "open.example") == 2);
  }
  SECTION("nobody is left") {
    const FakeOutcome outcome = mta.send(message_to({"<gone@open.example>"}));
    REQUIRE(outcome.changes.size() == 1);
    CHECK(outcome.changes[0].command == 'q');
    CHECK(server.ask("held") == kQueueId);
  }
}

// Goal: nobody pays for mail that was not accepted, wherever it ended.
TEST_CASE("an ended transaction gives every unit back", "[milter][protocol]") {
  enum class End { Reset, Quit, Disconnect };
  const End end = GENERATE(End::Reset, End::Quit, End::Disconnect);
  const int stage = GENERATE(range(0, 6));
  MtaOptions everything;
  everything.protocol = GENERATE(0x1fffffU, 0x400U);
  ServerProcess server;
  auto mta = begin(server, everything);
  CAPTURE(static_cast<int>(end), stage, everything.protocol);
  mta.mail({"<news@a.example>", "SIZE=100"}, {{"{mail_mailer}", "smtp"}});
  for (int i = 0; i < 3 && stage > 0; ++i) {
    mta.rcpt({"<u" + std::to_string(i) + "@open.example>"}, {{"{rcpt_mailer}", "smtp"}});
  }
  if (stage > 0) {
    CHECK(server.count("used", "open.example") == 3);
  }
  if (stage > 1) {
    mta.data({{"i", kQueueId}});
  }
  if (stage > 2) {
    mta.header("Subject", "x");
  }
  if (stage > 3) {
    mta.end_of_headers();
  }
  if (stage > 4) {
    mta.body("x");
  }
  if (end == End::Reset) {
    mta.abort();
    // The session goes on.
    CHECK(mta.send(message_to({"<other@other.example>"})).is_queued());
    CHECK(server.count("used", "other.example") == 1);
  } else if (end == End::Quit) {
    mta.quit();
  } else {
    mta.disconnect();
  }
  CHECK(server.await("used a.example open.example", "0") == "0");
  CHECK(server.await("flight a.example open.example", "0") == "0");
}

TEST_CASE("a disconnect after end of message gives nothing back", "[milter][protocol]") {
  ServerProcess server;
  {
    auto mta = begin(server);
    REQUIRE(mta.send(message_to({"<u@open.example>"})).is_queued());
    mta.mail({"<news@a.example>"}, {{"{mail_mailer}", "smtp"}});
    mta.rcpt({"<u@second.example>"}, {{"{rcpt_mailer}", "smtp"}});
  }
  CHECK(server.await("used a.example second.example", "0") == "0");
  CHECK(server.count("used", "open.example") == 1);
  CHECK(server.count("flight", "open.example") == 1);
}

TEST_CASE("a one-recipient message waits for two answers", "[milter][protocol]") {
  ServerProcess server;
  auto mta = begin(server);
  REQUIRE(mta.send(message_to({"<u@open.example>"})).is_queued());
  CHECK(mta.waits() == 2);
  REQUIRE(mta.send(message_to({"<u@open.example>"})).is_queued());
  CHECK(mta.waits() == 4);
}

// Goal: an MTA that offers less is served all the same.
TEST_CASE("negotiation falls back to what the MTA offers", "[milter][protocol]") {
  struct Case {
    std::uint32_t version;
    std::uint32_t actions;
    std::uint32_t protocol;
  };
  const auto c = GENERATE(values<Case>({
      {6, 0x1ff, 0x1fffff},
      {6, 0x1ff, 0x400},     // nothing that is wanted; libmilter takes 0 for "all of version 1"
      {6, 0x1ff, 0x3ff},     // no NR_*
      {6, 0x0ff, 0x1fffff},  // no SETSYMLIST
      {6, 0x1ff, 0x1000},
      {6, 0x1ff, 0x4000},
      {2, 0x03f, 0x07f},
  }));
  CAPTURE(c.version, c.actions, c.protocol);
  ServerProcess server({options_by_domain()});
  pause_all(server);
  auto mta = begin(server, {c.version, c.actions, c.protocol, std::chrono::seconds{10}});
  CHECK((mta.actions() & ~c.actions) == 0);
  CHECK((mta.protocol() & ~c.protocol) == 0);
  for (int round = 0; round < 2; ++round) {
    const FakeOutcome outcome = mta.send(message_to({"<a@open.example>", "<b@defer.example>"}));
    REQUIRE(outcome.recipients.size() == 2);
    CHECK(outcome.recipients[0].is_accepted());
    CHECK_FALSE(outcome.recipients[1].is_accepted());
    CHECK(outcome.is_queued());
  }
  CHECK(has_change(mta.send(message_to({"<b@hold.example>"})), 'q'));
  CHECK(server.count("used", "open.example") == 2);
}

TEST_CASE("where the MTA cannot hold, mail goes out and is charged", "[milter][protocol]") {
  ServerProcess server({options_by_domain()});
  pause_all(server);
  auto mta = begin(server, {6, 0x1ffU & ~0x20U, 0x1fffff, std::chrono::seconds{10}});
  const FakeOutcome outcome = mta.send(message_to({"<b@hold.example>"}));
  CHECK(outcome.is_queued());
  CHECK(outcome.changes.empty());
  CHECK(server.ask("held").empty());
  CHECK(server.count("used", "hold.example") == 1);
}

TEST_CASE("the queue ID may come as late as end of message", "[milter][protocol]") {
  ServerProcess server({options_by_domain()});
  pause_all(server);
  auto mta = begin(server);
  mta.mail({"<news@a.example>"}, {{"{mail_mailer}", "smtp"}});
  mta.rcpt({"<u@hold.example>"}, {{"{rcpt_mailer}", "smtp"}});
  std::vector<MilterChange> changes;
  CHECK(mta.end_of_message({{"i", "1C07DAB2668"}}, &changes).is_accepted());
  CHECK(server.ask("held") == "1C07DAB2668");
  // The next message of the session has another one.
  mta.mail({"<news@a.example>"}, {{"{mail_mailer}", "smtp"}});
  mta.rcpt({"<u@hold.example>"}, {{"{rcpt_mailer}", "smtp"}});
  CHECK(mta.end_of_message({{"i", "95239A9A667"}}, &changes).is_accepted());
  CHECK(server.ask("held") == "1C07DAB2668 95239A9A667");
}

// Goal: Postfix would keep a refused sendmail(1) message in its maildrop directory for ever.
TEST_CASE("nothing is refused in a non-SMTP session", "[milter][protocol]") {
  ServerProcess server({options_by_domain()});
  pause_all(server);
  REQUIRE(server.ask("suppress gone@open.example") == "ok");
  const auto recipient = GENERATE(as<std::string>{}, "u@open.example", "u@defer.example",
                                  "u@reject.example", "u@hold.example", "gone@open.example");
  const auto sender = GENERATE(as<std::string>{}, "news@a.example", "");
  CAPTURE(recipient, sender);
  auto mta = FakeMta::dial(server.listen());
  REQUIRE(mta.has_value());
  REQUIRE(mta->begin_session("localhost", "127.0.0.1"));
  FakeMessage message = message_to({recipient, "other@open.example"});
  message.sender = sender;
  message.non_smtp = true;
  const FakeOutcome outcome = mta->send(message);
  CHECK(outcome.accepted == 2);
  CHECK(outcome.is_queued());
  CHECK(has_change(outcome, '-') == (recipient == "gone@open.example" && !sender.empty()));
  CHECK(has_change(outcome, 'q') == (recipient == "u@hold.example" && !sender.empty()));
}

TEST_CASE("bounces are never refused or held", "[milter][protocol]") {
  ServerProcess server({options_by_domain()});
  pause_all(server);
  REQUIRE(server.ask("suppress gone@open.example") == "ok");
  auto mta = begin(server);
  FakeMessage message =
      message_to({"<u@defer.example>", "<u@hold.example>", "<gone@open.example>"});
  message.sender = "<>";
  const FakeOutcome outcome = mta.send(message);
  CHECK(outcome.accepted == 3);
  CHECK(outcome.is_queued());
  CHECK(outcome.changes.empty());
  CHECK(server.ask("used <> open.example") == "1");
}

TEST_CASE("local recipients are not counted", "[milter][protocol]") {
  ServerProcess server;
  auto mta = begin(server);
  FakeMessage message = message_to({"<u@open.example>"});
  message.rcpt_mailer = "local";
  CHECK(mta.send(message).is_queued());
  CHECK(server.count("used", "open.example") == 0);
}

TEST_CASE("hostile addresses are accepted and counted for nobody", "[milter][protocol]") {
  ServerProcess server;
  auto mta = begin(server);
  const std::vector<std::string> hostile{"<news@a.example",
                                         "<@>",
                                         "<a@>",
                                         "<a\x01@open.example>",
                                         "<a@b..example>",
                                         "<a@open.example\r\nX: y>",
                                         "<" + std::string(60000, 'a') + "@open.example>",
                                         "<" + std::string(5000, 'a') + ">",
                                         "<\xff\xfe@\xff>",
                                         "",
                                         "<>",
                                         "<%s%n%d@open.example\x7f>"};
  for (const std::string& address : hostile) {
    CAPTURE(address.substr(0, 50));
    CHECK(mta.send(message_to({address})).is_queued());
    FakeMessage message = message_to({"<u@open.example>"});
    message.sender = address;
    CHECK(mta.send(message).is_queued());
  }
  CHECK(server.count("used", "open.example") == 0);
  CHECK(mta.send(message_to({"<u@open.example>"})).is_queued());
  CHECK(server.count("used", "open.example") == 1);
}

TEST_CASE("recipients beyond 4000 are deferred", "[milter][protocol]") {
  ServerProcess server;
  auto mta = begin(server);
  mta.mail({"<news@a.example>"}, {{"{mail_mailer}", "smtp"}});
  for (int i = 0; i < 4000; ++i) {
    REQUIRE(mta.rcpt({"<u" + std::to_string(i) + "@open.example>"}).is_accepted());
  }
  CHECK(mta.rcpt({"<more@open.example>"}).text.starts_with("451 4.5.3 rampart: "));
  CHECK(server.count("used", "open.example") == 4000);
  mta.abort();
  CHECK(server.await("used a.example open.example", "0") == "0");
}

TEST_CASE("two hundred sessions at once are served", "[milter][protocol]") {
  ServerProcess server({options_by_domain()});
  pause_all(server);
  std::vector<FakeMta> sessions;
  for (int i = 0; i < 200; ++i) {
    sessions.push_back(begin(server));
  }
  for (FakeMta& mta : sessions) {
    mta.mail({"<news@a.example>"}, {{"{mail_mailer}", "smtp"}});
  }
  for (FakeMta& mta : sessions) {
    REQUIRE(mta.rcpt({"<u@open.example>"}).is_accepted());
    REQUIRE_FALSE(mta.rcpt({"<u@defer.example>"}).is_accepted());
  }
  CHECK(server.count("used", "open.example") == 200);
  std::size_t ended = 0;
  for (FakeMta& mta : sessions) {
    if (ended++ % 2 == 0) {
      REQUIRE(
          mta.end_of_message({{"i", "A" + std::to_string(10000 + ended)}}, nullptr).is_accepted());
    } else {
      mta.disconnect();
    }
  }
  CHECK(server.await("used a.example open.example", "100") == "100");
}

// Goal: whatever bytes come in, the process lives, gives everything back, and serves the next MTA.
TEST_CASE("garbage from the MTA harms nobody", "[milter][protocol]") {
  ServerProcess server;
  std::mt19937 generator(20261121);
  const auto random = [&] {
    return static_cast<unsigned>(generator());
  };
  const auto byte = [&] {
    return static_cast<char>(random() & 0xffU);
  };
  for (int round = 0; round < 300; ++round) {
    auto mta = FakeMta::dial(server.listen(), {6, 0x1ff, 0x1fffff, std::chrono::milliseconds{500}});
    REQUIRE(mta.has_value());
    std::string bytes;
    if (round % 3 != 0) {
      REQUIRE(mta->begin_session());
      mta->mail({"<news@a.example>"});
      mta->rcpt({"<u@open.example>"});
    }
    if (round % 2 == 0) {  // raw noise
      for (unsigned i = random() % 64; i > 0; --i) {
        bytes += byte();
      }
    } else {  // frames of a known command with random content
      constexpr std::string_view kCommands = "ABCDEHKLMNOQRTU";
      for (int frame = 0; frame < 5; ++frame) {
        const unsigned size = random() % 40;
        bytes += std::string(3, '\0') + static_cast<char>(size + 1);
        bytes += kCommands[random() % kCommands.size()];
        for (unsigned i = 0; i < size; ++i) {
          bytes += random() % 4 == 0 ? '\0' : byte();
        }
      }
    }
    mta->send_raw(bytes);
    mta->disconnect();
  }
  for (const std::string& bytes : std::vector<std::string>{
           std::string("\xff\xff\xff\xff", 4) + "M", std::string("\0\0\0\0", 4),
           std::string("\0\0\0\1M", 5), std::string("\0\0\0\1R", 5), std::string("\0\0\0\2Mx", 6),
           std::string("\0\0\0\3DMi", 7), std::string("\0\0\0\1E", 5),
           std::string("\0\0\0\1C", 5)}) {
    auto mta = begin(server);
    mta.send_raw(bytes);
  }
  auto mta = begin(server);
  REQUIRE(mta.send(message_to({"<u@fine.example>"})).is_queued());
  CHECK(server.count("used", "fine.example") == 1);
  CHECK(server.ask("counter internal_errors_total") == "0");
}

TEST_CASE("an error inside is answered as configured", "[milter][protocol]") {
  const auto on_error = GENERATE(milter::OnError::Accept, milter::OnError::Tempfail);
  const auto stage = GENERATE(as<std::string>{}, "begin", "decide", "commit");
  const bool accepts = on_error == milter::OnError::Accept;
  ServerSetup setup;
  setup.on_error = on_error;
  setup.can_fail = true;
  ServerProcess server(setup);
  REQUIRE(server.ask("fail " + stage) == "ok");
  auto mta = begin(server);
  CAPTURE(stage, accepts);
  const FakeOutcome outcome = mta.send(message_to({"<u@open.example>"}));
  CHECK(outcome.is_queued() == accepts);
  REQUIRE(outcome.recipients.size() == 1);
  const MilterAnswer& answer = stage == "commit" ? outcome.ending : outcome.recipients[0];
  CHECK(answer.is_accepted() == accepts);
  if (!accepts) {
    CHECK(answer.text == "451 4.3.0 rampart: internal error, please try again later");
  }
  CHECK(server.ask("counter internal_errors_total") == "1");
  CHECK(server.count("used", "open.example") == 0);

  FakeMessage bounce = message_to({"<u@open.example>"});
  bounce.sender = "<>";
  CHECK(mta.send(bounce).is_queued());
  FakeMessage local = message_to({"u@open.example"});
  local.sender = "news@a.example";
  local.non_smtp = true;
  CHECK(mta.send(local).is_queued());

  REQUIRE(server.ask("fail none") == "ok");
  CHECK(mta.send(message_to({"<u@open.example>"})).is_queued());
  CHECK(server.count("used", "open.example") == 1);
}

TEST_CASE("an inet socket serves as well", "[milter][protocol]") {
  ServerSetup setup;
  setup.inet = true;
  ServerProcess server(setup);
  auto mta = begin(server);
  CHECK(mta.send(message_to({"<u@open.example>"})).is_queued());
  CHECK(server.count("used", "open.example") == 1);
}

TEST_CASE("the server stops in order while a session is open", "[milter][protocol]") {
  ServerProcess server;
  auto mta = begin(server);
  REQUIRE(mta.send(message_to({"<u@open.example>"})).is_queued());
  CHECK(server.ask("stop") == "stopped");
}

}  // namespace
}  // namespace rampart
