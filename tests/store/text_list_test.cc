#include "store/sqlite/text_list.h"

#include "support/catch.h"

namespace rampart::store::sqlite {
namespace {

TEST_CASE("lists of strings survive their spelling", "[store][unit]") {
  using List = std::vector<std::string>;
  const List lists[] = {{}, {""}, {"", ""}, {"a@b"}, {"3:a,", ",", ":"}, {std::string("\0,", 2)}};
  for (const List& list : lists) {
    const std::string text = format_strings(list);
    INFO(text);
    CHECK(parse_strings(text) == list);
  }
  CHECK(format_strings({"a@b", ""}) == "3:a@b,0:,");
  for (const char* text : {"3", "3:", "3:a@b", "3:a@bc", "2:a@b,", "4:a@b,", ":,", "-1:,", " 0:,",
                           "0:,x", "18446744073709551615:a,", "99999999999999999999:a,"}) {
    INFO(text);
    CHECK_FALSE(parse_strings(text).has_value());
  }
}

TEST_CASE("lists of days survive their spelling", "[store][unit]") {
  using List = std::vector<std::int32_t>;
  const List lists[] = {{}, {0}, {-2'147'483'647 - 1, 2'147'483'647}, {1, 2, 3}};
  for (const List& list : lists) {
    CHECK(parse_days(format_days(list)) == list);
  }
  CHECK(format_days({19'700, 19'703}) == "19700,19703");
  for (const char* text : {",", "1,", ",1", "1,,2", "1 ,2", "x", "1x", "2147483648", "+1"}) {
    INFO(text);
    CHECK_FALSE(parse_days(text).has_value());
  }
}

TEST_CASE("lists of times survive their spelling", "[store][unit]") {
  using base::WallTime;
  const std::vector<WallTime> times{WallTime{}, WallTime{base::Micros{1'795'219'200'000'001}},
                                    WallTime::max(), WallTime::min()};
  for (std::size_t size = 0; size <= times.size(); ++size) {
    const std::vector<WallTime> list(times.begin(), times.begin() + static_cast<long>(size));
    CHECK(parse_times(format_times(list)) == list);
  }
  CHECK(format_times({times[0], times[1]}) == "0,1795219200000001");
  for (const char* text : {",", "1,", ",1", "1,,2", "x", "1.5", "9223372036854775808"}) {
    INFO(text);
    CHECK_FALSE(parse_times(text).has_value());
  }
}

TEST_CASE("an ID is found in its packed list and nowhere else", "[store][unit]") {
  const std::vector<std::uint32_t> ids = {0, 1, 0x100, 0x01020304, 0x80000000, 0xFFFFFFFF};
  CHECK(pack_ids({0x01020304, 0xFFFFFFFE}) == "\x04\x03\x02\x01\xfe\xff\xff\xff");
  for (std::size_t size = 0; size <= ids.size(); ++size) {
    const std::string packed = pack_ids({ids.begin(), ids.begin() + static_cast<long>(size)});
    CHECK(packed.size() == 4 * size);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      INFO(ids[i] << " in the first " << size);
      CHECK(contains_id(packed, ids[i]) == (i < size));
    }
    CHECK(contains_id(packed, 2) == false);
    CHECK(contains_id(packed, 0x04030201) == false);
    CHECK_FALSE(contains_id(packed + "x", 2).has_value());
  }
}

}  // namespace
}  // namespace rampart::store::sqlite
