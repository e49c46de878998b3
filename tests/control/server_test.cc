#include "rampart/control/server.h"

#include <thread>
#include <vector>

#include "rampart/control/client.h"
#include "rampart/store/state_store.h"
#include "support/catch.h"
#include "support/manual_clock.h"
#include "support/policy.h"
#include "support/temporary_directory.h"

namespace rampart::control {
namespace {

TEST_CASE("commands of many clients reach the engine", "[control]") {
  const test::TemporaryDirectory directory;
  const test::ManualClock clock;
  const auto store = store::open_memory();
  auto engine = engine::Engine::create(test::make_policy(test::small_options()), *store, clock);
  REQUIRE(engine.has_value());
  const std::string socket = directory / "control.sock";
  auto server = Server::open({socket, ""}, **engine,
                             Hooks{[] { return ReloadAnswer{}; }, {}, {}, {}}, "1.2.3");
  REQUIRE(server.has_value());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 5; ++i) {
          const std::string key = "u" + std::to_string(t * 5 + i) + "@b.example";
          static_cast<void>(request(socket,
                                    R"({"command":"suppression.add","keys":[")" + key + "\"]}",
                                    std::chrono::seconds{20}));
        }
      });
    }
  }
  const auto status = request(socket, R"({"command":"status"})", std::chrono::seconds{10});
  REQUIRE(status.has_value());
  CHECK(status->find("\"version\":\"1.2.3\"") != std::string::npos);
  CHECK(status->find("\"suppressed\":30,") != std::string::npos);
  CHECK(status->find('\n') == std::string::npos);
}

}  // namespace
}  // namespace rampart::control
