// kill -9 at random instants under load. What must hold whenever it happens:
//   - no flow admits more than its allowance, over all lives of the program together;
//   - what was admitted stays counted;
//   - a suppression that was acknowledged is still there;
//   - every log line is counted exactly once.
// RAMPART_KILLS sets the number of kills, 20 by default.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/catch.h"
#include "support/fake_mta.h"

#include "service.h"

namespace rampart::test {
namespace {

constexpr unsigned kAllowance = 60;
constexpr unsigned kFlowsPerKill = 2;  // a flow lives through two or three kills
constexpr unsigned kSenders = 3;

unsigned kills_wanted() {
  const char* text = ::getenv("RAMPART_KILLS");  // NOLINT(concurrency-mt-unsafe): before any thread
  return text == nullptr ? 20 : static_cast<unsigned>(std::max(1, std::stoi(text)));
}

// What the outside world saw, over all lives of the program.
struct World {
  std::mutex mutex;
  std::map<unsigned, unsigned> accepted;  // by flow number
  std::vector<std::string> suppressed;    // acknowledged
  std::atomic<std::uint64_t> delivered_lines{0};
  std::atomic<std::uint64_t> next_id{0};
};

std::string next_queue_id(World& world) {
  return fmt::format("A{:010X}", ++world.next_id);
}

void send_mail(World& world,
               const Service& service,
               unsigned round,
               const std::atomic<bool>& stop) {
  std::optional<FakeMta> mta;
  unsigned flow = round * kFlowsPerKill;
  while (!stop) {
    if (!mta || !mta->is_open()) {
      MtaOptions options;
      options.timeout = std::chrono::milliseconds{10'000};
      mta = FakeMta::dial(service.milter(), options);
      if (!mta || !mta->begin_session()) {
        mta.reset();
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
        continue;
      }
    }
    FakeMessage message;
    message.sender = fmt::format("<news@kill{}.example>", flow);
    message.recipients = {"<user@sink.example>"};
    message.queue_id = next_queue_id(world);
    const FakeOutcome outcome = mta->send(message);
    if (outcome.is_queued()) {
      const std::lock_guard lock(world.mutex);
      ++world.accepted[flow];
    } else if (mta->is_open()) {  // full: on to the next flow of this round and the one after
      flow = round * kFlowsPerKill + (flow + 1 - round * kFlowsPerKill) % (2 * kFlowsPerKill);
    }
  }
}

void suppress(World& world, const Service& service, unsigned round, const std::atomic<bool>& stop) {
  for (unsigned i = 0; !stop; ++i) {
    const std::string key = fmt::format("dead{}-{}@gone.example", round, i);
    const auto answer = service.ask(
        {{"command", "suppression.add"}, {"keys", {key}}, {"sender", ""}, {"reason", "kill test"}});
    if (answer.is_object() && !answer.contains("error")) {
      const std::lock_guard lock(world.mutex);
      world.suppressed.push_back(key);
    }
  }
}

// As logrotate does: FILE.1 becomes FILE.2 and so on, then FILE becomes FILE.1.
void rotate(const std::string& path) {
  unsigned last = 1;
  while (std::filesystem::exists(fmt::format("{}.{}", path, last))) {
    ++last;
  }
  for (; last > 1; --last) {
    std::filesystem::rename(fmt::format("{}.{}", path, last - 1), fmt::format("{}.{}", path, last));
  }
  std::filesystem::rename(path, path + ".1");
}

// Appends whole messages to the log, each delivered once; sometimes rotates it by renaming.
void write_log(World& world,
               const Service& service,
               unsigned round,
               const std::atomic<bool>& stop) {
  std::minstd_rand random(round + 1);
  if (round % 5 == 4) {
    rotate(service.log_path());
  }
  const int fd = ::open(service.log_path().c_str(), O_WRONLY | O_APPEND | O_CREAT, 0600);
  while (!stop) {
    std::string text;
    const auto messages = static_cast<unsigned>(1 + random() % 20);
    for (unsigned i = 0; i < messages; ++i) {
      const std::string id = next_queue_id(world);
      const auto now = std::chrono::system_clock::now();
      const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
      std::tm utc{};
      ::gmtime_r(&seconds, &utc);
      const std::string stamp =
          fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.000000+00:00 mta1 ", utc.tm_year + 1900,
                      utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
      text += stamp + "postfix/qmgr[1]: " + id +
              ": from=<x@logged.example>, size=1, nrcpt=1 (queue active)\n";
      text += stamp + "postfix/smtp[2]: " + id +
              ": to=<user@logsink.example>, relay=mx.logsink.example[203.0.113.9]:25, delay=0.1, "
              "delays=0/0/0/0.1, dsn=2.0.0, status=sent (250 2.0.0 Ok)\n";
      text += stamp + "postfix/qmgr[1]: " + id + ": removed\n";
    }
    // In two pieces, so that a line is now and then half there.
    const std::size_t cut = random() % text.size();
    if (::write(fd, text.data(), cut) != static_cast<ssize_t>(cut) ||
        ::write(fd, text.data() + cut, text.size() - cut) !=
            static_cast<ssize_t>(text.size() - cut)) {
      break;
    }
    world.delivered_lines += messages;
    std::this_thread::sleep_for(std::chrono::milliseconds{1 + random() % 10});
  }
  ::close(fd);
}

nlohmann::json find_flow(const nlohmann::json& status, const std::string& sender) {
  for (const auto& flow : status.value("flows", nlohmann::json::array())) {
    if (flow.value("sender", "") == sender) {
      return flow;
    }
  }
  return nlohmann::json::object();
}

TEST_CASE("nothing acknowledged is lost and nothing is counted twice", "[kill]") {
  const unsigned kills = kills_wanted();
  std::mt19937 random(20261121);
  World world;
  Service service(kAllowance);
  for (unsigned round = 0; round < kills; ++round) {
    INFO("round " << round);
    const bool started = service.start();
    INFO(service.errors());
    REQUIRE(started);
    std::atomic<bool> stop{false};
    {
      std::vector<std::jthread> load;
      for (unsigned i = 0; i < kSenders; ++i) {
        load.emplace_back([&] { send_mail(world, service, round, stop); });
      }
      load.emplace_back([&] { suppress(world, service, round, stop); });
      load.emplace_back([&] { write_log(world, service, round, stop); });
      std::this_thread::sleep_for(std::chrono::milliseconds{20 + random() % 500});
      service.kill();
      stop = true;
    }
  }
  REQUIRE(service.start());
  // The rest of the log is read within seconds.
  nlohmann::json status;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    status = service.ask({{"command", "status"}});
  } while (find_flow(status, "logged.example").value("delivered_day", std::uint64_t{0}) <
               world.delivered_lines &&
           std::chrono::steady_clock::now() < deadline);
  const nlohmann::json logged = find_flow(status, "logged.example");
  INFO(service.errors());
  CHECK(logged.value("delivered_day", std::uint64_t{0}) == world.delivered_lines);
  CHECK(logged.value("used", std::uint64_t{0}) == world.delivered_lines);

  unsigned exhausted = 0;
  for (const auto& [number, accepted] : world.accepted) {
    INFO("flow " << number);
    CHECK(accepted <= kAllowance);
    const auto used = find_flow(status, fmt::format("kill{}.example", number)).value("used", 0U);
    CHECK(used >= accepted);
    CHECK(used <= kAllowance);
    exhausted += used == kAllowance ? 1U : 0U;
  }
  CHECK(exhausted > 0);  // otherwise the limit was never tried

  unsigned missing = 0;
  for (const std::string& key : world.suppressed) {
    const auto why = service.ask({{"command", "suppression.why"}, {"key", key}});
    missing += why.is_object() && why.contains("entries") && !why["entries"].empty() ? 0U : 1U;
  }
  CHECK(missing == 0);
  CHECK_FALSE(world.suppressed.empty());
  CHECK(service.stop() == 0);
  WARN(kills << " kills: " << world.accepted.size() << " flows, " << exhausted << " exhausted, "
             << world.delivered_lines << " deliveries, " << world.suppressed.size()
             << " suppressions acknowledged");
}

}  // namespace
}  // namespace rampart::test
