#include "rampart/learner/learner.h"

#include <variant>

#include "applier.h"

namespace rampart::learner {

void learn(ledger::Ledger& ledger,
           std::span<const report::LogLine> lines,
           const store::CursorRecord& cursor) {
  if (!ledger.writer->wait_for_room()) {
    return;
  }
  const base::MutexLock gate(ledger.writer->gate());
  Applier applier(ledger, ledger.active(), cursor.source);
  bool any = false;
  for (const report::LogLine& line : lines) {
    any = any || !std::holds_alternative<report::Foreign>(line.event);
    applier.apply(line);
  }
  if (any) {
    ledger.sources.answer();
  }
  applier.operations().emplace_back(cursor);
  ledger.sources.set_cursor(cursor);
  ledger.writer->add(std::move(applier.operations()));
}

}  // namespace rampart::learner
