// Suppressions as people ask for them and order them.

#include <algorithm>
#include <iterator>
#include <set>

#include "rampart/base/text.h"
#include "rampart/ledger/guards.h"
#include "rampart/ledger/in_force.h"
#include "rampart/ledger/suppressor.h"
#include "rampart/ledger/writer.h"
#include "rampart/store/state_store.h"

#include "orders.h"
#include "text.h"

namespace rampart::engine {
namespace {

constexpr base::Micros kListTimeout = std::chrono::seconds{1};

using base::Error;
using policy::Active;

Error no_address(std::string_view key) {
  return {Error::Kind::InvalidInput, "\"" + base::printable(key) + "\" is no address"};
}

base::Result<suppression::Entry> make_entry(const SuppressionRequest& request,
                                            const suppression::Options& options,
                                            base::WallTime now) {
  const auto key = suppression::parse_key(request.key, options);
  if (!key) {
    return Error{Error::Kind::InvalidInput, "\"" + base::printable(request.key) +
                                                "\" is no address; write user@example.org, or "
                                                "@example.org for a whole domain"};
  }
  suppression::Entry entry;
  entry.key = *key;
  entry.sender = request.sender;
  entry.reason = request.reason;
  entry.evidence = request.text;
  entry.since = now;
  if (request.lifetime) {
    entry.until = now + *request.lifetime;
  }
  return entry;
}

}  // namespace

// Learning, deciding and writing go on between the pieces.
base::Result<> Orders::in_pieces(
    std::size_t count, const std::function<base::Result<Operations>(std::size_t)>& change) {
  constexpr std::size_t kPiece = 2'000;
  for (std::size_t begin = 0; begin < count; begin += kPiece) {
    if (!with_.writer.wait_for_room()) {
      return Error{Error::Kind::Unavailable,
                   "the service is stopping; a part may have been applied: do it again"};
    }
    const base::MutexLock gate(with_.writer.gate());
    Operations operations;
    base::Result<> done = base::Ok{};
    for (std::size_t i = begin; done && i < std::min(count, begin + kPiece); ++i) {
      auto made = change(i);
      if (made) {
        std::move(made->begin(), made->end(), std::back_inserter(operations));
      } else {
        done = Error{made.error().kind,
                     made.error().what + "; a part may have been applied: do it again"};
      }
    }
    with_.writer.add(std::move(operations));
    if (!done) {
      return done;
    }
  }
  return base::Ok{};
}

base::Result<suppression::Entry> Orders::add_suppression(const SuppressionRequest& request,
                                                         std::string_view who) {
  const base::WallTime now = with_.clock.wall_now();
  const auto asked = make_entry(request, with_.in_force.active()->options().suppression, now);
  if (!asked) {
    return asked.error();
  }
  const suppression::Entry& entry = *asked;
  {
    const base::MutexLock gate(with_.writer.gate());
    auto made = with_.suppressor.add(entry, who, now);
    if (!made) {
      return unreadable(made.error());
    }
    with_.writer.add(std::move(*made));
  }
  if (const auto stored = with_.writer.sync(kTimeout); !stored) {
    return stored.error();
  }
  return entry;
}

base::Result<std::uint64_t> Orders::import_suppressions(
    const std::vector<SuppressionRequest>& requests, std::string_view who) {
  const base::WallTime now = with_.clock.wall_now();
  const std::shared_ptr<const Active> policy = with_.in_force.active();
  std::vector<suppression::Entry> entries;
  entries.reserve(requests.size());
  for (const SuppressionRequest& request : requests) {
    auto entry = make_entry(request, policy->options().suppression, now);
    if (!entry) {
      return entry.error();
    }
    entries.push_back(std::move(*entry));
  }
  std::uint64_t added = 0;
  const auto done = in_pieces(entries.size(), [&](std::size_t i) -> base::Result<Operations> {
    const suppression::Entry& entry = entries[i];
    const auto known = with_.suppressor.find(entry.key, entry.sender, now);
    if (!known) {
      return unreadable(known.error());
    }
    if (*known) {
      return Operations{};  // there already, for whatever reason
    }
    auto made = with_.suppressor.add(entry, who, now);
    if (!made) {
      return unreadable(made.error());
    }
    added += made->empty() ? 0U : 1U;
    return made;
  });
  if (!done) {
    return done.error();
  }
  if (const auto stored = with_.writer.sync(kTimeout); !stored) {
    return stored.error();
  }
  return added;
}

base::Result<> Orders::remove_suppression(std::string_view key,
                                          std::string_view sender,
                                          std::string_view who) {
  const auto canonical =
      suppression::parse_key(key, with_.in_force.active()->options().suppression);
  if (!canonical) {
    return no_address(key);
  }
  {
    const base::MutexLock gate(with_.writer.gate());
    auto made = with_.suppressor.remove(*canonical, sender, suppression::Change::Kind::Removed, who,
                                        with_.clock.wall_now());
    if (!made) {
      return unreadable(made.error());
    }
    if (made->empty()) {
      return Error{Error::Kind::NotFound, *canonical + " is not suppressed"};
    }
    with_.writer.add(std::move(*made));
  }
  return with_.writer.sync(kTimeout);
}

base::Result<SuppressionAnswer> Orders::why_suppressed(std::string_view key) const {
  const std::shared_ptr<const Active> policy = with_.in_force.active();
  const auto canonical = suppression::parse_key(key, policy->options().suppression);
  if (!canonical) {
    return no_address(key);
  }
  SuppressionAnswer answer;
  answer.key = *canonical;
  std::vector<std::string> keys{*canonical};
  if (const std::size_t at = canonical->rfind('@'); at != 0 && at != std::string::npos) {
    keys.push_back(canonical->substr(at));
  }
  const base::WallTime now = with_.clock.wall_now();
  for (const std::string& one : keys) {
    const auto entries = with_.suppressor.entries(one);
    if (!entries) {
      return unreadable(entries.error());
    }
    std::copy_if(entries->begin(), entries->end(), std::back_inserter(answer.entries),
                 [&](const suppression::Entry& e) { return !e.until || *e.until > now; });
    const auto history = with_.store.history(one);
    if (!history) {
      return unreadable(history.error());
    }
    answer.history.insert(answer.history.end(), history->begin(), history->end());
  }
  return answer;
}

base::Result<std::vector<suppression::Entry>> Orders::list_suppressions(
    const store::SuppressionFilter& filter) const {
  // What status counts already may still be on its way to the store. One that cannot write, on a
  // full disk say, can still tell what it has.
  if (filter.after.empty()) {
    static_cast<void>(with_.writer.sync(kListTimeout));
  }
  auto page = with_.store.list_suppressions(filter);
  return page ? std::move(page) : unreadable(page.error());
}

base::Result<std::uint64_t> Orders::change_pending(const PendingOrder& order,
                                                   bool confirm,
                                                   std::string_view who) {
  const base::WallTime now = with_.clock.wall_now();
  std::vector<std::string> keys;
  if (!order.key.empty()) {
    auto key = suppression::parse_key(order.key, with_.in_force.active()->options().suppression);
    if (!key) {
      return no_address(order.key);
    }
    keys.push_back(std::move(*key));
  }
  std::uint64_t changed = 0;
  {
    // All under the gate: what is learned meanwhile must not become pending behind a guard that a
    // person has just put right.
    const base::MutexLock gate(with_.writer.gate());
    if (order.key.empty()) {
      keys = with_.suppressor.pending_keys(order.all ? std::string{} : order.provider);
    }
    std::set<std::string> providers;
    Operations operations;
    base::Result<> done = base::Ok{};
    for (const std::string& key : keys) {
      std::string provider = with_.suppressor.pending_for(key);
      auto made =
          confirm ? with_.suppressor.confirm(key, who, now) : with_.suppressor.clear(key, who, now);
      if (!made) {
        done = unreadable(made.error());
        break;
      }
      providers.insert(std::move(provider));
      changed += made->empty() ? 0U : 1U;
      std::move(made->begin(), made->end(), std::back_inserter(operations));
    }
    if (done && confirm && order.key.empty()) {
      for (const std::string& provider : providers) {
        with_.guards.accept(provider, now);
      }
    }
    with_.writer.add(std::move(operations));
    if (!done) {
      return done.error();
    }
  }
  if (changed == 0) {
    return Error{Error::Kind::NotFound, "nothing is pending there"};
  }
  if (const auto stored = with_.writer.sync(kTimeout); !stored) {
    return stored.error();
  }
  return changed;
}

// A list file is the whole truth about its own entries: what is no longer in it is lifted.
base::Result<ListChange> Orders::apply_list(const std::string& file,
                                            const std::vector<std::string>& keys) {
  const base::WallTime now = with_.clock.wall_now();
  std::set<std::string> before;
  store::SuppressionFilter filter;
  filter.reason = suppression::Reason::Import;
  for (;;) {
    const auto page = with_.store.list_suppressions(filter);
    if (!page) {
      return unreadable(page.error());
    }
    for (const suppression::Entry& entry : *page) {
      if (entry.evidence == file && entry.sender.empty()) {
        before.insert(entry.key);
      }
      filter.after = entry.key;
    }
    if (page->size() < filter.limit) {
      break;
    }
  }
  ListChange change;
  if (keys.size() * 2 < before.size()) {
    change.refused = true;
    change.kept = before.size();
    return change;
  }
  auto done = in_pieces(keys.size(), [&](std::size_t i) -> base::Result<Operations> {
    const std::string& key = keys[i];
    if (before.erase(key) > 0) {
      ++change.kept;
      return Operations{};
    }
    const auto known = with_.suppressor.find(key, {}, now);
    if (!known) {
      return unreadable(known.error());
    }
    if (*known) {  // for another reason that lasts
      return Operations{};
    }
    suppression::Entry entry;
    entry.key = key;
    entry.reason = suppression::Reason::Import;
    entry.evidence = file;
    entry.since = now;
    auto added = with_.suppressor.add(entry, "list", now);
    if (!added) {
      return unreadable(added.error());
    }
    change.added += added->empty() ? 0U : 1U;
    return added;
  });
  const std::vector<std::string> gone(before.begin(), before.end());
  if (done) {
    done = in_pieces(gone.size(), [&](std::size_t i) -> base::Result<Operations> {
      auto removed =
          with_.suppressor.remove(gone[i], {}, suppression::Change::Kind::Removed, "list", now);
      if (!removed) {
        return unreadable(removed.error());
      }
      change.removed += removed->empty() ? 0U : 1U;
      return removed;
    });
  }
  if (!done) {
    return done.error();
  }
  if (const auto stored = with_.writer.sync(kTimeout); !stored) {
    return stored.error();
  }
  return change;
}

}  // namespace rampart::engine
