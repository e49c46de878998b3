// The constants that src/ramp/README.md explains are those of options.h, with their defaults.

#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "rampart/base/text.h"
#include "support/catch.h"

namespace rampart::ramp {
namespace {

std::string text_of(const std::filesystem::path& path) {
  const std::ifstream file(path);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string options_text() {
  for (const char* root : {"/include", "/src"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(RAMPART_SOURCE_DIR + std::string(root))) {
      if (entry.path().generic_string().ends_with("rampart/ramp/options.h")) {
        return text_of(entry.path());
      }
    }
  }
  FAIL("no rampart/ramp/options.h");
  return "";
}

// "0.12", "24 * 45".
double product_of(std::string_view text) {
  double product = 1;
  for (const std::string_view factor : base::split(text, '*')) {
    const std::string_view digits = base::trim(factor);
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    CAPTURE(text);
    REQUIRE(error == std::errc{});
    REQUIRE(end == digits.data() + digits.size());
    product *= value;
  }
  return product;
}

// A number as it is, a duration in seconds.
double in_code(std::string_view text) {
  for (const auto& [unit, seconds] :
       {std::pair("seconds", 1.0), {"minutes", 60.0}, {"hours", 3600.0}}) {
    const std::string start = std::string("std::chrono::") + unit + '{';
    if (text.starts_with(start)) {
      return seconds * product_of(text.substr(start.size(), text.size() - start.size() - 1));
    }
  }
  return product_of(text);
}

double in_words(std::string_view text) {
  for (const auto& [unit, factor] :
       {std::pair(" %", 0.01), {" min", 60.0}, {" h", 3600.0}, {" d", 86400.0}}) {
    if (text.ends_with(unit)) {
      return factor * product_of(text.substr(0, text.size() - std::string_view(unit).size()));
    }
  }
  return product_of(text);
}

// The members of Constants, and the two numbers of a plan that say how it grows.
std::map<std::string, double> defaults_in_code() {
  const std::string options = options_text();
  std::string text;
  for (const std::string_view line : base::split(options, '\n')) {
    text += std::string(line.substr(0, line.find("//"))) + ' ';
  }
  const std::size_t constants = text.find("struct Constants {");
  REQUIRE(constants != std::string::npos);
  std::map<std::string, double> defaults;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find(';', begin)) != std::string::npos; begin = end + 1) {
    const std::string_view member = std::string_view(text).substr(begin, end - begin);
    const std::size_t equals = member.find(" =");
    if (equals == std::string_view::npos) {
      continue;
    }
    const std::string_view front = member.substr(0, equals);
    const std::string name(front.substr(front.rfind(' ') + 1));
    if (end > constants || name == "start" || name == "growth") {
      defaults[name] = in_code(base::trim(member.substr(equals + 2)));
    }
  }
  return defaults;
}

TEST_CASE("the README has every constant with its default, and no other", "[ramp][unit]") {
  std::map<std::string, double> explained;
  const std::string readme = text_of(RAMPART_SOURCE_DIR "/src/ramp/README.md");
  for (const std::string_view line : base::split(readme, '\n')) {
    const auto cells = base::split(line, '|');
    if (cells.size() == 5 && cells[1].starts_with(" `") &&
        base::is_digit(cells[2].substr(0, 2).back())) {
      const std::string_view name = base::trim(cells[1]);
      CAPTURE(name);
      CHECK(explained.emplace(name.substr(1, name.size() - 2), in_words(base::trim(cells[2])))
                .second);
    }
  }
  const auto defaults = defaults_in_code();
  CHECK(defaults.size() > 35);
  for (const auto& [name, value] : defaults) {
    CAPTURE(name);
    REQUIRE(explained.count(name) == 1);
    CHECK(std::abs(explained[name] - value) < 1e-9);
  }
  CHECK(explained.size() == defaults.size());
}

}  // namespace
}  // namespace rampart::ramp
