// Whose reputation a message spends: envelope sender and client -> sender name.
//
// By default the registrable domain of the envelope sender; a domain named by a [[sender]] or a
// [[rule]] is a sender of its own. Null senders belong to the sender "<>".
//
// Threads: immutable once built; const use from any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/mail/address.h"

namespace rampart::provider {

/// The name under which mail with a null sender is counted.
inline constexpr std::string_view kNullSender = "<>";

/// One `[[sender]]`: exactly one of `domain`, `auth`, `network` is set.
struct SenderSpec {
  std::string
      domain;  ///< "news.example.com" (that name), "*.bounces.example.com" (all below it), "user@example.com"
  std::string auth;     ///< exact SASL name
  std::string network;  ///< "192.0.2.0/24", "2001:db8::/32" or one address
  std::string name;     ///< the sender's name; "" with `domain`: the domain itself
  std::string where;    ///< for messages
};

/// An address range.
class Network {
 public:
  /// "192.0.2.0/24", "192.0.2.1", "2001:db8::/32", with or without brackets. @return nullopt if bad.
  static std::optional<Network> parse(std::string_view text);
  [[nodiscard]] bool contains(std::string_view address) const noexcept;

 private:
  std::string prefix_;  // 4 or 16 bytes
  unsigned bits_ = 0;
};

/// True for 127.0.0.0/8 and ::1, as text, with or without brackets or an "IPv6:" prefix.
bool is_loopback(std::string_view address) noexcept;

class SenderTable {
 public:
  /// @param named_domains  domains that [[rule]] entries name; each is a sender of its own.
  static base::Result<SenderTable> build(const std::vector<SenderSpec>& specs,
                                         const std::vector<std::string>& named_domains);

  /// @param auth     SASL name of the client, "" if none
  /// @param address  IP address of the client, "" if unknown
  [[nodiscard]] std::string sender_of(const mail::Address& envelope_sender,
                                      std::string_view auth,
                                      std::string_view address) const;

 private:
  struct Rule {
    SenderSpec spec;
    std::optional<Network> network;
  };
  std::vector<Rule> rules_;
  std::vector<std::string> named_;  // sorted
};

}  // namespace rampart::provider
