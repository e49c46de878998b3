// Lists in one column: strings as netstrings ("3:a@b,"), numbers with commas ("19700,19703").
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

namespace rampart::store::sqlite {

std::string format_strings(const std::vector<std::string>& items);
std::optional<std::vector<std::string>> parse_strings(std::string_view text);

std::string format_days(const std::vector<std::int32_t>& days);
std::optional<std::vector<std::int32_t>> parse_days(std::string_view text);

}  // namespace rampart::store::sqlite
