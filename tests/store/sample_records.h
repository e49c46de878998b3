// Records and directories for the tests of the store.

#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/store/state_store.h"

#include "store/fault.h"

namespace rampart::store {

/// A directory of one test, removed with all that is in it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] std::string file(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

 private:
  std::string path_;
};

/// Microsecond `n` of a day in 2026.
base::WallTime at(std::int64_t n);

// One record of each kind; `n` varies the contents, not the keys.
FlowRecord flow(std::string sender, std::string provider, std::uint32_t n);
HostFlowRecord host_flow(std::string provider, std::uint32_t n);
SenderRecord sender(std::string name, std::uint32_t n);
QueuedRecord queued(std::string instance, std::string queue_id, std::string recipient);
MessageRecord message(std::string instance, std::string queue_id, std::int64_t time);
HeldRecord held(std::string queue_id, std::uint32_t n);
CursorRecord cursor(std::string source, std::uint64_t n);
/// Its token ends with `n`.
TokenRecord token(std::uint32_t n, std::int64_t time = 1);
EventsRecord events(std::vector<std::uint32_t> ids, std::int64_t first, std::int64_t last);
ReplyRecord reply(std::string provider, std::string text, std::uint32_t n);
GuardRecord guard(std::string provider, std::uint32_t n);
suppression::Entry entry(std::string key, std::string sender = "");
suppression::Evidence evidence(std::string key, std::string sender = "");
suppression::Change change(std::string key, std::int64_t time, std::string text = "");

/// One operation of every kind that stores, with keys numbered by `n`.
std::vector<Operation> one_of_each(std::uint32_t n);

/// A random operation on few keys, so that replacing and erasing happen.
Operation random_operation(std::mt19937& random);

/// Everything a store can tell. Two stores with the same history give the same.
struct Contents {
  Snapshot snapshot;
  std::vector<suppression::Entry> entries;
  std::vector<suppression::Evidence> evidence;
  std::vector<suppression::Change> changes;
  std::uint64_t count = 0;
  std::vector<std::string> keys;  ///< sorted
  std::vector<TokenRecord> tokens;
  std::vector<std::string> events;

  friend bool operator==(const Contents& a, const Contents& b);
};

/// Reads all of `store`; evidence, changes, tokens and events of the keys of random_operation and
/// one_of_each.
Contents contents(StateStore& store);

/// A store whose commits fail where `fault` says; SQLite in `dir`.
enum class Kind { Memory, Sqlite };
std::unique_ptr<StateStore> open_store(Kind kind, const TempDir& dir, FaultPoint fault = nullptr);

}  // namespace rampart::store
