#include "cli/program.h"

#include "support/catch.h"

namespace rampart::cli {
namespace {

TEST_CASE("a program is fed and read at once", "[cli]") {
  const std::string much(1'000'000, 'x');
  const auto result = run_program({"/bin/cat"}, much);
  REQUIRE(result.has_value());
  CHECK(result->exit_code == 0);
  CHECK(result->output == much);
  const auto refuses = run_program({"/bin/false"}, much);
  REQUIRE(refuses.has_value());
  CHECK(refuses->exit_code == 1);
  CHECK_FALSE(run_program({"/no/such/program"}, "").has_value());
}

}  // namespace
}  // namespace rampart::cli
