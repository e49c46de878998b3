// rampart learn LOG...: levels from old logs

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "rampart/base/base64.h"
#include "rampart/base/text.h"
#include "rampart/control/answers.h"
#include "rampart/history/levels.h"
#include "rampart/ramp/codec.h"
#include "rampart/ramp/merge.h"

#include "commands.h"
#include "json.h"
#include "options_for.h"
#include "past_reader.h"
#include "past_words.h"
#include "service.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

using history::Seed;

constexpr std::size_t kLearnedShown = 20;
constexpr std::size_t kFlowsSent = 500;    // in one request
constexpr std::size_t kOthersSent = 4000;  // the same of domains and addresses
constexpr base::Micros kLearnTimeout = std::chrono::minutes{2};
constexpr base::Micros kBehindMax = std::chrono::minutes{1};

/// One row of the table.
struct Row {
  const Seed* seed = nullptr;
  const history::FlowHistory* counts = nullptr;
  std::optional<std::uint32_t> before;  ///< level; unknown without a service
  std::uint32_t after = 0;
  std::uint32_t best_hour = 0;
};

ramp::Context context_of(const PastReader& past, const ramp::FlowKey& key) {
  return {past.active().rule_for(key).plan, past.active().options().constants, past.now()};
}

// What the logs alone would make of a flow.
ramp::Flow alone(const PastReader& past, const Seed& seed) {
  ramp::Flow flow;
  ramp::merge_history(flow, seed.state, context_of(past, seed.key));
  return flow;
}

std::uint32_t best_hour_of(const ramp::Flow& flow) {
  std::uint32_t best = 0;
  for (const ramp::Flow::Peak& peak : flow.best_hour) {
    best = std::max(best, peak.got);
  }
  return best;
}

std::vector<Row> rows_of(const PastReader& past, const std::vector<Seed>& seeds) {
  std::map<ramp::FlowKey, const history::FlowHistory*> counts;
  for (const history::Levels::Place& place : past.levels().flows()) {
    counts[{past.correlator().senders().text(place.sender),
            past.correlator().providers().text(place.provider)}] = place.history;
  }
  std::vector<Row> rows;
  for (const Seed& seed : seeds) {
    if (seed.key.sender.empty()) {
      continue;  // a host flow
    }
    const ramp::Flow flow = alone(past, seed);
    Row row;
    row.seed = &seed;
    row.counts = counts.at(seed.key);
    row.after = ramp::allowance(flow, {}, context_of(past, seed.key)).level;
    row.best_hour = best_hour_of(flow);
    rows.push_back(row);
  }
  return rows;
}

// --- with the service ---

engine::Status ask_status(const Service& service) {
  return control::decode<control::StatusAnswer>(service.ask({{"command", "status"}})).status;
}

// Levels as they are, if there is a service to ask.
void note_present(const Arguments& arguments, std::vector<Row>& rows) {
  std::map<ramp::FlowKey, std::uint32_t> levels;
  try {
    for (const engine::FlowStatus& flow : ask_status(Service(arguments)).flows) {
      levels[flow.key] = flow.summary.allowance.level;
    }
  } catch (const Failure&) {
    return;  // --dry-run needs no service
  }
  for (Row& row : rows) {
    const auto known = levels.find(row.seed->key);
    row.before = known == levels.end() ? 0 : known->second;
    row.after = std::max(row.after, *row.before);
  }
}

template <class T, class Show>
Json piece(const std::vector<T>& all, std::size_t begin, std::size_t count, Show show) {
  Json list = Json::array();
  for (std::size_t i = begin; i < std::min(all.size(), begin + count); ++i) {
    list.push_back(show(all[i]));
  }
  return list;
}

struct Learned {
  std::uint64_t changed = 0;
  std::uint64_t suppressed = 0;
};

