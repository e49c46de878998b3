#include "rampart/mail/domain.h"

#include <algorithm>

#include <idn2.h>

#include "rampart/base/text.h"

namespace rampart::mail {
namespace {

constexpr std::size_t kDomainBytesMax = 255;  // RFC 5321 4.5.3.1.2

bool is_forbidden(char c) noexcept {
  return (c >= 0 && c <= ' ') || c == 0x7f || c == '@' || c == '<' || c == '>' || c == ',' ||
         c == '"';
}

bool has_empty_label(std::string_view text) noexcept {
  return text.starts_with('.') || text.ends_with('.') || text.find("..") != std::string_view::npos;
}

// STD3 rules would map "a_b.example" to "ab.example", another domain, and call it success.
std::optional<std::string> to_idna_ascii(const std::string& text) {
  char* converted = nullptr;
  const int status =
      idn2_to_ascii_8z(text.c_str(), &converted, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  if (status != IDN2_OK || converted == nullptr) {
    return std::nullopt;
  }
  std::string ascii(converted);
  idn2_free(converted);
  return ascii;
}

}  // namespace

std::optional<Domain> parse_domain(std::string_view text) {
  if (text.ends_with('.')) {
    text.remove_suffix(1);
  }
  if (text.empty() || text.size() > kDomainBytesMax ||
      std::any_of(text.begin(), text.end(), is_forbidden)) {
    return std::nullopt;
  }
  Domain domain;
  domain.text_ = base::to_lower(text);
  if (domain.is_literal()) {
    return text.ends_with(']') ? std::optional(domain) : std::nullopt;
  }
  if (has_empty_label(text)) {
    return std::nullopt;
  }
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0; });
  if (!ascii) {
    auto converted = to_idna_ascii(domain.text_);
    // Full-width forms convert to the very characters that were refused above.
    const bool sound = converted && !converted->empty() && !has_empty_label(*converted) &&
                       std::none_of(converted->begin(), converted->end(), is_forbidden);
    if (sound) {
      domain.text_ = std::move(*converted);
    }
  }
  return domain;
}

bool is_within(std::string_view domain, std::string_view suffix) noexcept {
  if (suffix.empty() || !domain.ends_with(suffix)) {
    return false;
  }
  return domain.size() == suffix.size() || domain[domain.size() - suffix.size() - 1] == '.';
}

}  // namespace rampart::mail
