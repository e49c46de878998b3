// Sends messages to a milter as fast as it answers, and says how many and how long.
//
//   milter_bench unix:/tmp/noop.sock 10000 20      10,000 messages of 20 recipients
//
// Prints "messages=10000 recipients=20 accepted=200000 elapsed_us=1234567". Exit status 1 if a
// message did not get into the queue.

#include <algorithm>
#include <cstdio>
#include <string>

#include "rampart/base/text.h"
#include "rampart/base/time.h"
#include "support/fake_mta.h"

namespace {

// As Sendmail and Postfix reuse a connection for the messages of one client.
constexpr std::uint64_t kMessagesPerSession = 100;

std::string queue_id(std::uint64_t number) {
  std::string id = std::to_string(number);
  return "B" + std::string(10 - std::min<std::size_t>(id.size(), 10), '0') + id;
}

}  // namespace

int main(int argc, char* argv[]) {
  using rampart::test::FakeMta;
  const auto messages = argc == 4 ? rampart::base::parse_uint(argv[2]) : std::nullopt;
  const auto recipients = argc == 4 ? rampart::base::parse_uint(argv[3]) : std::nullopt;
  if (!messages || !recipients) {
    std::fputs("usage: milter_bench SOCKET MESSAGES RECIPIENTS\n", stderr);
    return 2;
  }
  rampart::test::FakeMessage message;
  for (std::uint64_t i = 0; i < *recipients; ++i) {
    message.recipients.push_back("<user" + std::to_string(i) + "@b.example>");
  }
  const rampart::base::SystemClock clock;
  const auto start = clock.steady_now();
  std::uint64_t queued = 0;
  std::uint64_t accepted = 0;
  std::optional<FakeMta> mta;
  for (std::uint64_t i = 0; i < *messages; ++i) {
    if (i % kMessagesPerSession == 0) {
      mta = FakeMta::dial(argv[1]);
      if (!mta || !mta->begin_session()) {
        std::fputs("milter_bench: no milter\n", stderr);
        return 1;
      }
    }
    message.queue_id = queue_id(i);
    const auto outcome = mta->send(message);
    accepted += outcome.accepted;
    queued += outcome.is_queued() ? 1U : 0U;
  }
  const auto elapsed = clock.steady_now() - start;
  std::printf("messages=%llu recipients=%llu accepted=%llu elapsed_us=%lld\n",
              static_cast<unsigned long long>(*messages),
              static_cast<unsigned long long>(*recipients),
              static_cast<unsigned long long>(accepted), static_cast<long long>(elapsed.count()));
  return queued == *messages ? 0 : 1;
}
