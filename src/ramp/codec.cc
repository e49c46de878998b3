// Layout: type ('F' flow, 'H' host flow, 'S' sender's health), version, fields, check sum (4
// bytes). Numbers are unsigned in groups of seven bits, least significant first, the high bit set
// on all but the last; times and durations are microseconds, fractions the eight bytes of IEEE 754,
// least significant first; a text is its length and its bytes. Version 1 knew neither
// paused_by_block and limit_by_block (bits beside `careful`) nor stop_n and stop_bad; it is read.

#include "rampart/ramp/codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <utility>

#include "rampart/base/hash.h"

#include "window.h"

namespace rampart::ramp {
namespace {

using base::Micros;
using base::WallTime;

constexpr char kOldest = 1;
constexpr char kVersion = 2;
constexpr char kFlowType = 'F';
constexpr char kHostType = 'H';
constexpr char kHealthType = 'S';
constexpr std::size_t kHeader = 2;
constexpr std::size_t kSum = 4;
constexpr std::size_t kSenderMax = 1024;
constexpr base::HashKey kSumKey{0x72616d7061727421, 0x72616d7000000001};

std::string check_sum(std::string_view bytes) {
  const std::uint64_t hash = base::siphash(kSumKey, bytes);
  std::string out;
  for (std::size_t i = 0; i < kSum; ++i) {
    out += static_cast<char>(hash >> (8 * i) & 0xFF);
  }
  return out;
}

// Writer and Reader have the same calls, so that one list of fields serves both directions.
class Writer {
 public:
  explicit Writer(char type) : out_{type, kVersion} {}

  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) {
      out_ += static_cast<char>(value | 0x80);
    }
    out_ += static_cast<char>(value);
  }
  void count(const std::uint32_t& value) { number(value); }
  void flag(const bool& value) { number(value ? 1 : 0); }
  void flags(const bool& first, const bool& second, const bool& third) {
    number((first ? 1U : 0U) | (second ? 2U : 0U) | (third ? 4U : 0U));
  }
  void bucket(const std::int64_t& value) { number(static_cast<std::uint64_t>(value)); }
  void bits(const std::uint64_t& value) { number(value); }
  void time(const WallTime& value) { bucket(value.time_since_epoch().count()); }
  void length(const Micros& value) { bucket(value.count()); }
  void fraction(const double& value) {
    const auto raw = std::bit_cast<std::uint64_t>(value);
    for (int shift = 0; shift < 64; shift += 8) {
      out_ += static_cast<char>(raw >> shift & 0xFF);
    }
  }
  void peaks(std::span<const Flow::Peak> table) {
    std::uint64_t size = 0;
    while (size < table.size() && table[size].day != 0) {
      ++size;
    }
    number(size);
    for (const Flow::Peak& peak : table.first(size)) {
      number(static_cast<std::uint64_t>(peak.day));
      number(peak.got);
    }
  }
  void text(std::string_view value) {
    number(value.size());
    out_ += value;
  }
  [[nodiscard]] static constexpr char version() noexcept { return kVersion; }
  std::string finish() && { return out_ + check_sum(out_); }

 private:
  std::string out_;
};

class Reader {
 public:
  Reader(std::string_view bytes, char type) {
    if (bytes.size() < kHeader + kSum || bytes[0] != type || bytes[1] < kOldest ||
        bytes[1] > kVersion) {
      fail();
      return;
    }
    const std::string_view body = bytes.substr(0, bytes.size() - kSum);
    if (check_sum(body) != bytes.substr(body.size())) {
      fail();
      return;
    }
    version_ = bytes[1];
    rest_ = body.substr(kHeader);
  }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    fail();
    return 0;
  }
  std::uint64_t number_up_to(std::uint64_t most) {
    const std::uint64_t value = number();
    if (value > most) {
      fail();
      return 0;
    }
    return value;
  }
  void count(std::uint32_t& value) { value = static_cast<std::uint32_t>(number_up_to(kCountMax)); }
  void flag(bool& value) { value = number_up_to(1) != 0; }
  void flags(bool& first, bool& second, bool& third) {
    const std::uint64_t bits = number_up_to(version_ == kOldest ? 1 : 7);
    first = (bits & 1) != 0;
    second = (bits & 2) != 0;
    third = (bits & 4) != 0;
  }
  void bucket(std::int64_t& value) {
    // No more than microseconds: a window's width is far larger.
    value = static_cast<std::int64_t>(number_up_to(kTimeMost));
  }
  void bits(std::uint64_t& value) { value = number(); }
  void time(WallTime& value) {
    std::int64_t raw = 0;
    bucket(raw);
    value = WallTime{Micros{raw}};
  }
  void length(Micros& value) {
    std::int64_t raw = 0;
    bucket(raw);
    value = Micros{raw};
  }
  void fraction(double& value) {
    std::uint64_t raw = 0;
    if (rest_.size() < 8) {
      fail();
      return;
    }
    for (std::size_t i = 0; i < 8; ++i) {
      raw |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
    }
    rest_.remove_prefix(8);
    value = std::bit_cast<double>(raw);
    if (!std::isfinite(value) || value < 0) {
      fail();
    }
  }
  void peaks(std::span<Flow::Peak> table) {
    const std::uint64_t size = number_up_to(table.size());
    for (std::uint64_t i = 0; i < size; ++i) {
      table[i].day = static_cast<std::int32_t>(number_up_to(0x7FFFFFFF));
      table[i].got = static_cast<std::uint32_t>(number_up_to(kCountMax));
      if (table[i].day == 0) {
        fail();  // would end the table early
      }
    }
  }
  void text(std::string& value) {
    const std::uint64_t size = number_up_to(std::min<std::size_t>(kSenderMax, rest_.size()));
    value = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }
  [[nodiscard]] char version() const noexcept { return version_; }
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool finished() const noexcept { return ok_ && rest_.empty(); }

 private:
  static constexpr std::uint64_t kTimeMost =
      static_cast<std::uint64_t>(kTimeMax.time_since_epoch().count());
  void fail() noexcept {
    ok_ = false;
    rest_ = {};
  }
  std::string_view rest_;
  char version_ = kVersion;
  bool ok_ = true;
};

