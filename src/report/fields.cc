#include "fields.h"

#include <algorithm>
#include <cstdint>

#include "rampart/base/text.h"

namespace rampart::report {
namespace {

// The '>' that ends an address whose '<' is at 0, outside quotes.
std::size_t find_end_of_address(std::string_view text) noexcept {
  bool quoted = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && quoted) {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == '>' && !quoted) {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

bool consume(std::string_view& text, std::string_view prefix) noexcept {
  if (!text.starts_with(prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<std::string_view> consume_until(std::string_view& text,
                                              std::string_view separator) noexcept {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view found = text.substr(0, at);
  text.remove_prefix(at + separator.size());
  return found;
}

std::string bounded(std::string_view text) {
  return std::string(text.substr(0, kFieldBytesMax));
}

std::optional<mail::Address> consume_address(std::string_view& text) {
  if (!text.starts_with('<')) {
    return std::nullopt;
  }
  const std::size_t end = find_end_of_address(text);
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view written = text.substr(0, end + 1);
  text.remove_prefix(end + 1);
  return as_address(written);
}

mail::Address as_address(std::string_view written) {
  if (auto address = mail::parse_address(written)) {
    return *std::move(address);
  }
  if (written.size() >= 2 && written.starts_with('<') && written.ends_with('>')) {
    written = written.substr(1, written.size() - 2);
  }
  mail::Address raw;
  raw.local_part = bounded(written);
  std::replace_if(
      raw.local_part.begin(), raw.local_part.end(),
      [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, '?');
  return raw;
}

mail::Relay parse_relay(std::string_view text) {
  mail::Relay relay;
  if (text == "none") {
    return relay;
  }
  const std::size_t open = text.find('[');
  std::string_view host = text.substr(0, open);
  if (host.ends_with('.')) {
    host.remove_suffix(1);
  }
  relay.host = base::to_lower(host.substr(0, kFieldBytesMax));
  if (open == std::string_view::npos) {
    return relay;
  }
  text.remove_prefix(open + 1);
  const std::size_t close = text.find(']');
  relay.address = bounded(text.substr(0, close));
  if (close == std::string_view::npos) {
    return relay;
  }
  text.remove_prefix(close + 1);
  if (consume(text, ":")) {
    const auto port = base::parse_uint(text);
    if (port && *port <= UINT16_MAX) {
      relay.port = static_cast<std::uint16_t>(*port);
    }
  }
  return relay;
}

bool is_on_this_host(std::string_view address) noexcept {
  if (address == "::1") {
    return true;
  }
  consume(address, "::ffff:");
  if (address.starts_with("127.")) {
    return true;
  }
  return address.find('/') != std::string_view::npos;
}

std::optional<mail::QueueId> find_queued_as(std::string_view text) {
  constexpr std::string_view kMark = "queued as ";
  const std::size_t at = text.rfind(kMark);
  return at == std::string_view::npos ? std::nullopt
                                      : mail::parse_queue_id(text.substr(at + kMark.size()));
}

bool starts_with_any(std::string_view text, std::span<const std::string_view> prefixes) noexcept {
  for (const std::string_view prefix : prefixes) {
    if (text.substr(0, 1) == prefix.substr(0, 1) && text.starts_with(prefix)) {
      return true;
    }
  }
  return false;
}

std::optional<std::uint32_t> consume_number(std::string_view& text) noexcept {
  std::size_t length = 0;
  while (length < text.size() && base::is_digit(text[length])) {
    ++length;
  }
  const auto number = base::parse_uint(text.substr(0, length));
  if (!number || *number > UINT32_MAX) {
    return std::nullopt;
  }
  text.remove_prefix(length);
  return static_cast<std::uint32_t>(*number);
}

std::optional<mail::QueueId> consume_queue_id(std::string_view& text) {
  if (consume(text, "NOQUEUE: ")) {
    return mail::QueueId{};
  }
  constexpr std::size_t kLongest = 20;
  const std::size_t colon = text.substr(0, kLongest + 1).find(':');
  if (colon == std::string_view::npos || !text.substr(colon + 1).starts_with(' ')) {
    return std::nullopt;
  }
  auto id = mail::parse_queue_id(text.substr(0, colon));
  if (id) {
    text.remove_prefix(colon + 2);
  }
  return id;
}

}  // namespace rampart::report
