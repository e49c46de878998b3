#include "rampart/correlate/book.h"

#include <algorithm>

#include "rampart/base/assert.h"
#include "rampart/base/text.h"

namespace rampart::correlate {
namespace {

constexpr base::Micros kBucket = std::chrono::minutes{5};

std::int64_t bucket_of(base::WallTime time) noexcept {
  return static_cast<std::int64_t>(time.time_since_epoch() / kBucket);
}

std::int64_t due_bucket(const Message& message) noexcept {
  const base::WallTime old = message.seen_at + Book::kQueueLifetime;
  const bool done = message.recipients.empty() && message.reported_at != base::WallTime{};
  return bucket_of(done ? std::min(old, message.reported_at + Book::kDone) : old);
}

}  // namespace

std::string book_key(const mail::Address& address) {
  return base::to_lower(to_string(address));
}

void admit(Message& message, const std::string& name) {
  message.admitted.push_back(std::hash<std::string>{}(name));
}

bool is_admitted(const Message& message, const std::string& name) {
  return std::find(message.admitted.begin(), message.admitted.end(),
                   std::hash<std::string>{}(name)) != message.admitted.end();
}

Message* Book::find(std::string_view instance, std::string_view queue_id) {
  auto found = index_.find({instance, queue_id});
  if (found == index_.end() && !instance.empty()) {
    found = index_.find({{}, queue_id});
  }
  return found == index_.end() ? nullptr : &*found->second;
}

Message& Book::make(std::string_view instance, std::string_view queue_id, base::WallTime now) {
  const std::int64_t bucket = bucket_of(now + kQueueLifetime);
  Messages& messages = buckets_[bucket];
  Message& message = messages.emplace_back();
  message.instance = instance;
  message.queue_id = queue_id;
  message.arrived = now;
  message.seen_at = now;
  message.serial = next_serial_++;
  message.bucket = bucket;
  index_.emplace(Id{message.instance, message.queue_id}, std::prev(messages.end()));
  return message;
}

Message* Book::enter(std::string_view instance, std::string_view queue_id, base::WallTime now) {
  Message* known = find(instance, queue_id);
  if (known == nullptr && size() < messages_max_) {
    known = &make(instance, queue_id, now);
  }
  return known;
}

Message& Book::restore(std::string_view instance,
                       std::string_view queue_id,
                       base::WallTime seen_at) {
  const auto known = index_.find({instance, queue_id});
  return known == index_.end() ? make(instance, queue_id, seen_at) : *known->second;
}

void Book::rename(Message& message, std::string_view queue_id) {
  auto entry = index_.extract({message.instance, message.queue_id});
  RAMPART_ASSERT(!entry.empty());
  message.queue_id = queue_id;
  entry.key() = {message.instance, message.queue_id};
  const bool placed = index_.insert(std::move(entry)).inserted;
  RAMPART_ASSERT(placed);
}

void Book::erase(const Message& message) {
  const auto entry = index_.find({message.instance, message.queue_id});
  RAMPART_ASSERT(entry != index_.end());
  const auto bucket = buckets_.find(message.bucket);
  const auto place = entry->second;
  index_.erase(entry);
  bucket->second.erase(place);
  if (bucket->second.empty()) {
    buckets_.erase(bucket);
  }
}

void Book::move(Messages::iterator message) {
  const std::int64_t to = due_bucket(*message);
  if (to == message->bucket) {
    return;
  }
  const auto from = buckets_.find(message->bucket);
  Messages& messages = buckets_[to];
  message->bucket = to;
  messages.splice(messages.end(), from->second, message);
  if (from->second.empty()) {
    buckets_.erase(from);
  }
}

void Book::note_done(Message& message) {
  if (due_bucket(message) < message.bucket) {
    move(index_.find({message.instance, message.queue_id})->second);
  }
}

// A message that was seen or given recipients since stands in too early a bucket: only now it is
// worth the while.
Message* Book::find_due(base::WallTime now) {
  while (!buckets_.empty() && buckets_.begin()->first < bucket_of(now)) {
    Messages& messages = buckets_.begin()->second;
    if (due_bucket(messages.front()) <= buckets_.begin()->first) {
      return &messages.front();
    }
    move(messages.begin());
  }
  return nullptr;
}

}  // namespace rampart::correlate
