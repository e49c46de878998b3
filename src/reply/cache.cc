#include "rampart/reply/cache.h"

#include <functional>
#include <string_view>

namespace rampart::reply {
namespace {

constexpr std::size_t kKeptBytesMax = 1024;

// Everything about a question that is not text, in one number that is never 0.
std::uint64_t rest_of(const Question& question) noexcept {
  std::uint64_t rest = 1;
  rest = rest << 8U | static_cast<std::uint64_t>(question.stage);
  rest = rest << 8U | (question.status ? static_cast<std::uint64_t>(*question.status) + 1U : 0U);
  if (question.dsn) {
    rest = rest << 8U | static_cast<std::uint64_t>(question.dsn->status_class);
    rest = rest << 10U | question.dsn->subject;
    rest = rest << 10U | question.dsn->detail;
  } else {
    rest <<= 28U;
  }
  return rest;
}

std::size_t power_of_two(std::size_t at_least) noexcept {
  std::size_t size = 1;
  while (size < at_least) {
    size *= 2;
  }
  return size;
}

}  // namespace

Cache::Cache(const Table& table, std::size_t places)
    : table_(&table), places_(power_of_two(places)) {}

Classification Cache::classify(const Question& question) {
  if (question.reply.size() > kKeptBytesMax || question.provider.size() > kKeptBytesMax) {
    ++misses_;
    return table_->classify(question);
  }
  const std::uint64_t rest = rest_of(question);
  const std::size_t hash = std::hash<std::string_view>{}(question.reply) ^
                           std::hash<std::string_view>{}(question.provider) * 31 ^
                           std::hash<std::uint64_t>{}(rest);
  Place& place = places_[hash & (places_.size() - 1)];
  if (place.rest == rest && place.reply == question.reply && place.provider == question.provider) {
    ++hits_;
    return place.answer;
  }
  ++misses_;
  place.answer = table_->classify(question);
  place.reply = question.reply;
  place.provider = question.provider;
  place.rest = rest;
  return place.answer;
}

}  // namespace rampart::reply
