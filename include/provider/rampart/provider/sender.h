// Whose reputation a message spends: envelope sender and client -> sender name.
//
// By default the registrable domain of the envelope sender; a domain named by a [[sender]] or a
// [[rule]] is a sender of its own. Null senders belong to the sender "<>".
//
// Source: RFC 5321 4.5.5 (null reverse-path), RFC 4291 2.5.5.2 (IPv4-mapped addresses).
// Threads: immutable once built; const use from any thread.
// Errors: build names every bad entry, one "where: error: what" a line.
// Limits: the entries are tried one after the other: meant for hundreds, not for millions.

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
/// The sender of mail whose envelope sender has no domain, such as "root".
inline constexpr std::string_view kLocalSender = "local";

/// One `[[sender]]`: exactly one of `domain`, `auth`, `network` is set.
struct SenderSpec {
  std::string
      /// "news.example.com" (that name), "*.bounces.example.com" (all below it), "user@example.com"
      domain;
  std::string auth;     ///< exact SASL name
  std::string network;  ///< "192.0.2.0/24", "2001:db8::/32" or one address
  std::string name;     ///< the sender's name; "" with `domain`: the domain itself
  std::string where;    ///< for messages
};

/// An address range. An IPv4 client seen through an IPv6 socket (::ffff:192.0.2.1) is an IPv4
/// client.
class Network {
 public:
  /// "192.0.2.0/24", "192.0.2.1", "2001:db8::/32", with or without brackets around the address;
  /// bits beyond the prefix length are ignored. @return nullopt if bad.
  static std::optional<Network> parse(std::string_view text);
  /// @param address  with or without brackets, an "IPv6:" prefix or a zone. @return false if bad.
  [[nodiscard]] bool contains(std::string_view address) const noexcept;

 private:
  std::string prefix_;  // 4 or 16 bytes
  unsigned bits_ = 0;
};

/// True for 127.0.0.0/8 and ::1, as text, with or without brackets or an "IPv6:" prefix.
bool is_loopback(std::string_view address) noexcept;

class SenderTable {
 public:
  /// @param specs          the first that matches a message names its sender
  /// @param named_domains  what [[rule]] entries name: each domain, with all names below it that no
  ///                       longer entry has, is a sender of its own. "", "<>", "local", patterns
  ///                       with "*" and names that `specs` give are no domains and are passed over.
  static base::Result<SenderTable> build(const std::vector<SenderSpec>& specs,
                                         const std::vector<std::string>& named_domains);

  /// The null sender is always kNullSender; otherwise the first matching spec, the longest named
  /// domain, the registrable domain, in this order.
  /// @param auth     SASL name of the client, "" if none
  /// @param address  IP address of the client, "" if unknown
  [[nodiscard]] std::string sender_of(const mail::Address& envelope_sender,
                                      std::string_view auth,
                                      std::string_view address) const;

 private:
  struct Rule {
    enum class Kind : std::uint8_t { Domain, Below, Address, Auth, Client };
    Kind kind = Kind::Domain;
    std::string match;       // domain or SASL name
    std::string local_part;  // of Address
    std::optional<Network> network;
    std::string name;
  };
  struct Message {
    const mail::Address& envelope_sender;
    std::string_view auth;
    std::string_view address;
  };

  static bool matches(const Rule& rule, const Message& message) noexcept;
  // Each gives what is wrong, or "".
  std::string add_domain_rule(const SenderSpec& spec);
  std::string add_client_rule(const SenderSpec& spec);
  std::string add_rule(const SenderSpec& spec, Rule rule);
  std::string add_named(const std::string& text);

  std::vector<Rule> rules_;
  std::vector<std::string> named_;  // sorted
};

}  // namespace rampart::provider
