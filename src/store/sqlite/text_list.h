// Lists in one column: strings as netstrings ("3:a@b,"), days with commas ("19700,19703"), times as
// microseconds with commas, IDs as little-endian words of four bytes.
//
// Source: D. J. Bernstein, "Netstrings" (1997).
// Pure: any thread.
// Errors: parse_* return nullopt for anything that format_* does not write.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/time.h"

namespace rampart::store::sqlite {

std::string format_strings(const std::vector<std::string>& items);
std::optional<std::vector<std::string>> parse_strings(std::string_view text);

std::string format_days(const std::vector<std::int32_t>& days);
std::optional<std::vector<std::int32_t>> parse_days(std::string_view text);

std::string format_times(const std::vector<base::WallTime>& times);
std::optional<std::vector<base::WallTime>> parse_times(std::string_view text);

std::string pack_ids(const std::vector<std::uint32_t>& ids);
/// True if `id` is in `packed`, whose IDs rise. nullopt if its size is not that of whole words.
std::optional<bool> contains_id(std::string_view packed, std::uint32_t id) noexcept;

}  // namespace rampart::store::sqlite