void hand_over_flows(const Service& service,
                     const std::vector<Seed>& seeds,
                     std::vector<Row>& rows,
                     Learned& learned) {
  std::map<ramp::FlowKey, Row*> by_key;
  for (Row& row : rows) {
    by_key[row.seed->key] = &row;
  }
  // Once also without any, so that a service that is away is told.
  for (std::size_t begin = 0; begin == 0 || begin < seeds.size(); begin += kFlowsSent) {
    const auto answer = control::decode<control::LearnedAnswer>(service.ask(
        {{"command", "learn"},
         {"flows", piece(seeds, begin, kFlowsSent,
                         [](const Seed& seed) {
                           return Json{{"sender", seed.key.sender},
                                       {"provider", seed.key.provider},
                                       {"state", base::encode_base64(ramp::encode(seed.state))}};
                         })}},
        kLearnTimeout));
    learned.changed += answer.changed;
    for (const engine::MergedFlow& flow : answer.flows) {
      if (const auto row = by_key.find(flow.key); row != by_key.end()) {
        row->second->before = flow.level_before;
        row->second->after = flow.level;
      }
    }
  }
}

// Mail that the service has still to read of would be counted twice.
void require_that_it_keeps_up(const Service& service) {
  for (const mail::SourceStatus& source : ask_status(service).sources) {
    const bool is_mailbox = source.name.starts_with("maildir:") || source.name.starts_with("mbox:");
    if (!is_mailbox && source.lag > kBehindMax) {
      throw Failure{
          kRefused, "unavailable",
          fmt::format("the service is {} behind in {} and would count that mail twice: "
                      "learn again when rampart status says that it has caught up",
                      base::format_duration(std::chrono::floor<std::chrono::seconds>(source.lag)),
                      base::printable(source.name))};
    }
  }
}

Learned hand_over(const Arguments& arguments,
                  const PastReader& past,
                  const std::vector<Seed>& seeds,
                  const std::vector<history::SuppressedAddress>& dead,
                  std::vector<Row>& rows) {
  const Service service(arguments);
  require_that_it_keeps_up(service);
  Learned learned;
  const auto& taught = past.correlator().domains();
  const std::vector<std::pair<std::string, std::string>> domains(taught.begin(), taught.end());
  for (std::size_t begin = 0; begin < domains.size(); begin += kOthersSent) {
    static_cast<void>(service.ask(
        {{"command", "learn"},
         {"domains", piece(domains, begin, kOthersSent,
                           [](const auto& domain) {
                             return Json{{"domain", domain.first}, {"provider", domain.second}};
                           })}},
        kLearnTimeout));
  }
  hand_over_flows(service, seeds, rows, learned);
  for (std::size_t begin = 0; arguments.suppress && begin < dead.size(); begin += kOthersSent) {
    const auto answer = control::decode<control::LearnedAnswer>(
        service.ask({{"command", "learn"},
                     {"dead", piece(dead, begin, kOthersSent,
                                    [](const history::SuppressedAddress& one) {
                                      return Json{{"key", one.key},
                                                  {"time", base::format_utc(one.told_at)},
                                                  {"evidence", one.reply}};
                                    })}},
                    kLearnTimeout));
    learned.suppressed += answer.suppressed;
  }
  return learned;
}

// --- for people ---

std::string render_learned_head(const PastReader& past) {
  const std::uint64_t lost = past.levels().passed_over() + past.correlator().counts().passed_over;
  return render_files(past.archive(), past.took()) +
         (lost > 0 ? fmt::format("no room: {} not counted\n",
                                 count_of(lost, "message or answer", "messages or answers"))
                   : "");
}

std::string render_rows(const std::vector<Row>& rows, bool all, bool colours) {
  using Align = Table::Align;
  Table table({{"SENDER"},
               {"PROVIDER"},
               {"LEVEL", Align::Right},
               {"", Align::Left},
               {"BEST HOUR", Align::Right},
               {"DAYS", Align::Right},
               {"DELIVERED", Align::Right},
               {"DEFERRED", Align::Right},
               {"REFUSED", Align::Right}});
  const std::size_t shown = all ? rows.size() : std::min(rows.size(), kLearnedShown);
  for (std::size_t i = 0; i < shown; ++i) {
    const Row& row = rows[i];
    table.add({{base::printable(row.seed->key.sender)},
               {base::printable(row.seed->key.provider)},
               {row.before ? grouped(*row.before) : "-"},
               {"-> " + grouped(row.after)},
               {grouped(row.best_hour)},
               {grouped(row.counts->days)},
               {grouped(row.counts->delivered)},
               {grouped(row.counts->deferrals)},
               {grouped(row.counts->refused)}});
  }
  std::string text =
      rows.empty() ? "no mail that left this host was found\n" : table.render(colours);
  if (rows.size() > shown) {
    text += fmt::format("and {} (--all shows all)\n", count_of(rows.size() - shown, "more flow"));
  }
  return text;
}

