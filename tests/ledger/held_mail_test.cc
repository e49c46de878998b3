// What a release charges, and what it gives back when the MTA did not carry it out.

#include "rampart/ledger/ledger.h"
#include "rampart/store/state_store.h"
#include "support/catch.h"
#include "support/manual_clock.h"
#include "support/policy.h"

namespace rampart::ledger {
namespace {

using store::HeldRecord;

struct Numbers {
  std::uint32_t used = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t host_in_flight = 0;
  friend bool operator==(const Numbers&, const Numbers&) = default;
};

class Bench {
 public:
  Bench() : store(store::open_memory()), ledger(*store, clock) {
    REQUIRE(ledger.open(
        std::make_shared<const policy::Active>(test::make_policy(test::small_options()))));
  }

  void hold(const std::string& queue_id) {
    HeldRecord record;
    record.queue_id = queue_id;
    record.sender = key.sender;
    record.recipients = {"1@b.example", "2@b.example"};
    record.providers = {key.provider, key.provider};
    record.held_at = clock.wall_now();
    ledger.held.insert(record);
  }
  Numbers numbers() {
    const auto context = ledger.context(*ledger.active(), key, clock.wall_now());
    return ledger.flows.change(key, [&](const FlowTable::View& view) {
      return Numbers{ramp::allowance(view.flow.state, ramp::Health{}, context).used_day,
                     view.flow.state.in_flight, view.host.state.flow.in_flight};
    });
  }

  const ramp::FlowKey key{"a.example", "b.example"};
  test::ManualClock clock;
  std::unique_ptr<store::StateStore> store;
  Ledger ledger;
  std::vector<store::Operation> operations;
};

TEST_CASE("what was not released is given back", "[ledger][unit]") {
  Bench bench;
  // A book that is full takes no entry, and its mail does not count in flight.
  const bool tracked = GENERATE(true, false);
  CAPTURE(tracked);
  const base::MutexLock gate(bench.ledger.writer->gate());
  const base::MutexLock lock(bench.ledger.book_mutex);
  for (const char* one : {"A0001", "A0002"}) {
    bench.hold(one);
    REQUIRE(bench.ledger.start_release(one, bench.clock.wall_now(), bench.operations));
  }
  REQUIRE(bench.numbers() == Numbers{4, 4, 4});
  if (!tracked) {
    BookMessage message = *bench.ledger.book.find({}, "A0001");
    bench.ledger.book.erase(BookMessage(message));
    bench.ledger.forget_recipients(message);
    REQUIRE(bench.numbers() == Numbers{4, 2, 2});
  }
  CHECK(bench.ledger.take_back("A0001", bench.clock.wall_now(), bench.operations));
  CHECK(bench.numbers() == Numbers{2, 2, 2});
  const HeldRecord& record = bench.ledger.held.find("A0001")->record;
  CHECK(record.state == HeldRecord::State::Waiting);
  CHECK(record.charged_at.empty());
  CHECK_FALSE(bench.ledger.take_back("A0001", bench.clock.wall_now(), bench.operations));
  CHECK(bench.numbers() == Numbers{2, 2, 2});
}

}  // namespace
}  // namespace rampart::ledger
