// The MTA's name for a queued message: "4Xk2Pq1z9Rz" (Postfix long), "1C07DAB2668" (short),
// "6AL0MUPN006589" (Sendmail).
//
// Source: postconf(5) enable_long_queue_ids; Sendmail "Installation and Operation Guide" 2.3.1.
// Pure: every function may be called from any thread.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rampart::mail {

/// A validated queue ID; empty before the MTA has assigned one ("NOQUEUE").
class QueueId {
 public:
  QueueId() = default;
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

  friend bool operator==(const QueueId&, const QueueId&) = default;
  friend auto operator<=>(const QueueId&, const QueueId&) = default;

 private:
  friend std::optional<QueueId> parse_queue_id(std::string_view text);
  std::string text_;
};

/// @return nullopt unless `text` is 5 to 20 ASCII letters and digits, with at least one digit or
///         all hexadecimal; this excludes "ALL" (every message, to postsuper) and "NOQUEUE".
std::optional<QueueId> parse_queue_id(std::string_view text);

}  // namespace rampart::mail

template <>
struct std::hash<rampart::mail::QueueId> {
  std::size_t operator()(const rampart::mail::QueueId& id) const noexcept {
    return std::hash<std::string>{}(id.text());
  }
};
