#include "text_check.h"

#include <algorithm>
#include <optional>

#include "rampart/base/text.h"
#include "rampart/base/unix_socket.h"
#include "rampart/mail/address.h"
#include "rampart/mail/domain.h"
#include "rampart/provider/sender.h"

namespace rampart::config {
namespace {

constexpr std::size_t kPathBytesMax = 4095;  // PATH_MAX with its NUL
constexpr std::size_t kNameBytesMax = 40;
constexpr std::size_t kGroupBytesMax = 32;  // useradd(8)
constexpr std::size_t kMailerBytesMax = 100;
constexpr std::size_t kPhraseBytesMin = 3;  // shorter ones are everywhere
constexpr std::size_t kPhraseBytesMax = 100;
constexpr std::uint64_t kPortMax = 65535;

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// What follows a scheme of libmilter's, see smfi_setconn.
std::optional<std::string_view> after(std::string_view text, std::string_view scheme) noexcept {
  return text.starts_with(scheme) ? std::optional(text.substr(scheme.size())) : std::nullopt;
}

std::optional<std::string_view> unix_path(std::string_view text) noexcept {
  const auto path = after(text, "unix:");
  return path ? path : after(text, "local:");
}

std::optional<std::string_view> inet_address(std::string_view text) noexcept {
  const auto address = after(text, "inet:");
  return address ? address : after(text, "inet6:");
}

}  // namespace

std::string check_listen(std::string_view text) {
  if (const auto path = unix_path(text)) {
    const std::string problem = check_socket_path(*path);
    return problem.empty() ? "" : problem + " behind \"unix:\"";
  }
  const auto address = inet_address(text);
  if (!address) {
    return "must start with \"unix:\" or \"inet:\"";
  }
  const std::size_t at = address->find('@');
  const auto port = base::parse_uint(address->substr(0, at));
  const bool is_port = port && *port > 0 && *port <= kPortMax;
  const std::string_view host =
      at == std::string_view::npos ? std::string_view{} : address->substr(at + 1);
  const bool is_host =
      !host.empty() && host.find_first_of(" \t@") == std::string_view::npos && !has_control(host);
  return is_port && is_host ? ""
                            : "must be written \"inet:PORT@HOST\", as in \"inet:8895@127.0.0.1\"";
}

std::string check_phrase(std::string_view text) {
  const bool good = text.size() >= kPhraseBytesMin && text.size() <= kPhraseBytesMax &&
                    !has_control(text) && base::trim(text).size() == text.size() &&
                    text.find("  ") == std::string_view::npos && base::to_lower(text) == text;
  return good ? "" : "must be 3 to 100 bytes in lower case with single blanks between words";
}

std::string find_listen_warning(std::string_view text) {
  const auto address = inet_address(text);
  const std::size_t at = address ? address->find('@') : std::string_view::npos;
  if (at == std::string_view::npos) {
    return "";
  }
  const std::string_view host = address->substr(at + 1);
  if (host == "localhost" || provider::is_loopback(host)) {
    return "";
  }
  return "is no loopback address: whoever can connect to it can spend every sender's allowance";
}

std::string check_path(std::string_view text) {
  return text.starts_with('/') && text.size() <= kPathBytesMax && !has_control(text)
             ? ""
             : "must be an absolute path";
}

std::string check_optional_path(std::string_view text) {
  return text.empty() ? "" : check_path(text);
}

std::string check_socket_path(std::string_view text) {
  const std::string problem = check_path(text);
  return problem.empty() && text.size() > base::kUnixPathBytesMax
             ? "must be an absolute path of at most 107 bytes"
             : problem;
}

std::string check_optional_socket_path(std::string_view text) {
  return text.empty() ? "" : check_socket_path(text);
}

std::string check_group(std::string_view text) {
  const bool good = text.size() <= kGroupBytesMax && !text.starts_with('-') &&
                    std::all_of(text.begin(), text.end(), [](char c) {
                      return base::is_alnum(c) || c == '_' || c == '-' || c == '.';
                    });
  return good ? "" : "must be the name of a group";
}

std::string check_user(std::string_view text) {
  return !text.empty() && check_group(text).empty() ? ""
                                                    : "must be the name or number of an account";
}

std::string check_network(std::string_view text) {
  return provider::Network::parse(text) ? ""
                                        : "must be an address or network such as \"192.0.2.0/24\"";
}

std::string check_domain(std::string_view text) {
  return mail::parse_domain(text) && text.find('*') == std::string_view::npos
             ? ""
             : "must be a domain such as \"example.com\"";
}

std::string check_mailer(std::string_view text) {
  return !text.empty() && text.size() <= kMailerBytesMax && !has_control(text)
             ? ""
             : "must be the name of a mailer or transport";
}

std::string check_sender(std::string_view text) {
  if (text.find('*') != std::string_view::npos) {
    return "must be one sender; for a pattern add a [[sender]] with match and name, and use that "
           "name";
  }
  if (text.empty() || text == provider::kNullSender) {
    return "";
  }
  const bool good = text.find('@') == std::string_view::npos
                        ? mail::parse_domain(text).has_value()
                        : mail::parse_address(text).has_value();
  return good ? "" : "must be a domain or the name of a [[sender]]";
}

std::string check_name(std::string_view text) {
  const bool good = !text.empty() && text.size() <= kNameBytesMax &&
                    std::all_of(text.begin(), text.end(), [](char c) {
                      return base::is_lower(c) || base::is_digit(c) || c == '_' || c == '-';
                    });
  return good ? "" : "must be 1 to 40 lower-case letters, digits, \"_\" and \"-\"";
}

std::string check_store_url(std::string_view text) {
  if (text == "memory:") {
    return "";
  }
  if (const auto path = after(text, "sqlite:")) {
    const std::string problem = check_path(*path);
    return problem.empty() ? "" : problem + " behind \"sqlite:\"";
  }
  if (text.starts_with("redis:") || text.starts_with("rediss:") || text.starts_with("valkey:")) {
    return "must be \"sqlite:/PATH\" or \"memory:\" (this version does not support Redis)";
  }
  return "must be \"sqlite:/PATH\" or \"memory:\"";
}

std::string check_transport_table(std::string_view text) {
  const bool known = text.starts_with("hash:/") || text.starts_with("lmdb:/");
  return text.empty() || known ? std::string() : "must be \"hash:/PATH\", \"lmdb:/PATH\" or \"\"";
}

std::string check_log_format(std::string_view text) {
  const bool good = text == "auto" || text == "postfix" || text == "sendmail";
  return good ? "" : "must be \"auto\", \"postfix\" or \"sendmail\"";
}

std::string check_zone(std::string_view text) {
  const bool good = text.find("..") == std::string_view::npos && !text.starts_with('/') &&
                    text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
                      return base::is_alnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
                    });
  return good ? "" : "must be a time zone such as \"Europe/Berlin\"";
}

}  // namespace rampart::config
