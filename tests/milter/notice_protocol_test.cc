// Tokens and notices as an MTA meets them: what is negotiated, sent, changed and read.

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/fake_mta.h"

#include "milter/collector.h"
#include "milter/server_process.h"

namespace rampart {
namespace {

using test::FakeMessage;
using test::FakeMta;
using test::FakeOutcome;
using test::fingerprint;
using test::MilterChange;
using test::MtaOptions;
using test::ServerProcess;
using test::ServerSetup;

constexpr const char* kQueueId = "4Xk2Pq1z9Rz";
constexpr const char* kToken = "0123456789abcdef0123456789abcdef";

// Flags of mfdef.h.
constexpr std::uint32_t kNoBody = 0x10;
constexpr std::uint32_t kNoHeaders = 0x20;
constexpr std::uint32_t kNoReplyForHeader = 0x80;
constexpr std::uint32_t kSkip = 0x400;
constexpr std::uint32_t kNoReplyForBody = 0x80000;
constexpr std::uint32_t kChangeHeaders = 0x10;
constexpr std::uint32_t kAll = 0x1fffff;

ServerSetup reading() {
  ServerSetup setup;
  setup.read_notices = true;
  setup.can_fail = true;
  return setup;
}

FakeMta begin(const ServerProcess& server, const MtaOptions& options = {}) {
  auto mta = FakeMta::dial(server.listen(), options);
  REQUIRE(mta.has_value());
  REQUIRE(mta->begin_session());
  return std::move(*mta);
}

FakeMessage message_from(const std::string& sender) {
  FakeMessage message;
  message.sender = sender;
  message.recipients = {"<u@open.example>"};
  message.queue_id = kQueueId;
  return message;
}

FakeMessage bounce(std::size_t body_bytes) {
  FakeMessage message = message_from("<>");
  message.headers = {{"From", "MAILER-DAEMON@b.example"},
                     {"Content-Type", "multipart/report;\n\tboundary=\"x\""}};
  message.body.reserve(body_bytes);
  for (std::size_t i = 0; i < body_bytes; ++i) {
    message.body += static_cast<char>(i * 7 + i / 251);  // no two places alike, NUL and 8-bit too
  }
  return message;
}

std::string whole(const FakeMessage& message) {
  return "From: MAILER-DAEMON@b.example\r\nContent-Type: multipart/report;\r\n\tboundary=\"x\"\r\n"
         "\r\n" +
         message.body;
}

TEST_CASE("without the option neither header nor body is asked for", "[milter][protocol]") {
  ServerSetup setup;
  setup.can_fail = true;
  ServerProcess server(setup);
  auto mta = begin(server);
  CHECK((mta.protocol() & kNoHeaders) != 0);
  CHECK((mta.protocol() & kNoBody) != 0);
  CHECK((mta.actions() & kChangeHeaders) == 0);
  const FakeOutcome outcome = mta.send(bounce(100));
  CHECK(outcome.is_queued());
  CHECK(outcome.body_bytes == 0);
  CHECK(mta.waits() == 2);
  CHECK(server.ask("offered") == "0");
}

TEST_CASE("with it other mail costs one more answer", "[milter][protocol]") {
  ServerProcess server(reading());
  auto mta = begin(server);
  CHECK((mta.protocol() & (kNoHeaders | kNoBody | kNoReplyForBody)) == 0);
  CHECK((mta.protocol() & kNoReplyForHeader) != 0);
  CHECK((mta.protocol() & kSkip) != 0);
  FakeMessage message = message_from("<news@a.example>");
  message.body_bytes = 300'000;
  for (std::uint64_t round = 1; round <= 3; ++round) {
    const FakeOutcome outcome = mta.send(message);
    CHECK(outcome.is_queued());
    CHECK(outcome.body_bytes == 65535);
    CHECK(mta.waits() == 3 * round);
  }
  CHECK(server.ask("offered") == "0");
}

TEST_CASE("an MTA that offers less is read all the same", "[milter][protocol]") {
  struct Case {
    std::uint32_t version;
    std::uint32_t actions;
    std::uint32_t protocol;
  };
  const auto c = GENERATE(values<Case>({
      {6, 0x1ff, kAll},
      {6, 0x1ff, kAll & ~kSkip},
      {6, 0x1ff, kAll & ~(kSkip | kNoReplyForBody)},
      {6, 0x1ff, kAll & ~kNoReplyForHeader},
      {6, 0x1ff, 0x400},
      {6, 0x1ff & ~kChangeHeaders, kAll},
      {2, 0x03f, 0x07f},
  }));
  CAPTURE(c.version, c.actions, c.protocol);
  ServerProcess server(reading());
  auto mta = begin(server, {c.version, c.actions, c.protocol, std::chrono::seconds{10}});
  CHECK((mta.actions() & ~c.actions) == 0);
  CHECK((mta.protocol() & ~c.protocol) == 0);
  const FakeMessage message = bounce(150'000);
  CHECK(mta.send(message_from("<news@a.example>")).is_queued());
  CHECK(mta.send(message).is_queued());
  CHECK(mta.send(message_from("<news@a.example>")).is_queued());
  CHECK(server.ask("offered") == "1");
  CHECK(server.ask("offered 0") == fingerprint(whole(message)));
}

TEST_CASE("bounces are read whole, in whatever chunks they come", "[milter][protocol]") {
  ServerProcess server(reading());
  auto mta = begin(server);
  std::size_t number = 0;
  for (const std::size_t chunk : {1UL, 77UL, 4096UL, 65535UL}) {
    for (const std::size_t size : {1UL, 500UL, 66'000UL}) {
      if (size / chunk > 1000) {
        continue;
      }
      CAPTURE(chunk, size);
      FakeMessage message = bounce(size);
      message.chunk_bytes = chunk;
      const FakeOutcome outcome = mta.send(message);
      CHECK(outcome.is_queued());
      CHECK(outcome.changes.empty());
      CHECK(outcome.body_bytes == size);
      CHECK(server.ask("offered " + std::to_string(number++)) == fingerprint(whole(message)));
      CHECK(mta.send(message_from("<news@a.example>")).is_queued());
    }
  }
  CHECK(server.ask("offered") == std::to_string(number));
}

TEST_CASE("of a large bounce the beginning is read", "[milter][protocol]") {
  ServerProcess server(reading());
  auto mta = begin(server);
  const FakeMessage message = bounce(1'000'000);
  const FakeOutcome outcome = mta.send(message);
  CHECK(outcome.is_queued());
  CHECK(outcome.body_bytes == 4UL * 65535);  // the fourth chunk reached the limit
  CHECK(server.ask("offered 0") == fingerprint(whole(message).substr(0, milter::kMessageBytesMax)));
}

TEST_CASE("a bounce that is not sent to its end is forgotten", "[milter][protocol]") {
  const int stage = GENERATE(range(0, 4));
  const bool resets = GENERATE(false, true);
  CAPTURE(stage, resets);
  ServerProcess server(reading());
  auto mta = begin(server);
  mta.mail({"<>"}, {{"{mail_mailer}", "smtp"}});
  mta.rcpt({"<u@open.example>"}, {{"{rcpt_mailer}", "smtp"}});
  if (stage > 0) {
    mta.header("Subject", "secret");
  }
  if (stage > 1) {
    mta.body("one");
  }
  if (stage > 2) {
    mta.body("two");
  }
  if (resets) {
    mta.abort();
  } else {
    mta.disconnect();
    mta = begin(server);
  }
  const FakeMessage message = bounce(10);
  CHECK(mta.send(message).is_queued());
  CHECK(server.ask("offered") == "1");
  CHECK(server.ask("offered 0") == fingerprint(whole(message)));
}

TEST_CASE("a bounce is delivered though it cannot be offered", "[milter][protocol]") {
  ServerSetup setup = reading();
  setup.on_error = milter::OnError::Tempfail;
  ServerProcess server(setup);
  REQUIRE(server.ask("fail offer") == "ok");
  auto mta = begin(server);
  CHECK(mta.send(bounce(10)).is_queued());
  CHECK(server.ask("counter internal_errors_total") == "1");
  CHECK(server.count("flight", "open.example") == 0);
}

TEST_CASE("a token is added, and replaces what the message came with", "[milter][protocol]") {
  ServerSetup setup;
  setup.can_fail = true;
  setup.token = kToken;
  setup.read_notices = GENERATE(false, true);
  CAPTURE(setup.read_notices);
  ServerProcess server(setup);
  auto mta = begin(server);
  FakeMessage message = message_from("<news@a.example>");
  message.headers = {{"X-Rampart-Id", "one"}, {"Subject", "x"}, {"x-rampart-id", "two"}};
  const FakeOutcome outcome = mta.send(message);
  REQUIRE(outcome.changes.size() == (setup.read_notices ? 3U : 1U));
  if (setup.read_notices) {
    for (const std::uint32_t index : {2U, 1U}) {
      const MilterChange& removed = outcome.changes[2 - index];
      CHECK(removed.command == 'm');
      CHECK(removed.first == "X-Rampart-Id");
      CHECK(removed.index == index);
      CHECK(removed.second.empty());
    }
  }
  CHECK(outcome.changes.back().command == 'h');
  CHECK(outcome.changes.back().first == "X-Rampart-Id");
  CHECK(outcome.changes.back().second == kToken);
  CHECK(mta.send(bounce(10)).changes.empty());
}

}  // namespace
}  // namespace rampart
