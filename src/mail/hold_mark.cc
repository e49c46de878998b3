#include "rampart/mail/hold_mark.h"

#include <cstdint>

#include "rampart/base/hex.h"
#include "rampart/base/text.h"

namespace rampart::mail {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::size_t kWordDigits = 16;
constexpr std::size_t kKeyDigits = 4 * kWordDigits;

// Most significant digit first.
void append_word(std::string& text, std::uint64_t word) {
  for (int shift = 60; shift >= 0; shift -= 4) {
    text += base::kHexDigits[(word >> static_cast<unsigned>(shift)) & 0xfU];
  }
}

// @return nullopt unless these are lower-case hexadecimal digits
std::optional<std::uint64_t> parse_word(std::string_view digits) noexcept {
  std::uint64_t word = 0;
  for (const char c : digits) {
    if (!base::is_hex(c) || base::is_upper(c)) {
      return std::nullopt;
    }
    word = (word << 4U) | static_cast<std::uint64_t>(base::hex_value(c));
  }
  return word;
}

std::string mark_of(const HoldKey& key, const QueueId& queue_id, std::uint64_t seconds) {
  std::string mark(kVersion);
  mark += ' ' + queue_id.text() + ' ' + std::to_string(seconds);
  const std::array<std::uint64_t, 2> tag{base::siphash(key[0], mark), base::siphash(key[1], mark)};
  mark += ' ';
  append_word(mark, tag[0]);
  append_word(mark, tag[1]);
  return mark;
}

}  // namespace

std::string make_hold_mark(const HoldKey& key, const QueueId& queue_id, base::WallTime held_at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(held_at).time_since_epoch().count();
  return mark_of(key, queue_id, static_cast<std::uint64_t>(seconds < 0 ? 0 : seconds));
}

// A value is good if it is exactly what would be written: nothing is read from it but the time.
std::optional<base::WallTime> verify_hold_mark(const HoldKey& key,
                                               std::string_view value,
                                               const QueueId& queue_id) {
  constexpr std::uint64_t kSecondsMax = 253'402'300'799;  // the end of year 9999
  const auto parts = base::split(value, ' ');
  const auto seconds =
      parts.size() == 4 ? base::parse_uint(parts[2]) : std::optional<std::uint64_t>{};
  if (queue_id.empty() || !seconds || *seconds > kSecondsMax ||
      value != mark_of(key, queue_id, *seconds)) {
    return std::nullopt;
  }
  return base::WallTime(std::chrono::seconds{static_cast<std::int64_t>(*seconds)});
}

std::string to_string(const HoldKey& key) {
  std::string text;
  for (const base::HashKey& half : key) {
    for (const std::uint64_t word : half) {
      append_word(text, word);
    }
  }
  return text;
}

std::optional<HoldKey> parse_hold_key(std::string_view text) {
  if (text.size() != kKeyDigits) {
    return std::nullopt;
  }
  HoldKey key;
  for (base::HashKey& half : key) {
    for (std::uint64_t& word : half) {
      const auto parsed = parse_word(text.substr(0, kWordDigits));
      if (!parsed) {
        return std::nullopt;
      }
      word = *parsed;
      text.remove_prefix(kWordDigits);
    }
  }
  return key;
}

}  // namespace rampart::mail
