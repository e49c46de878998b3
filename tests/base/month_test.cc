#include "rampart/base/month.h"

#include <array>

#include "support/catch.h"

namespace rampart::base {
namespace {

TEST_CASE("months are known by three letters in any case", "[base]") {
  constexpr std::array<std::string_view, 12> kNames{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    CHECK(parse_month(kNames[i]) == std::chrono::month{static_cast<unsigned>(i + 1)});
  }
  CHECK(parse_month("nov") == std::chrono::November);
  CHECK(parse_month("NOV") == std::chrono::November);
}

TEST_CASE("what is no month is refused", "[base]") {
  const std::string_view name = GENERATE(as<std::string_view>{}, "", "J", "Ja", "Janu", "anf",
                                         "ebm", "   ", "Mon", "J\xe4n", "11");
  CAPTURE(name);
  CHECK_FALSE(parse_month(name).has_value());
}

}  // namespace
}  // namespace rampart::base
