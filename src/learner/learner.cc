#include "rampart/learner/learner.h"

#include "applier.h"

namespace rampart::learner {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

}  // namespace

std::string_view book_instance(std::string_view instance) noexcept {
  return instance == "postfix" ? std::string_view{} : instance;
}

Applier::Applier(ledger::Ledger& ledger,
                 std::shared_ptr<const policy::Active> active,
                 std::string_view source)
    : ledger_(ledger),
      active_(std::move(active)),
      source_(source),
      other_sources_(ledger.sources.others(source)),
      may_repeat_(source.starts_with("feed:")) {}

BookMessage* Applier::find(const report::LogLine& line) {
  return ledger_.book.find(book_instance(line.instance), line.queue_id.text());
}

void Applier::apply(const report::LogLine& line) {
  const auto ignore = [](const auto&) {
  };
  std::visit(
      Overloaded{[&](const report::Delivery& event) { on_delivery(line, event); },
                 [&](const report::RefusedToTalk& event) { on_refused_to_talk(line, event); },
                 [&](const report::QueueActive& event) { on_active(line, event.sender); },
                 [&](const report::Expired&) { on_expired(line); },
                 [&](const report::Removed&) { on_removed(line); },
                 [&](const report::Deleted&) { on_removed(line); },
                 [&](const report::ReleasedFromHold&) { on_released(line); },
                 [&](const report::Requeued& event) { on_requeued(line, event.old_id); },
                 [&](const report::Cloned& event) { on_cloned(line, event.old_id); },
                 [&](const report::RecipientRemoved& event) {
                   on_recipient_removed(line, event.recipient);
                 },
                 [&](const report::MilterReject& event) { on_milter_reject(line, event); }, ignore},
      line.event);
}

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