template <class Codec, class F>
void flow_fields(Codec& codec, F& flow) {
  for (auto* ring : {&flow.used, &flow.got, &flow.lag}) {
    for (auto& value : *ring) {
      codec.count(value);
    }
  }
  for (auto& value : flow.used_five) {
    codec.count(value);
  }
  codec.peaks(flow.peaks);
  codec.bucket(flow.hour_at);
  codec.bucket(flow.five_at);
  codec.bits(flow.spoiled);
  codec.peaks(flow.best_hour);
  codec.peaks(flow.best_five);
  codec.count(flow.limit);
  codec.time(flow.limit_at);
  codec.flag(flow.run);
  codec.flag(flow.run_learned);
  codec.time(flow.run_at);
  codec.count(flow.run_got);
  codec.count(flow.extra);
  codec.time(flow.extra_at);
  codec.time(flow.next_at);
  codec.time(flow.next_at_transactional);
  codec.time(flow.pause_until);
  codec.length(flow.pause_len);
  codec.length(flow.block_len);
  codec.flags(flow.careful, flow.paused_by_block, flow.limit_by_block);
  codec.time(flow.last_deferral);
  codec.time(flow.last_block);
  codec.count(flow.in_flight);
  codec.count(flow.deferred);
  codec.time(flow.deferred_at);
  codec.count(flow.unknown);
  codec.time(flow.manual_pause_until);
  codec.time(flow.touched);
  codec.time(flow.reported_at);
}

template <class Codec, class H>
void health_fields(Codec& codec, H& health) {
  codec.fraction(health.n);
  codec.fraction(health.bad);
  codec.time(health.stop_until);
  codec.length(health.stop_len);
  if (codec.version() > kOldest) {
    codec.fraction(health.stop_n);
    codec.fraction(health.stop_bad);
  }
}

}  // namespace

std::string encode(const Flow& flow) {
  Writer writer(kFlowType);
  flow_fields(writer, flow);
  return std::move(writer).finish();
}

std::optional<Flow> decode_flow(std::string_view bytes) {
  Reader reader(bytes, kFlowType);
  Flow flow;
  flow_fields(reader, flow);
  return reader.finished() ? std::optional(flow) : std::nullopt;
}

std::string encode(const HostFlow& host) {
  Writer writer(kHostType);
  flow_fields(writer, host.flow);
  const std::size_t size = std::min(host.senders.size(), kSufferingMax);
  writer.number(size);
  for (const HostFlow::Suffering& entry : std::span(host.senders).first(size)) {
    writer.text(std::string_view(entry.sender).substr(0, kSenderMax));
    writer.time(entry.last_bad);
    writer.time(entry.last_ok);
  }
  return std::move(writer).finish();
}

std::optional<HostFlow> decode_host_flow(std::string_view bytes) {
  Reader reader(bytes, kHostType);
  HostFlow host;
  flow_fields(reader, host.flow);
  const std::uint64_t size = reader.number_up_to(kSufferingMax);
  for (std::uint64_t i = 0; i < size && reader.ok(); ++i) {
    HostFlow::Suffering entry;
    reader.text(entry.sender);
    reader.time(entry.last_bad);
    reader.time(entry.last_ok);
    host.senders.push_back(std::move(entry));
  }
  return reader.finished() ? std::optional(std::move(host)) : std::nullopt;
}

std::string encode(const Health& health) {
  Writer writer(kHealthType);
  health_fields(writer, health);
  return std::move(writer).finish();
}

std::optional<Health> decode_health(std::string_view bytes) {
  Reader reader(bytes, kHealthType);
  Health health;
  health_fields(reader, health);
  return reader.finished() ? std::optional(health) : std::nullopt;
}

}  // namespace rampart::ramp
