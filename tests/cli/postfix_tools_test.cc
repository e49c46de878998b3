#include "cli/postfix_tools.h"

#include "support/catch.h"

namespace rampart::cli {
namespace {

TEST_CASE("what postsuper says it released", "[cli]") {
  // As Postfix 3.7.11 writes it to standard error.
  CHECK(parse_released("postsuper: 0ABC12DEF34: released from hold\n"
                       "postsuper: 4Xk2Pq1z9Rz: released from hold\n"
                       "postsuper: Released from hold: 2 messages\n") ==
        std::set<std::string>{"0ABC12DEF34", "4Xk2Pq1z9Rz"});
  CHECK(parse_released("postsuper: Released from hold: 0 messages\n").empty());
  CHECK(parse_released("postsuper: fatal: ALL: released from hold").empty());
  CHECK(parse_released("postsuper: 0ABC12DEF34: placed on hold\n").empty());
  CHECK(parse_released("").empty());
}

TEST_CASE("what postqueue says is queued", "[cli]") {
  const auto queue =
      parse_queue(R"({"queue_name": "hold", "queue_id": "0ABC12DEF34", "recipients": []})"
                  "\nnonsense\n"
                  R"({"queue_name": "deferred", "queue_id": "4Xk2Pq1z9Rz"})");
  CHECK(queue ==
        std::map<std::string, std::string>{{"0ABC12DEF34", "hold"}, {"4Xk2Pq1z9Rz", "deferred"}});
}

}  // namespace
}  // namespace rampart::cli
