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

}  // namespace

std::string book_key(const mail::Address& address) {
  std::string key;
  key.reserve(address.local_part.size() + 1 + address.domain.text().size());
  for (const char character : address.local_part) {
    key += base::to_lower(character);
  }
  if (!address.domain.empty()) {
    key += '@';
    key += address.domain.text();  // in lower case
  }
  return key;
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
  return found == index_.end() ? nullptr : found->second;
}

Book::Bucket& Book::bucket(std::int64_t number, Bucket*& last) {
  if (last == nullptr || last->first != number) {
    last = &*buckets_.try_emplace(number).first;
  }
  return *last;
}

Message& Book::make(std::string_view instance, std::string_view queue_id, base::WallTime now) {
  Bucket& last = bucket(bucket_of(now + queue_lifetime_), new_);
  Message& message = last.second.emplace_back();
  message.instance = instance;
  message.queue_id = queue_id;
  message.arrived = now;
  message.seen_at = now;
  message.serial = next_serial_++;
  message.bucket_ = &last;
  message.place_ = std::prev(last.second.end());
  index_.emplace(Id{message.instance, message.queue_id}, &message);
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
  index_.erase({message.instance, message.queue_id});
  message.bucket_->second.erase(message.place_);
}

std::int64_t Book::due_bucket(const Message& message) const noexcept {
  const base::WallTime old = message.seen_at + queue_lifetime_;
  const bool done = message.recipients.empty() && message.reported_at != base::WallTime{};
  return bucket_of(done ? std::min(old, message.reported_at + kDone) : old);
}

void Book::move(Message& message) {
  const std::int64_t due = due_bucket(message);
  if (due == message.bucket_->first) {
    return;
  }
  Bucket& to = bucket(due, done_);
  to.second.splice(to.second.end(), message.bucket_->second, message.place_);
  message.bucket_ = &to;
}

void Book::note_done(Message& message) {
  if (message.recipients.empty() && due_bucket(message) < message.bucket_->first) {
    move(message);
  }
}

// A message that was seen or given recipients since stands in too early a bucket: only now it is
// worth the while to move it.
Message* Book::find_due(base::WallTime now, base::Micros queue_lifetime) {
  queue_lifetime_ = queue_lifetime;
  const std::int64_t present = bucket_of(now);
  while (!buckets_.empty() && buckets_.begin()->first < present) {
    Bucket& oldest = *buckets_.begin();
    if (oldest.second.empty()) {
      new_ = new_ == &oldest ? nullptr : new_;
      done_ = done_ == &oldest ? nullptr : done_;
      buckets_.erase(buckets_.begin());
      continue;
    }
    Message& message = oldest.second.front();
    if (due_bucket(message) <= oldest.first) {
      return &message;
    }
    move(message);
  }
  return nullptr;
}

}  // namespace rampart::correlate
