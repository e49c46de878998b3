#include "sendmail_fields.h"

#include <algorithm>

#include "rampart/base/text.h"

#include "fields.h"

namespace rampart::report {
namespace {

constexpr std::size_t kOctalDigits = 3;

// The byte of "351"; nullopt if these are not three octal digits of one.
std::optional<unsigned char> parse_octal(std::string_view text) noexcept {
  unsigned value = 0;
  if (text.size() < kOctalDigits) {
    return std::nullopt;
  }
  for (const char c : text.substr(0, kOctalDigits)) {
    if (c < '0' || c > '7') {
      return std::nullopt;
    }
    value = value * 8 + static_cast<unsigned>(c - '0');
  }
  if (value > 0xff) {
    return std::nullopt;
  }
  return static_cast<unsigned char>(value);
}

constexpr bool is_control(unsigned char c) noexcept {
  return c < ' ' || c == 0x7f;
}

// "mail.example.org" of "verylongname-examp...mail.example.org": the label at the cut may be half a
// one, which must not be taken for a name of its own.
std::string_view drop_shortened(std::string_view host) noexcept {
  constexpr std::string_view kCut = "...";
  const std::size_t cut = host.rfind(kCut);
  if (cut == std::string_view::npos) {
    return host;
  }
  host.remove_prefix(cut + kCut.size());
  const std::size_t dot = host.find('.');
  return dot == std::string_view::npos ? std::string_view() : host.substr(dot + 1);
}

std::string_view strip_brackets(std::string_view text) noexcept {
  if (text.size() >= 2 && text.starts_with('[') && text.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
    consume(text, "IPv6:");
  }
  return text;
}

}  // namespace

std::optional<std::string_view> consume_mailbox(std::string_view& text) noexcept {
  bool quoted = false;
  int comments = 0;
  int brackets = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (c == '\\') {
      ++end;
    } else if (quoted) {
      quoted = c != '"';
    } else if (c == '(') {
      ++comments;
    } else if (comments > 0) {
      comments -= c == ')' ? 1 : 0;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '<') {
      ++brackets;
    } else if (c == '>') {
      --brackets;
    } else if (c == ',' && brackets == 0) {
      break;
    }
    if (brackets < 0) {
      return std::nullopt;
    }
  }
  end = std::min(end, text.size());
  if (end == 0 || quoted || comments > 0 || brackets > 0) {
    return std::nullopt;
  }
  const std::string_view element = text.substr(0, end);
  text.remove_prefix(end);
  return element;
}

mail::Address to_mailbox(std::string_view element) {
  std::string written;
  element = element.substr(0, kFieldBytesMax);
  for (std::size_t i = 0; i < element.size(); ++i) {
    const auto byte = element[i] == '\\' ? parse_octal(element.substr(i + 1)) : std::nullopt;
    if (byte && *byte > 0x7f) {  // below that, "\177" may be a digit with a needless backslash
      written += static_cast<char>(*byte);
      i += kOctalDigits;
    } else {
      written += element[i];
    }
  }
  return as_address(written);
}

std::string unescape(std::string_view text) {
  std::string plain;
  text = text.substr(0, kFieldBytesMax);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      plain += is_control(static_cast<unsigned char>(text[i])) ? '?' : text[i];
      continue;
    }
    const std::string_view behind = text.substr(i + 1);
    if (const auto byte = parse_octal(behind)) {
      plain += is_control(*byte) ? '?' : static_cast<char>(*byte);
      i += kOctalDigits;
    } else if (behind.starts_with('r') || behind.starts_with('n') || behind.starts_with('t')) {
      plain += '?';
      ++i;
    } else {
      plain += '\\';
    }
  }
  return plain;
}

std::optional<mail::Relay> parse_sendmail_relay(std::string_view text) {
  mail::Relay relay;
  const std::size_t blank = text.find(' ');
  std::string_view host = text.substr(0, blank);
  if (host.empty()) {
    return std::nullopt;
  }
  if (blank != std::string_view::npos) {
    const std::string_view address = text.substr(blank + 1);
    if (address.size() < 3 || !address.starts_with('[') || !address.ends_with(']') ||
        address.find_first_of(" []", 1) != address.size() - 1) {
      return std::nullopt;
    }
    relay.address = base::to_lower(strip_brackets(address).substr(0, kFieldBytesMax));
    if (relay.address == "0:0:0:0:0:0:0:1") {
      relay.address = "::1";
    }
  }
  host = strip_brackets(drop_shortened(host));
  if (host.ends_with('.')) {
    host.remove_suffix(1);
  }
  relay.host = base::to_lower(host.substr(0, kFieldBytesMax));
  return relay;
}

}  // namespace rampart::report
