#include "status.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <poll.h>

#include "rampart/policy/options.h"

#include "commands.h"
#include "flow_facts.h"
#include "json.h"
#include "service.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

using control::known;

constexpr int kWatchEveryMs = 2000;
constexpr base::Micros kHealthyLag = std::chrono::seconds{10};

bool is_idle(const engine::FlowStatus& flow) {
  return flow.summary.status == ramp::FlowStatus::Open && flow.summary.allowance.used_day == 0 &&
         flow.in_flight == 0 && flow.deferred_waiting == 0;
}

std::string deferred_share(const engine::FlowStatus& flow) {
  const std::uint64_t all = flow.deferrals + flow.delivered + flow.refused;
  return all == 0 ? "-"
                  : fmt::format("{:.1f}%", 100.0 * static_cast<double>(flow.deferrals) /
                                               static_cast<double>(all));
}

std::string log_in_words(const engine::Status& status) {
  if (status.sources.empty()) {
    return "no log read";
  }
  base::Micros behind{0};
  for (const mail::SourceStatus& source : status.sources) {
    behind = std::max(behind, source.lag);
    if (!source.open) {
      return "log not readable";
    }
  }
  return behind < kHealthyLag
             ? fmt::format("log {:.1f} s behind", std::chrono::duration<double>(behind).count())
             : fmt::format("log {} behind", elapsed(behind));
}

std::string header(const control::StatusAnswer& answer, bool colours) {
  const engine::Status& status = answer.status;
  const bool enforcing = status.mode == policy::Mode::Enforce;
  return fmt::format("{} on {}: running {}, {}, {}{}, {}\n",
                     paint("rampart " + answer.version, Colour::Bold, colours), answer.host,
                     elapsed(status.now - known(status.started).value_or(status.now)),
                     enforcing ? "enforcing" : "observing (nothing is limited)", status.store,
                     status.store_degraded ? " (degraded)" : "", log_in_words(status));
}

Table flow_table(const engine::Status& status) {
  using Align = Table::Align;
  Table table({{"SENDER", Align::Left},
               {"PROVIDER", Align::Left},
               {"LEVEL", Align::Right},
               {"ALLOWANCE", Align::Right},
               {"USED", Align::Right},
               {"LEFT", Align::Right},
               {"IN FLIGHT", Align::Right},
               {"DEFERRED", Align::Right},
               {"STATE", Align::Left}});
  for (const engine::FlowStatus& flow : status.flows) {
    const ramp::Allowance& allowance = flow.summary.allowance;
    const bool unlimited = allowance.day == ramp::kUnlimited;
    table.add({{flow.key.sender},
               {flow.key.provider},
               {allowance.level == 0 ? "-" : grouped(allowance.level)},
               {unlimited ? "-" : grouped(allowance.day)},
               {grouped(allowance.used_day)},
               {unlimited ? "-" : grouped(left_of(allowance))},
               {grouped(flow.in_flight)},
               {deferred_share(flow)},
               {state_in_words(flow, status.now), colour_of(flow.summary.status)}});
  }
  return table;
}

std::string footer(const engine::Status& status, std::size_t idle_hidden) {
  const std::size_t flows = status.flows.size();
  std::string text = fmt::format("{} {}", flows, flows == 1 ? "flow" : "flows");
  if (idle_hidden > 0) {
    text += fmt::format(" ({} idle hidden, --all shows them)", idle_hidden);
  }
  text += "; held " + grouped(status.held);
  if (status.oldest_held) {
    text += ", oldest " + elapsed(status.now - *status.oldest_held);
  }
  text += "; suppressed " + grouped(status.suppressed);
  if (status.suppressed_added > 0) {
    text += fmt::format(" (+{} since start)", grouped(status.suppressed_added));
  }
  if (status.suppressed_pending > 0) {
    text += ", pending " + grouped(status.suppressed_pending);
  }
  return text + '\n';
}

// Providers that call too many addresses dead, and replies that no rule knows.
std::string learned_lines(const engine::Status& status, bool colours) {
  std::string text;
  for (const engine::GuardStatus& guard : status.guards) {
    text += paint(fmt::format("! {}: {}; {} pending (rampart suppression list --pending)",
                              guard.provider == "*" ? "all providers together" : guard.provider,
                              guard.text, grouped(guard.pending)),
                  Colour::Yellow, colours) +
            '\n';
  }
  if (const std::uint64_t unknown = status.replies_unknown; unknown > 0) {
    text += fmt::format("{} {} no rule knows (rampart replies unknown)\n", grouped(unknown),
                        unknown == 1 ? "reply" : "different replies");
  }
  return text;
}

