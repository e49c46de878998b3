// rampart replay LOG...: what a configuration would have done with the mail of old logs

#include "rampart/history/replay.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "rampart/base/text.h"
#include "rampart/history/unmatched.h"
#include "rampart/reply/suggest.h"

#include "commands.h"
#include "json.h"
#include "options_for.h"
#include "past_reader.h"
#include "past_words.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

using history::SuppressedAddress;

constexpr std::size_t kFlowsShown = 20;
constexpr std::size_t kAddressesShown = 20;
constexpr std::size_t kRepliesShown = 50;
constexpr std::string_view kEstimate =
    "421s NOW: low counts those told to mail that went when it did in the log while its flow had "
    "sent no less in the hour before; high counts every one that was told in the replay, also to "
    "mail that went later, which is told what the log said of it nearest to that time; how a "
    "provider answers a slower sender, no log can tell.";

// The mode that is being tried out is enforce; rules that observe by their own word still do.
std::shared_ptr<const policy::Active> enforced(const config::Config& config) {
  auto policy = std::make_shared<policy::Policy>(*config.policy);
  policy->options.mode = policy::Mode::Enforce;
  return std::make_shared<const policy::Active>(std::move(policy));
}

// All that was read and what came of it.
struct Result {
  Result(std::shared_ptr<const policy::Active> in_force,
         std::optional<base::WallTime> from,
         feed::Archive logs)
      : archive(std::move(logs)),
        correlator(in_force),
        replay(std::move(in_force), from),
        since(from) {}

  feed::Archive archive;
  history::Correlator correlator;
  history::Replay replay;
  history::Unmatched unmatched;
  std::optional<base::WallTime> since;
  base::Micros took{0};
  std::string config;  ///< its path; "": the defaults
  bool observes = false;
};

void read(Result& result, const base::Clock& clock, bool show_progress) {
  const base::SteadyTime begun = clock.steady_now();
  ProgressLine progress(clock, show_progress);
  const history::Correlator::Sink sink = [&](history::Outcome& outcome) {
    result.replay.add(outcome, result.correlator);
    if (!result.since || outcome.time >= *result.since) {
      result.unmatched.add(outcome, result.correlator);
    }
  };
  std::vector<report::LogLine> block;
  while (result.archive.read(block)) {
    for (const report::LogLine& line : block) {
      result.correlator.add(line, sink);
    }
    progress.show(result.archive.progress());
  }
  result.replay.finish();
  result.took = clock.steady_now() - begun;
}

std::string address_of(const SuppressedAddress& address, const Arguments& arguments) {
  return arguments.full ? base::printable(address.key) : masked(address.key);
}
// Replies name addresses.
std::string reply_of(const SuppressedAddress& address, const Arguments& arguments) {
  return arguments.full ? address.reply : reply::generalise(address.reply);
}

// --- for people ---

std::string render_replay_head(const Result& result) {
  std::string text = render_files(result.archive, result.took);
  const std::uint64_t lost = result.replay.passed_over() + result.correlator.counts().passed_over;
  if (lost > 0) {
    text += fmt::format("no room: {} not counted\n",
                        count_of(lost, "message or answer", "messages or answers"));
  }
  return text + fmt::format("with {}{}{}:\n",
                            result.config.empty() ? "the defaults" : base::printable(result.config),
                            result.observes ? ", as if mode were \"enforce\"" : "",
                            result.since ? ", since " + local_stamp(*result.since) : "");
}

std::string estimate_of(const history::FlowReplay& flow) {
  return flow.throttled_low == flow.throttled_high
             ? grouped(flow.throttled_low)
             : grouped(flow.throttled_low) + "-" + grouped(flow.throttled_high);
}

std::string wait_of(const history::FlowReplay& flow) {
  if (flow.held == 0) {
    return "-";
  }
  return (flow.longest_goes_on ? "over " : "") + elapsed(flow.longest_wait);
}

