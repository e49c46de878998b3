#include <algorithm>
#include <array>
#include <cstddef>

#include <arpa/inet.h>

#include "rampart/base/text.h"
#include "rampart/provider/sender.h"

namespace rampart::provider {
namespace {

constexpr std::size_t kAddressBytesMax = 64;  // INET6_ADDRSTRLEN is 46
constexpr std::size_t kMappedBytes = 12;      // RFC 4291 2.5.5.2: ::ffff:192.0.2.1
constexpr std::array<unsigned char, kMappedBytes> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// 4 or 16 bytes in network order; 0: no address.
struct Bytes {
  std::array<unsigned char, 16> value{};
  std::size_t size = 0;
};

std::string_view without_brackets(std::string_view text) noexcept {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  if (text.size() > 5 && base::equal_ignoring_case(text.substr(0, 5), "IPv6:")) {
    text.remove_prefix(5);
  }
  return text;
}

bool is_mapped(const Bytes& bytes) noexcept {
  return bytes.size == 16 && std::equal(kMapped.begin(), kMapped.end(), bytes.value.begin());
}

Bytes parse_bytes(std::string_view text) noexcept {
  Bytes bytes;
  std::array<char, kAddressBytesMax> copy{};  // inet_pton wants a terminating NUL
  if (text.empty() || text.size() >= copy.size() || text.find('\0') != text.npos) {
    return bytes;
  }
  std::copy(text.begin(), text.end(), copy.begin());
  if (inet_pton(AF_INET, copy.data(), bytes.value.data()) == 1) {
    bytes.size = 4;
  } else if (inet_pton(AF_INET6, copy.data(), bytes.value.data()) == 1) {
    bytes.size = 16;
  }
  return bytes;
}

// An IPv6 socket shows IPv4 clients as mapped addresses: they are the IPv4 clients.
Bytes parse_client(std::string_view text) noexcept {
  text = without_brackets(text);
  text = text.substr(0, text.find('%'));  // RFC 4007 section 11: "fe80::1%eth0"
  Bytes bytes = parse_bytes(text);
  if (is_mapped(bytes)) {
    std::copy(bytes.value.begin() + kMappedBytes, bytes.value.end(), bytes.value.begin());
    bytes.size = 4;
  }
  return bytes;
}

}  // namespace

std::optional<Network> Network::parse(std::string_view text) {
  std::optional<std::uint64_t> bits;
  std::string_view address = text;
  if (const std::size_t slash = text.find('/'); slash != text.npos) {
    const std::string_view digits = text.substr(slash + 1);
    bits = digits.size() <= 3 ? base::parse_uint(digits) : std::nullopt;
    if (!bits) {
      return std::nullopt;
    }
    address = text.substr(0, slash);
  }
  Bytes bytes = parse_bytes(without_brackets(address));
  std::uint64_t used = bits.value_or(8 * bytes.size);
  if (bytes.size == 0 || used > 8 * bytes.size) {
    return std::nullopt;
  }
  if (is_mapped(bytes) && used >= 8 * kMappedBytes) {
    bytes = parse_client(address);
    used -= 8 * kMappedBytes;
  }
  Network network;
  network.prefix_.assign(bytes.value.begin(),
                         bytes.value.begin() + static_cast<std::ptrdiff_t>(bytes.size));
  network.bits_ = static_cast<unsigned>(used);
  return network;
}

bool Network::contains(std::string_view address) const noexcept {
  const Bytes bytes = parse_client(address);
  if (bytes.size == 0 || bytes.size != prefix_.size()) {
    return false;
  }
  for (unsigned bit = 0; bit < bits_; bit += 8) {
    const unsigned rest = std::min(bits_ - bit, 8U);
    const unsigned mask = 0xffU & (0xffU << (8 - rest));
    const unsigned difference =
        static_cast<unsigned char>(prefix_[bit / 8]) ^ unsigned { bytes.value[bit / 8] };
    if ((difference & mask) != 0) {
      return false;
    }
  }
  return true;
}

bool is_loopback(std::string_view address) noexcept {
  const Bytes bytes = parse_client(address);
  if (bytes.size == 4) {
    return bytes.value[0] == 127;
  }
  return bytes.size == 16 && bytes.value.back() == 1 &&
         std::all_of(bytes.value.begin(), bytes.value.end() - 1,
                     [](unsigned char byte) { return byte == 0; });
}

}  // namespace rampart::provider
