// Goal: the house rules hold for every file of this checkout. What fails names file, line and cure.

#include <cstdio>
#include <set>

#include "support/catch.h"

#include "repository.h"
#include "tidy/checks.h"

namespace rampart::tidy {
namespace {

void expect_none(const Findings& findings) {
  for (const Finding& finding : findings) {
    FAIL_CHECK(to_string(finding));
  }
}

bool is_code(std::string_view path) {
  return path.ends_with(".cc") || path.ends_with(".h");
}
bool is_text(std::string_view path) {
  return is_code(path) || path.ends_with("CMakeLists.txt") || path.ends_with(".cmake") ||
         path.ends_with(".toml") || path.ends_with(".md");
}

std::vector<Source> sources(std::initializer_list<std::string_view> directories) {
  std::vector<Source> all;
  for (const std::string_view directory : directories) {
    for (const std::string& path : list_files(directory)) {
      if (is_text(path)) {
        all.push_back(make_source(path, read_file(path)));
      }
    }
  }
  return all;
}

TEST_CASE("no banned calls", "[tidy]") {
  Findings findings;
  for (const Source& source : sources({"src", "include"})) {
    if (is_code(source.path)) {
      check_calls(source, findings);
    }
  }
  expect_none(findings);
}

TEST_CASE("text is within its limits", "[tidy]") {
  Findings findings;
  for (const Source& source : sources({"src", "include", "tests", "conf"})) {
    check_text(source, findings);
  }
  expect_none(findings);
}

TEST_CASE("no left-over words", "[tidy]") {
  Findings findings;
  for (const Source& source : sources({"src", "include", "tests", "conf"})) {
    if (is_code(source.path)) {
      check_words(source, findings);
    } else {
      check_words(Source{source.path, source.text, {}, {}}, findings);
    }
  }
  if (const std::string readme = read_file("README.md"); !readme.empty()) {
    check_words(Source{"README.md", readme, {}, {}}, findings);
  }
  expect_none(findings);
}

TEST_CASE("every source is built", "[tidy]") {
  Findings findings;
  std::string all_lists;
  for (const std::string& path : list_files("tests")) {
    all_lists += path.ends_with("/CMakeLists.txt") ? read_file(path) : "";
  }
  for (const std::string_view top : {"src", "tests"}) {
    for (const std::string& path : list_files(top)) {
      if (!path.ends_with(".cc")) {
        continue;
      }
      // The lists of the room's own directory, and of those between; support is for every room.
      std::string lists = path.starts_with("tests/support/") ? all_lists : std::string();
      for (std::string directory = path; directory.find('/') != std::string::npos;) {
        directory.resize(directory.rfind('/'));
        lists += read_file(directory + "/CMakeLists.txt");
        if (directory == "tests/fuzz") {
          for (const std::string& list : list_files("tests/fuzz")) {
            lists += list.ends_with(".cmake") ? read_file(list) : "";
          }
        }
      }
      check_listed(path, lists, findings);
    }
  }
  expect_none(findings);
}

TEST_CASE("the top holds what it should", "[tidy]") {
  std::set<std::string> names;
  // Of a checkout what git knows; of an unpacked archive what is there.
  if (std::FILE* pipe = ::popen("git -C '" RAMPART_SOURCE_DIR "' ls-files 2>/dev/null", "r")) {
    std::string path;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
      if (c != '\n') {
        path += static_cast<char>(c);
        continue;
      }
      names.insert(path.substr(0, path.find('/')));
      path.clear();
    }
    ::pclose(pipe);
  }
  if (names.empty()) {
    for (const auto& entry : std::filesystem::directory_iterator(RAMPART_SOURCE_DIR)) {
      names.insert(entry.path().filename().string());
    }
    names.erase("build");
  }
  REQUIRE_FALSE(names.empty());
  Findings findings;
  check_top_level({names.begin(), names.end()}, findings);
  expect_none(findings);
}

}  // namespace
}  // namespace rampart::tidy
