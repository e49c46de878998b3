// Goal: every header compiles alone, so that the order of includes never matters.

#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "support/catch.h"

#include "repository.h"

namespace rampart::tidy {
namespace {

/// What the compiler says about a source that only includes `header`; "" if it compiles.
std::string compile_alone(const std::string& header) {
  const std::string top = RAMPART_SOURCE_DIR;
  const std::string command = "printf '#include \"%s\"\\n' '" + top + '/' + header + "' | '" +
                              RAMPART_CXX_COMPILER + "' -std=c++20 -fsyntax-only -w -I'" + top +
                              "/include' -I'" + top + "/src' -I'" + top + "/tests' -x c++ - 2>&1";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) {
    return "cannot start the compiler";
  }
  std::string output;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    output += static_cast<char>(c);
  }
  return ::pclose(pipe) == 0 ? std::string() : header + ":\n" + output.substr(0, 2000);
}

TEST_CASE("a header that needs another one is noticed", "[tidy][unit]") {
  CHECK(compile_alone("include/rampart/base/text.h").empty());
  CHECK_FALSE(compile_alone("tests/tidy/not_there.h").empty());
}

std::vector<std::string> list_headers(std::string_view top) {
  std::vector<std::string> headers;
  for (const std::string& path : list_files(top)) {
    // What includes Catch2 takes seconds, and is included by tests that include it themselves.
    if (path.ends_with(".h") && read_file(path).find("support/catch.h") == std::string::npos &&
        path != "tests/support/catch.h" && path != "tests/tidy/repository.h") {
      headers.push_back(path);
    }
  }
  return headers;
}

void expect_compile_alone(const std::vector<std::string>& headers) {
  REQUIRE(headers.size() > 3);
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::vector<std::string> problems;
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < std::min(4U, std::max(1U, std::thread::hardware_concurrency())); ++i) {
      workers.emplace_back([&] {
        for (std::size_t at = next++; at < headers.size(); at = next++) {
          std::string problem = compile_alone(headers[at]);
          if (!problem.empty()) {
            const std::lock_guard lock(mutex);
            problems.push_back(std::move(problem));
          }
        }
      });
    }
  }
  for (const std::string& problem : problems) {
    FAIL_CHECK(problem);
  }
}

TEST_CASE("every door compiles alone", "[tidy]") {
  expect_compile_alone(list_headers("include"));
}

TEST_CASE("every private header compiles alone", "[tidy]") {
  expect_compile_alone(list_headers("src"));
}

TEST_CASE("every header of tests compiles alone", "[tidy]") {
  expect_compile_alone(list_headers("tests"));
}

}  // namespace
}  // namespace rampart::tidy
