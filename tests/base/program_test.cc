#include "rampart/base/program.h"

#include <csignal>
#include <cstdio>

#include "support/catch.h"

namespace rampart::base {
namespace {

TEST_CASE("a program is fed and read at once", "[base]") {
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

TEST_CASE("a program reads an open file", "[base]") {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  std::fputs("of the file", file);
  std::rewind(file);
  const auto result = run_program({"/bin/cat"}, "not this", std::chrono::minutes{1}, fileno(file));
  std::fclose(file);
  REQUIRE(result.has_value());
  CHECK(result->output == "of the file");
}

TEST_CASE("a program that does not end is ended", "[base]") {
  const auto result = run_program({"/bin/sleep", "600"}, "", std::chrono::milliseconds{20});
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().kind == Error::Kind::Timeout);
  CHECK(result.error().what == "/bin/sleep did not end within 20ms");
}

TEST_CASE("a program begins with no signal blocked or ignored", "[base]") {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  const auto result = run_program({"/bin/sh", "-c", "kill -TERM $$; echo alive"}, "");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  REQUIRE(result.has_value());
  CHECK(result->exit_code == 128 + SIGTERM);
  CHECK(result->output.empty());
}

}  // namespace
}  // namespace rampart::base