std::string render_flows(const Result& result, bool all, bool colours) {
  using Align = Table::Align;
  const auto flows = result.replay.flows();
  if (flows.empty()) {
    return "no mail that left this host was found\n";
  }
  Table table({{"SENDER"},
               {"PROVIDER"},
               {"SENT", Align::Right},
               {"HELD/DEFERRED", Align::Right},
               {"LONGEST WAIT", Align::Right},
               {"421s THEN", Align::Right},
               {"421s NOW (estimate)", Align::Right}});
  const std::size_t rows = all ? flows.size() : std::min(flows.size(), kFlowsShown);
  std::uint64_t waiting = 0;
  std::uint64_t refused = 0;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    const history::FlowReplay& flow = flows[i].result;
    waiting += flow.waiting;
    refused += flow.refused;
    if (i < rows) {
      table.add({{base::printable(result.correlator.senders().text(flows[i].sender))},
                 {base::printable(result.correlator.providers().text(flows[i].provider))},
                 {grouped(flow.sent)},
                 {grouped(flow.held)},
                 {wait_of(flow)},
                 {grouped(flow.throttled_then)},
                 {estimate_of(flow)}});
    }
  }
  std::string text = table.render(colours);
  if (flows.size() > rows) {
    text += fmt::format("and {} (--all shows all)\n", count_of(flows.size() - rows, "more flow"));
  }
  if (waiting > 0) {
    text += fmt::format("still waiting when the log ended: {}\n", grouped(waiting));
  }
  if (refused > 0) {
    text += fmt::format("refused for volume: {}\n", grouped(refused));
  }
  return text;
}

std::string render_suppressed(const Result& result, const Arguments& arguments) {
  std::uint64_t refused = 0;
  std::vector<SuppressedAddress> taken;
  const auto addresses = result.replay.suppressed().addresses();
  for (const SuppressedAddress& address : addresses) {
    refused += address.refused;
    if (address.delivered_at != base::WallTime{}) {
      taken.push_back(address);
    }
  }
  std::string text = fmt::format("suppressed: {}, {} refused; {} took mail later\n",
                                 count_of(addresses.size(), "address", "addresses"),
                                 count_of(refused, "later recipient"), grouped(taken.size()));
  const std::size_t rows = arguments.all ? taken.size() : std::min(taken.size(), kAddressesShown);
  for (std::size_t i = 0; i < rows; ++i) {
    text += fmt::format("  {}  {}, took mail {}; rule {}: {}\n", address_of(taken[i], arguments),
                        local_stamp(taken[i].since), local_stamp(taken[i].delivered_at),
                        taken[i].rule, reply_of(taken[i], arguments));
  }
  if (taken.size() > rows) {
    text += fmt::format("  and {} more (--all shows all)\n", grouped(taken.size() - rows));
  }
  if (result.replay.suppressed().doubted() > 0) {
    text += fmt::format("  left out: {} while a provider refused far too many\n",
                        count_of(result.replay.suppressed().doubted(), "bounce"));
  }
  return text;
}

std::string render_unmatched(const Result& result, const Arguments& arguments) {
  std::string text = fmt::format("replies no rule knows: {}", grouped(result.unmatched.count()));
  if (!arguments.unmatched) {
    return text + (result.unmatched.count() > 0 ? " (--unmatched shows them)\n" : "\n");
  }
  text += '\n';
  const auto replies = result.unmatched.replies();
  const std::size_t rows = arguments.all ? replies.size() : std::min(replies.size(), kRepliesShown);
  for (std::size_t i = 0; i < rows; ++i) {
    text += fmt::format("  {}  {}  {}\n", grouped(replies[i].count),
                        base::printable(replies[i].provider),
                        arguments.full ? replies[i].sample : replies[i].kind);
  }
  if (replies.size() > rows) {
    text +=
        fmt::format("  and {} (--all shows all)\n", count_of(replies.size() - rows, "more kind"));
  }
  return text;
}

std::string render(const Result& result, const Arguments& arguments, bool colours) {
  std::string text = render_replay_head(result) + render_flows(result, arguments.all, colours) +
                     render_suppressed(result, arguments) + render_unmatched(result, arguments);
  if (!result.since) {
    text += "Every flow began without a level; with --since what lies before it teaches them.\n";
  }
  return text + std::string(kEstimate) + "\nnothing was sent or stored\n";
}

