#include "tidy/checks.h"

#include "rampart/base/text.h"
#include "support/catch.h"

namespace rampart::tidy {
namespace {

template <class Check>
std::size_t count(Check check, std::string path, std::string text) {
  Findings findings;
  check(make_source(std::move(path), std::move(text)), findings);
  return findings.size();
}

TEST_CASE("code, comments and literals are told apart", "[tidy][unit]") {
  struct Case {
    std::string_view text;
    std::string_view code;  ///< with # for kLiteral
    std::string_view comments;
  };
  static const Case kCases[] = {
      {"a // b", "a     ", "  // b"},
      {"a /* b */ c", "a         c", "  /* b */  "},
      {"f(\"// x\")", "f(\"####\")", "         "},
      {"f(\"\\\"x\") // y", "f(\"###\")     ", "         // y"},
      {"'\"' + 1'000", "'#' + 1'000", "           "},
      {"'\\'' // z", "'##'     ", "     // z"},
      {"R\"(a \" b)\" // c", "R\"########\"     ", "            // c"},
      {"R\"x(a)\" )x\" d", "R\"#########\" d", "              "},
      {"/* open", "       ", "/* open"},
      {"\"open", "\"###\"", "     "},
  };
  for (const Case& c : kCases) {
    INFO(c.text);
    Source source = make_source("a.cc", std::string(c.text));
    for (char& byte : source.code) {
      byte = byte == kLiteral ? '#' : byte;
    }
    if (c.text == "\"open") {  // never compiled; must only not crash
      CHECK(source.code.size() == c.text.size());
      continue;
    }
    CHECK(source.code.size() == c.text.size());
    CHECK(source.comments.size() == c.text.size());
    CHECK(base::trim(source.comments) == base::trim(c.comments));
    // How many bytes of a raw literal's frame are hidden does not matter; that code shows does.
    if (c.text.front() != 'R') {
      CHECK(source.code == c.code);
    } else {
      CHECK(source.code.find('a') == std::string::npos);
      CHECK(source.code.find('b') == std::string::npos);
    }
  }
}

TEST_CASE("banned calls are found, what only looks like them is not", "[tidy][unit]") {
  struct Case {
    std::string_view path;
    std::string_view text;
    std::size_t want;
  };
  static const Case kCases[] = {
      {"src/mail/a.cc", "auto t = std::chrono::system_clock::now();", 1},
      {"src/base/time.cc", "auto t = std::chrono::system_clock::now();", 0},
      {"src/feed/a.cc", "auto t = std::chrono::steady_clock::now();", 1},
      {"src/feed/a.cc", "std::chrono::steady_clock::time_point t;", 0},
      {"src/feed/a.cc", "auto t = time(nullptr);", 1},
      {"src/feed/a.cc", "return ::time(nullptr);", 1},
      {"src/feed/a.cc", "auto t = std::time(nullptr);", 1},
      {"src/feed/a.cc", "auto t = line.time();", 0},
      {"src/feed/a.cc", "auto t = line->time();", 0},
      {"src/feed/a.cc", "auto t = own::time(1);", 0},
      {"src/feed/a.cc", "base::WallTime time(base::Micros{1});", 0},
      {"src/feed/a.cc", "const Time& time() const;", 0},
      {"src/feed/a.cc", "auto t = a & time(nullptr);", 1},
      {"src/feed/a.cc", "auto t = wall_time(1) + time_of(2);", 0},
      {"src/feed/a.cc", "// not time(nullptr)", 0},
      {"src/feed/a.cc", "log(\"time(nullptr)\");", 0},
      {"src/feed/a.cc", "R\"(time(nullptr))\";", 0},
      {"tests/feed/a.cc", "auto t = time(nullptr);", 0},
      {"src/feed/a.cc", "sleep(1); usleep(1); nanosleep(&a, &b);", 3},
      {"src/feed/a.cc", "std::this_thread::sleep_for(1s);", 1},
      {"src/feed/a.cc", "std::this_thread::sleep_until(t);", 1},
      {"src/feed/a.cc", "bool sleeping = asleep(1);", 0},
      {"src/feed/a.cc", "std::regex r(x);", 1},
      {"src/feed/a.cc", "std::regex_match(a, r);", 0},  // needs a std::regex, which is found
      {"src/feed/a.cc", "atoi(x) + atof(x);", 2},
      {"src/feed/a.cc", "strtol(x, &e, 10) + std::strtoull(x, &e, 10);", 2},
      {"src/feed/a.cc", "my_strtol(x);", 0},
      {"src/feed/a.cc", "sscanf(x, y); sprintf(x, y); strcpy(x, y);", 3},
      {"src/feed/a.cc", "snprintf(x, 1, y);", 0},
      {"src/feed/a.cc", "rand() + std::rand();", 2},
      {"src/feed/a.cc", "random.rand();", 0},
      {"src/feed/a.cc", "localtime(&t); gmtime(&t);", 2},
      {"src/feed/a.cc", "localtime_r(&t, &x);", 0},
      {"src/feed/a.cc", "setenv(a, b, 1); putenv(a);", 2},
      {"src/feed/a.cc", "std::system(x);", 1},
      {"src/feed/a.cc", "file_system(x);", 0},
      {"src/feed/a.cc", "popen(a, b); posix_spawn(a); execvp(a, b);", 3},
      {"src/cli/a.cc", "popen(a, b); posix_spawn(a); execvp(a, b);", 3},
      {"src/base/a.cc", "posix_spawn(a);", 0},
      {"src/cli/a.cc", "system(a);", 1},
      {"src/feed/a.cc", "thread.detach();", 1},
      {"src/feed/a.cc", "thread.join();", 0},
      {"src/feed/a.cc", "thread_local int a;", 1},
      {"src/feed/a.cc", "int not_thread_local;", 0},
  };
  for (const Case& c : kCases) {
    INFO(c.path << ": " << c.text);
    CHECK(count(check_calls, std::string(c.path), std::string(c.text) + '\n') == c.want);
  }
}

TEST_CASE("text keeps its limits", "[tidy][unit]") {
  const std::string wide(96, 'x');
  std::string lines;
  for (int i = 0; i < 600; ++i) {
    lines += "x\n";
  }
  struct Case {
    std::string_view name;
    std::string path;
    std::string text;
    std::size_t want;
  };
  const Case cases[] = {
      {"clean", "src/a.cc", "int a;\n", 0},
      {"empty", "src/a.cc", "", 1},
      {"no last line end", "src/a.cc", "int a;", 1},
      {"tab", "src/a.cc", "\tint a;\n", 1},
      {"blank at the end", "src/a.cc", "int a; \n", 1},
      {"CR", "src/a.cc", "int a;\r\n", 1},
      {"100 columns", "src/a.cc", "// x" + wide + "\n", 0},
      {"101 columns", "src/a.cc", "// xx" + wide + "\n", 1},
      {"100 columns, more bytes", "src/a.cc", "// \xc3\xa4" + wide + "\n", 0},
      {"wide, but no code", "README.md", "// xx" + wide + "\n", 0},
      {"wide with a long literal", "src/a.cc", "f(\"" + wide + "\");\n", 0},
      {"wide with a short literal", "src/a.cc", "f(\"x\");  // " + wide + "\n", 1},
      {"600 lines", "src/a.cc", lines, 0},
      {"601 lines", "src/a.cc", lines + "x\n", 1},
      {"601 lines, but no code", "conf/a.toml", lines + "x\n", 0},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    CHECK(count(check_text, c.path, c.text) == c.want);
  }
}

TEST_CASE("left-over words are found in comments only", "[tidy][unit]") {
  struct Case {
    std::string_view path;
    std::string_view text;
    std::size_t want;
  };
  static const Case kCases[] = {
      {"src/a.cc", "// FIXME later", 1},
      {"src/a.cc", "// XXX", 1},
      {"src/a.cc", "f(\"XXX\"); int XXXX;", 0},
      {"src/a.cc", "// mkstemp wants XXXXXX", 0},
      {"src/a.cc", "// TODO", 1},
      {"src/a.cc", "// TODO: later", 1},
      {"src/a.cc", "// TODO(ada)", 1},
      {"src/a.cc", "// TODO(ada): ", 1},
      {"src/a.cc", "// TODO(): when", 1},
      {"src/a.cc", "// TODO(ada): remove when Catch2 2.13 is gone", 0},
      {"src/a.cc", "// AUTODOC", 0},
      {"src/a.cc", "const char* a = \"/home/ada/rampart\";", 1},
      {"include/rampart/a/a.h", "// see /root/notes", 1},
      {"conf/a.toml", "# /usr/share/rampart", 0},
      {"README.md", "see /home/ada", 1},
      {"tests/a.cc", "f(\"/home/ada\");", 0},
  };
  for (const Case& c : kCases) {
    INFO(c.path << ": " << c.text);
    CHECK(count(check_words, std::string(c.path), std::string(c.text) + '\n') == c.want);
  }
}

TEST_CASE("a file that CMake does not know is dead", "[tidy][unit]") {
  struct Case {
    std::string_view path;
    std::string_view cmake;
    std::size_t want;
  };
  static const Case kCases[] = {
      {"src/mail/reply.cc", "rampart_room(mail SOURCES reply.cc)", 0},
      {"src/mail/reply.cc", "rampart_room(mail SOURCES no_reply.cc reply.ccx)", 1},
      {"src/mail/reply.cc", "", 1},
      {"src/store/memory/store.cc", "SOURCES memory/store.cc", 0},
  };
  for (const Case& c : kCases) {
    INFO(c.cmake);
    Findings findings;
    check_listed(c.path, c.cmake, findings);
    CHECK(findings.size() == c.want);
  }
}

TEST_CASE("the top of the repository is a fixed list", "[tidy][unit]") {
  Findings findings;
  check_top_level({"src", "include", "tests", ".gitignore", "README.md", "LICENSE"}, findings);
  CHECK(findings.empty());
  check_top_level({"notes.txt", "docs"}, findings);
  CHECK(findings.size() == 2);
}

}  // namespace
}  // namespace rampart::tidy
