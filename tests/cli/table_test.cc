#include "cli/table.h"

#include "support/catch.h"

namespace rampart::cli {
namespace {

TEST_CASE("columns line up by code points and end without blanks", "[cli]") {
  Table table({{"NAME"}, {"N", Table::Align::Right}, {"STATE"}});
  table.add({{"b\xC3\xBC"
              "cher.example"},
             {"1 000"},
             {"open"}});
  table.add({{"a"}, {"7"}, {""}});
  CHECK(table.render(false) ==
        "NAME                N  STATE\n"
        "b\xC3\xBC"
        "cher.example  1 000  open\n"
        "a                   7\n");
}

TEST_CASE("colour is only where it is asked for", "[cli]") {
  CHECK(paint("open", Colour::Green, true) == "\x1b[32mopen\x1b[0m");
  CHECK(paint("open", Colour::Green, false) == "open");
  CHECK(paint("open", Colour::None, true) == "open");
  Table table({{"A"}, {"B"}});
  table.add({{"x", Colour::Red}, {"y"}});
  CHECK(table.render(true) == "A  B\n\x1b[31mx\x1b[0m  y\n");
}

TEST_CASE("numbers are grouped from four digits on", "[cli]") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1 000");
  CHECK(grouped(12703) == "12 703");
  CHECK(grouped(1234567) == "1 234 567");
}

TEST_CASE("width counts code points, and stray bytes one each", "[cli]") {
  CHECK(width_of("") == 0);
  CHECK(width_of("abc") == 3);
  CHECK(width_of("\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80") == 3);
  CHECK(width_of("\x80\xBF") == 2);
  CHECK(width_of("\xFF") == 1);
}

}  // namespace
}  // namespace rampart::cli
