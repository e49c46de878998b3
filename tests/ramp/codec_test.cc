#include "rampart/ramp/codec.h"

#include <random>
#include <string>

#include "support/catch.h"

#include "world.h"

namespace rampart::ramp {
namespace {

using base::Micros;
using base::WallTime;

std::mt19937_64 seeded(std::uint64_t seed) {
  return std::mt19937_64{seed};
}

std::uint32_t any_count(std::mt19937_64& random) {
  const std::uint64_t value = random();
  return static_cast<std::uint32_t>(value >> (32 + random() % 32)) % kUnlimited;
}
Micros any_length(std::mt19937_64& random) {
  return Micros{static_cast<std::int64_t>(random() >> 13 >> random() % 51)};
}
WallTime any_time(std::mt19937_64& random) {
  return WallTime{any_length(random)};
}

template <std::size_t kSize>
void fill(std::array<Flow::Peak, kSize>& table, std::mt19937_64& random) {
  const std::size_t size = random() % (kSize + 1);
  for (std::size_t i = 0; i < size; ++i) {
    table[i] = {static_cast<std::int32_t>(1 + random() % 0x7FFFFFFF), any_count(random)};
  }
}

Flow any_flow(std::mt19937_64& random) {
  Flow flow;
  for (auto* ring : {&flow.used, &flow.got, &flow.lag}) {
    for (auto& value : *ring) {
      value = any_count(random);
    }
  }
  for (auto& value : flow.used_five) {
    value = any_count(random);
  }
  fill(flow.peaks, random);
  fill(flow.best_hour, random);
  fill(flow.best_five, random);
  flow.hour_at = any_length(random).count();
  flow.five_at = any_length(random).count();
  flow.spoiled = random();
  for (auto* count :
       {&flow.limit, &flow.run_got, &flow.extra, &flow.in_flight, &flow.deferred, &flow.unknown}) {
    *count = any_count(random);
  }
  for (auto* time :
       {&flow.limit_at, &flow.run_at, &flow.extra_at, &flow.next_at, &flow.next_at_transactional,
        &flow.pause_until, &flow.last_deferral, &flow.last_block, &flow.deferred_at,
        &flow.manual_pause_until, &flow.touched, &flow.reported_at}) {
    *time = any_time(random);
  }
  for (auto* length : {&flow.pause_len, &flow.block_len}) {
    *length = any_length(random);
  }
  for (auto* flag :
       {&flow.run, &flow.run_learned, &flow.careful, &flow.paused_by_block, &flow.limit_by_block}) {
    *flag = random() % 2 != 0;
  }
  return flow;
}

HostFlow any_host(std::mt19937_64& random) {
  HostFlow host{any_flow(random), {}};
  for (std::size_t i = random() % 20; i > 0; --i) {
    std::string sender;
    for (std::size_t k = random() % 300; k > 0; --k) {
      sender += static_cast<char>(random());
    }
    host.senders.push_back({sender, any_time(random), any_time(random)});
  }
  return host;
}

Health any_health(std::mt19937_64& random) {
  return {static_cast<double>(random() % 800) / 2,
          static_cast<double>(random() % 100) / 8,
          any_time(random),
          any_length(random),
          static_cast<double>(random() % 800) / 2,
          static_cast<double>(random() % 100) / 8};
}

TEST_CASE("records come back as they were", "[ramp][property]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    auto random = seeded(seed);
    const Flow flow = any_flow(random);
    REQUIRE(decode_flow(encode(flow)) == flow);
    const HostFlow host = any_host(random);
    REQUIRE(decode_host_flow(encode(host)) == host);
    const Health health = any_health(random);
    REQUIRE(decode_health(encode(health)) == health);
  }
  CHECK(decode_flow(encode(Flow{})) == Flow{});
  CHECK(decode_host_flow(encode(HostFlow{})) == HostFlow{});
  CHECK(decode_health(encode(Health{})) == Health{});
}

TEST_CASE("a quiet flow is small", "[ramp][unit]") {
  test::World world;
  world.deliver_many(200);
  CHECK(encode(world.flow).size() < 300);
  CHECK(encode(Flow{}).size() < 200);
  CHECK(sizeof(Flow) <= 1400);
}

TEST_CASE("every truncation and every changed byte is noticed", "[ramp][property]") {
  const auto check = [](const std::string& bytes, auto decode) {
    REQUIRE(decode(bytes).has_value());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      if (decode(std::string_view(bytes).substr(0, size)).has_value()) {
        FAIL("taken when cut to " << size);
      }
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (const int flip : {0x01, 0x80}) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ flip);
        if (decode(changed).has_value()) {
          FAIL("taken with byte " << at << " changed by " << flip);
        }
      }
    }
    CHECK_FALSE(decode(bytes + '\0').has_value());
  };
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    CAPTURE(seed);
    auto random = seeded(seed);
    check(encode(any_flow(random)), decode_flow);
    check(encode(any_host(random)), decode_host_flow);
    check(encode(any_health(random)), decode_health);
  }
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

TEST_CASE("records of version 1 are read", "[ramp][unit]") {
  const auto flow = decode_flow(from_hex(
      "4601000000070000000000000000000000000000000000000000000000050000000000000000000000000000"
      "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "0000000000000000000000000000000000000000000001a09c01ac0290f41dc0f1e60200000096018080f9c0"
      "c1c48203000000000000000080d28ceec4c4820380d293ad030001000000020000000000df8a6f4b"));
  REQUIRE(flow.has_value());
  CHECK(flow->careful);
  CHECK_FALSE(flow->paused_by_block);
  CHECK_FALSE(flow->limit_by_block);
  CHECK(flow->used[3] == 7);
  CHECK(flow->peaks[0] == Flow::Peak{20000, 300});
  CHECK(flow->limit == 150);
  CHECK(flow->deferred == 2);
  const auto health = decode_health(
      from_hex("53010000000000005e4000000000000008408080f9c0c1c4820380c0ddeec102959f2869"));
  REQUIRE(health.has_value());
  CHECK(health->n == 120);
  CHECK(health->stop_len == std::chrono::hours{24});
  CHECK(health->stop_n == 0);
}

TEST_CASE("one record is not taken for another", "[ramp][unit]") {
  CHECK_FALSE(decode_host_flow(encode(Flow{})).has_value());
  CHECK_FALSE(decode_flow(encode(HostFlow{})).has_value());
  CHECK_FALSE(decode_health(encode(Flow{})).has_value());
  CHECK_FALSE(decode_flow(encode(Health{})).has_value());
  CHECK_FALSE(decode_flow("").has_value());
  std::string newer = encode(Flow{});
  newer[1] = 3;
  CHECK_FALSE(decode_flow(newer).has_value());
}

TEST_CASE("any bytes are read without harm", "[ramp][property]") {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    auto random = seeded(seed);
    std::string bytes{"FHS"[random() % 3], static_cast<char>(random() % 3)};
    for (std::size_t i = random() % 400; i > 0; --i) {
      bytes += static_cast<char>(random() >> 3);
    }
    CAPTURE(seed);
    REQUIRE_FALSE(decode_flow(bytes).has_value());
    REQUIRE_FALSE(decode_host_flow(bytes).has_value());
    REQUIRE_FALSE(decode_health(bytes).has_value());
  }
}

}  // namespace
}  // namespace rampart::ramp
