#include "rampart/mail/address.h"

#include <algorithm>

namespace rampart::mail {
namespace {

constexpr std::size_t kLocalPartBytesMax = 1024;

// The '@' that ends the local part: the last one outside quotes.
std::size_t find_at(std::string_view text) noexcept {
  std::size_t found = std::string_view::npos;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && quoted) {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == '@' && !quoted) {
      found = i;
    }
  }
  return found;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (text.starts_with('<')) {
    if (!text.ends_with('>')) {
      return std::nullopt;
    }
    text = text.substr(1, text.size() - 2);
  }
  const bool controls = std::any_of(text.begin(), text.end(),
                                    [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
  if (controls) {
    return std::nullopt;
  }
  if (text.starts_with('@')) {  // RFC 5321 appendix C: the route is to be ignored
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
      return std::nullopt;
    }
    text.remove_prefix(colon + 1);
  }
  if (text.empty()) {
    return Address{};
  }
  const std::size_t at = find_at(text);
  Address address;
  address.local_part = text.substr(0, at);
  if (address.local_part.empty() || address.local_part.size() > kLocalPartBytesMax) {
    return std::nullopt;
  }
  if (at != std::string_view::npos) {
    auto domain = parse_domain(text.substr(at + 1));
    if (!domain) {
      return std::nullopt;
    }
    address.domain = std::move(*domain);
  }
  return address;
}

std::string to_string(const Address& address) {
  if (address.domain.empty()) {
    return address.local_part;
  }
  return address.local_part + '@' + address.domain.text();
}

}  // namespace rampart::mail
