// A message as the MTA shows it to a milter, put together again: header, empty line, body.
//
// Source: RFC 5322 2.1 (lines end in CR LF), 2.2 (header fields). Measured: for
// "Subject: a\r\n\tb" Postfix 3.7 and Sendmail 8.17 give the value "a\n\tb". The blank behind the
// colon is left out unless SMFIP_HDR_LEADSPC was agreed, which is never asked for; a value that
// has more of them loses those too.
// Pure: a plain object.
// Limits: kMessageBytesMax; what comes after it is left out.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rampart::milter {

/// Postfix returns at most 50,000 bytes of a message with a notice by default; the parts that tell
/// what happened come first.
inline constexpr std::size_t kMessageBytesMax = 256UL * 1024UL;

class Collector {
 public:
  void add_header(std::string_view name, std::string_view value);
  void add_body(std::string_view chunk);
  [[nodiscard]] bool is_full() const noexcept { return bytes_.size() >= kMessageBytesMax; }
  /// The message; the collector is empty afterwards.
  std::string take();
  void clear() noexcept;

 private:
  void append(std::string_view bytes);
  void end_header();

  std::string bytes_;
  bool in_body_ = false;
};

}  // namespace rampart::milter
