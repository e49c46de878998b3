// What the tests of every store's behaviour share.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rampart/store/state_store.h"
#include "support/catch.h"

#include "sample_records.h"

namespace rampart::store {

inline constexpr Kind kKinds[] = {Kind::Memory, Kind::Sqlite};

// Runs `body(StateStore&)` with a fresh store of each kind.
template <class Body>
void for_each_store(const Body& body) {
  for (const Kind kind : kKinds) {
    const TempDir dir;
    const auto store = open_store(kind, dir);
    INFO(store->describe());
    body(*store);
  }
}

inline void commit(StateStore& store, std::vector<Operation> operations) {
  const auto done = store.commit(Batch{std::move(operations)});
  INFO((done ? "" : done.error().what));
  REQUIRE(done);
}

inline Snapshot load(StateStore& store) {
  auto snapshot = store.load();
  INFO((snapshot ? "" : snapshot.error().what));
  REQUIRE(snapshot);
  return std::move(*snapshot);
}

// "key/sender" of each.
inline std::vector<std::string> keys(const std::vector<suppression::Entry>& entries) {
  std::vector<std::string> all;
  for (const suppression::Entry& item : entries) {
    all.push_back(item.key + "/" + item.sender);
  }
  return all;
}

}  // namespace rampart::store