std::string render_dead(const Arguments& arguments,
                        const PastReader& past,
                        std::size_t dead,
                        const Learned& learned) {
  std::string text;
  for (const history::MassFailure& failure : past.suppressed().failures()) {
    text += fmt::format("left out: {} from {} to {}, when {} suddenly called far too many dead\n",
                        count_of(failure.doubted, "bounce"), local_stamp(failure.from),
                        failure.until == base::WallTime{} ? "the end" : local_stamp(failure.until),
                        failure.provider == suppression::Guards::kHost
                            ? "all providers together"
                            : base::printable(failure.provider));
  }
  if (dead == 0) {
    return text;
  }
  const bool one = dead == 1;
  text += fmt::format("{} said not to exist", count_of(dead, "address was", "addresses were"));
  if (!arguments.suppress) {
    return text + fmt::format("; --suppress takes {} over\n", one ? "it" : "them");
  }
  if (arguments.dry_run) {
    return text + fmt::format("; {} would be suppressed\n", one ? "it" : "they");
  }
  return text + fmt::format("; {} newly suppressed\n", grouped(learned.suppressed));
}

Json learned_to_json(const Arguments& arguments,
                     const PastReader& past,
                     const std::vector<Row>& rows,
                     std::size_t dead,
                     const Learned& learned) {
  Json flows = Json::array();
  for (const Row& row : rows) {
    flows.push_back({{"sender", row.seed->key.sender},
                     {"provider", row.seed->key.provider},
                     {"level_before", row.before ? Json(*row.before) : Json(nullptr)},
                     {"level", row.after},
                     {"best_hour", row.best_hour},
                     {"days", row.counts->days},
                     {"delivered", row.counts->delivered},
                     {"deferrals", row.counts->deferrals},
                     {"refused", row.counts->refused}});
  }
  Json left_out = Json::array();
  for (const history::MassFailure& failure : past.suppressed().failures()) {
    const bool over = failure.until != base::WallTime{};
    left_out.push_back({{"provider", failure.provider},
                        {"from", base::format_utc(failure.from)},
                        {"until", over ? Json(base::format_utc(failure.until)) : Json(nullptr)},
                        {"bounces", failure.doubted}});
  }
  return {{"files", files_json(past.archive())},
          {"unmatched", past.archive().unmatched()},
          {"lines", past.archive().progress().lines},
          {"not_understood", past.archive().not_understood()},
          {"not_understood_at", not_understood_json(past.archive())},
          {"flows", std::move(flows)},
          {"dead", dead},
          {"left_out", std::move(left_out)},
          {"changed", learned.changed},
          {"suppressed", learned.suppressed},
          {"dry_run", arguments.dry_run}};
}

}  // namespace

int run_learn(const Arguments& arguments, const Output& output) {
  const base::SystemClock clock;
  const std::optional<base::WallTime> since = since_of(arguments, clock.wall_now());
  const auto config = load_config(arguments);
  PastReader past(arguments, *config, clock);
  past.read(since, !output.json() && !arguments.quiet);
  const bool problems = tell_problems(past.archive());
  require_lines(past.archive(), format_of(arguments, *config), "nothing was learned");
  const std::vector<Seed> seeds = history::seeds_of(past.levels(), past.correlator());
  const auto dead = past.suppressed().dead(past.now());
  std::vector<Row> rows = rows_of(past, seeds);
  Learned learned;
  if (arguments.dry_run) {
    note_present(arguments, rows);
  } else {
    learned = hand_over(arguments, past, seeds, dead, rows);
  }
  if (output.json()) {
    output.print_json(learned_to_json(arguments, past, rows, dead.size(), learned));
    return problems ? kFound : kDone;
  }
  output.print(render_learned_head(past) + render_rows(rows, arguments.all, output.colours()) +
               render_dead(arguments, past, dead.size(), learned));
  output.print(arguments.dry_run ? "nothing changed (--dry-run)\n"
                                 : fmt::format("{} of {} changed\n", grouped(learned.changed),
                                               count_of(seeds.size(), "flow")));
  return problems ? kFound : kDone;
}

}  // namespace rampart::cli