// --- for programs ---

Json flows_of(const Result& result) {
  Json flows = Json::array();
  for (const history::Replay::Place& place : result.replay.flows()) {
    const history::FlowReplay& flow = place.result;
    flows.push_back({{"sender", result.correlator.senders().text(place.sender)},
                     {"provider", result.correlator.providers().text(place.provider)},
                     {"sent", flow.sent},
                     {"held", flow.held},
                     {"waiting", flow.waiting},
                     {"refused", flow.refused},
                     {"suppressed", flow.suppressed},
                     {"longest_wait_s", flow.longest_wait.count() / 1'000'000},
                     {"longest_wait_goes_on", flow.longest_goes_on},
                     {"throttled_then", flow.throttled_then},
                     {"throttled_now_low", flow.throttled_low},
                     {"throttled_now_high", flow.throttled_high}});
  }
  return flows;
}

Json suppressed_of(const Result& result, const Arguments& arguments) {
  std::uint64_t refused = 0;
  Json taken = Json::array();
  const auto addresses = result.replay.suppressed().addresses();
  for (const SuppressedAddress& address : addresses) {
    refused += address.refused;
    if (address.delivered_at != base::WallTime{}) {
      taken.push_back({{"address", address_of(address, arguments)},
                       {"since", base::format_utc(address.since)},
                       {"delivered_at", base::format_utc(address.delivered_at)},
                       {"refused", address.refused},
                       {"queue_id", address.queue_id},
                       {"rule", address.rule},
                       {"reply", reply_of(address, arguments)}});
    }
  }
  return {{"addresses", addresses.size()},
          {"recipients_refused", refused},
          {"doubted_bounces", result.replay.suppressed().doubted()},
          {"took_mail_later", std::move(taken)}};
}

Json replay_to_json(const Result& result, const Arguments& arguments) {
  Json kinds = Json::array();
  for (const history::UnmatchedReply& reply : result.unmatched.replies()) {
    kinds.push_back({{"provider", reply.provider},
                     {"count", reply.count},
                     {"kind", reply.kind},
                     {"sample", arguments.full ? Json(reply.sample) : Json(nullptr)}});
  }
  return {{"config", result.config},
          {"mode_taken_for", "enforce"},
          {"since", result.since ? Json(base::format_utc(*result.since)) : Json(nullptr)},
          {"files", files_json(result.archive)},
          {"unmatched_paths", result.archive.unmatched()},
          {"lines", result.archive.progress().lines},
          {"seconds", static_cast<double>(result.took.count()) / 1e6},
          {"lines_per_second", lines_per_second(result.archive, result.took)},
          {"not_understood", result.archive.not_understood()},
          {"not_understood_at", not_understood_json(result.archive)},
          {"passed_over", result.replay.passed_over() + result.correlator.counts().passed_over},
          {"flows", flows_of(result)},
          {"estimate", kEstimate},
          {"suppressed", suppressed_of(result, arguments)},
          {"replies_no_rule_knows", result.unmatched.count()},
          {"replies", std::move(kinds)}};
}

}  // namespace

int run_replay(const Arguments& arguments, const Output& output) {
  const base::SystemClock clock;
  const base::WallTime now = clock.wall_now();
  const std::optional<base::WallTime> since = since_of(arguments, now);
  const auto config = load_config(arguments);
  Result result(enforced(*config), since, open_archive(arguments, *config, now));
  result.config = where_of(arguments).file;
  result.observes = config->policy->options.mode == policy::Mode::Observe;
  read(result, clock, !output.json() && !arguments.quiet);
  const bool unreadable = tell_problems(result.archive);
  require_lines(result.archive, format_of(arguments, *config), "nothing to replay");
  if (output.json()) {
    output.print_json(replay_to_json(result, arguments));
  } else {
    output.print(render(result, arguments, output.colours()));
  }
  return unreadable ? kFound : kDone;
}

}  // namespace rampart::cli