// Which pause ends next.
std::string next_line(const engine::Status& status) {
  const engine::FlowStatus* next = nullptr;
  for (const engine::FlowStatus& flow : status.flows) {
    if (flow.summary.status == ramp::FlowStatus::Paused && known(flow.summary.until) &&
        (next == nullptr || flow.summary.until < next->summary.until)) {
      next = &flow;
    }
  }
  if (next == nullptr) {
    return {};
  }
  return fmt::format("next: {} -> {} may send again at {}\n", next->key.sender, next->key.provider,
                     local_clock(next->summary.until, status.now));
}

std::string paused_in_words(const engine::FlowStatus& flow, base::WallTime now) {
  const base::WallTime until = flow.summary.until;
  const std::string text =
      is_for_ever(until, now) ? " until resumed" : " until " + local_clock(until, now);
  switch (flow.summary.reason) {
    case ramp::Reason::Stopped:
      return text + " (dead addresses)";
    case ramp::Reason::HostPaused:
      return text + " (whole host)";
    case ramp::Reason::WaitingForDeferred:
      return text + " (deferred mail waits)";
    default:
      return flow.last_rule.empty() ? text : text + " (" + flow.last_rule + ")";
  }
}

std::string slowed_in_words(const ramp::Summary& summary, base::WallTime now) {
  if (summary.reason == ramp::Reason::Limited && !is_for_ever(summary.until, now)) {
    return " (limited until " + local_clock(summary.until, now) + ")";
  }
  std::string reason(to_string(summary.reason));
  std::replace(reason.begin(), reason.end(), '_', ' ');
  return " (" + reason + ")";
}

}  // namespace

bool is_for_ever(base::WallTime until, base::WallTime now) noexcept {
  return !known(until) || until > now + std::chrono::hours{24 * 365 * 5};
}

Colour colour_of(ramp::FlowStatus state) noexcept {
  return state == ramp::FlowStatus::Open     ? Colour::Green
         : state == ramp::FlowStatus::Paused ? Colour::Red
                                             : Colour::Yellow;
}

std::string state_in_words(const engine::FlowStatus& flow, base::WallTime now) {
  const ramp::Summary& summary = flow.summary;
  std::string text(to_string(summary.status));
  if (summary.status == ramp::FlowStatus::Paused) {
    text += paused_in_words(flow, now);
  } else if (summary.status == ramp::FlowStatus::Full && !is_for_ever(summary.until, now)) {
    text += ", next at " + local_clock(summary.until, now);
  } else if (summary.status == ramp::FlowStatus::Slowed) {
    text += slowed_in_words(summary, now);
  }
  return text + (flow.exempt ? ", exempt" : flow.observe ? ", observed only" : "");
}

std::size_t filter_flows(engine::Status& status, const Arguments& arguments, bool drop_idle) {
  std::erase_if(status.flows, [&](const engine::FlowStatus& flow) {
    const auto differs = [](std::string_view value, const std::string& wanted) {
      return !wanted.empty() && value != wanted;
    };
    return differs(flow.key.sender, arguments.sender) ||
           differs(flow.key.provider, arguments.provider) ||
           differs(to_string(flow.summary.status), arguments.state);
  });
  return drop_idle ? std::erase_if(status.flows, is_idle) : 0;
}

std::string render_status(const control::StatusAnswer& answer,
                          std::size_t idle_hidden,
                          bool colours) {
  const engine::Status& status = answer.status;
  std::string text = header(answer, colours);
  if (const Table table = flow_table(status); table.rows() > 0) {
    text += table.render(colours);
  }
  text += footer(status, idle_hidden) + next_line(status);
  text += learned_lines(status, colours);
  for (const std::string& warning : status.warnings) {
    text += paint("! " + warning, Colour::Yellow, colours) + '\n';
  }
  return text;
}

int run_status(const Arguments& arguments, const Output& output) {
  const Service service(arguments);
  for (;;) {
    const Json json = service.ask({{"command", "status"}});
    auto answer = control::decode<control::StatusAnswer>(json);
    const std::size_t flows = answer.status.flows.size();
    const std::size_t idle =
        filter_flows(answer.status, arguments, !arguments.all && !output.json());
    if (output.json()) {
      output.print_json(answer.status.flows.size() == flows ? json : control::encode(answer));
    } else {
      const std::string screen = render_status(answer, idle, output.colours());
      output.print((arguments.watch && output.colours() ? "\x1b[H\x1b[2J" : "") + screen);
    }
    if (!arguments.watch) {
      return kDone;
    }
    ::poll(nullptr, 0, kWatchEveryMs);  // Ctrl-C ends it
  }
}

}  // namespace rampart::cli
