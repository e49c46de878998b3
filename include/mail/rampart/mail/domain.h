// A domain name as one comparable spelling: IDNA ASCII, lower case, no trailing dot.
//
// Source: RFC 5321 2.3.5 and 4.1.3 (address literals), RFC 5891 (IDNA 2008).
// Pure: every function may be called from any thread.
// Limits: at most 255 bytes.
// Deviation: underscores and other characters that DNS carries but host names must not have are
// kept; where IDNA conversion fails the bytes are kept as they came, in ASCII lower case: mail is
// bytes, and two spellings that differ must stay different.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rampart::mail {

class Domain {
 public:
  /// The absent domain, as in the null sender or a local address without one.
  Domain() = default;

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  /// "[192.0.2.1]" and "[IPv6:...]".
  [[nodiscard]] bool is_literal() const noexcept { return text_.starts_with('['); }

  friend bool operator==(const Domain&, const Domain&) = default;
  friend auto operator<=>(const Domain&, const Domain&) = default;

 private:
  friend std::optional<Domain> parse_domain(std::string_view text);
  std::string text_;
};

/// @param text  One domain as written, any case, U-labels or A-labels, at most one trailing dot.
/// @return      nullopt if empty, too long, or with a blank, control byte, '@', '<', '>' or an
///              empty label.
std::optional<Domain> parse_domain(std::string_view text);

/// True if `domain` is `suffix` or ends in "." + `suffix`: anchored at a label.
bool is_within(std::string_view domain, std::string_view suffix) noexcept;

}  // namespace rampart::mail

template <>
struct std::hash<rampart::mail::Domain> {
  std::size_t operator()(const rampart::mail::Domain& domain) const noexcept {
    return std::hash<std::string>{}(domain.text());
  }
};
