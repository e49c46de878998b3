#include "status.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <poll.h>

#include "commands.h"
#include "service.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

constexpr int kWatchEveryMs = 2000;
constexpr base::Micros kHealthyLag = std::chrono::seconds{10};

bool is_unlimited(const Json& flow) {
  return flow.contains("allowance") && flow["allowance"].is_null();
}

bool is_idle(const Json& flow) {
  return text_of(flow, "state") == "open" && number_of(flow, "used") == 0 &&
         number_of(flow, "in_flight") == 0 && number_of(flow, "deferred_waiting") == 0;
}

Colour colour_of(const std::string& state) {
  return state == "open" ? Colour::Green : state == "paused" ? Colour::Red : Colour::Yellow;
}

std::string deferred_share(const Json& flow) {
  const std::uint64_t bad = number_of(flow, "deferrals");
  const std::uint64_t all = bad + number_of(flow, "delivered") + number_of(flow, "refused");
  return all == 0
             ? "-"
             : fmt::format("{:.1f}%", 100.0 * static_cast<double>(bad) / static_cast<double>(all));
}

std::string log_in_words(const Json& status) {
  const auto sources = status.find("sources");
  if (sources == status.end() || sources->empty()) {
    return "no log read";
  }
  double lag = 0;
  for (const Json& source : *sources) {
    lag = std::max(lag, source.value("lag_seconds", 0.0));
    if (!flag_of(source, "open")) {
      return "log not readable";
    }
  }
  const base::Micros behind{static_cast<std::int64_t>(lag * 1e6)};
  return behind < kHealthyLag ? fmt::format("log {:.1f} s behind", lag)
                              : fmt::format("log {} behind", elapsed(behind));
}

std::string header(const Json& status, base::WallTime now, bool colours) {
  const auto started = time_of(status, "started").value_or(now);
  const bool enforcing = text_of(status, "mode") == "enforce";
  return fmt::format("{} on {}: running {}, {}, {}{}, {}\n",
                     paint("rampart " + text_of(status, "version"), Colour::Bold, colours),
                     text_of(status, "host"), elapsed(now - started),
                     enforcing ? "enforcing" : "observing (nothing is limited)",
                     text_of(status, "store"),
                     flag_of(status, "store_degraded") ? " (degraded)" : "", log_in_words(status));
}

Table flow_table(const Json& status, base::WallTime now) {
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
  for (const Json& flow : status.at("flows")) {
    const std::uint64_t level = number_of(flow, "level");
    const std::uint64_t allowance = number_of(flow, "allowance");
    const std::uint64_t used = number_of(flow, "used");
    const bool unlimited = is_unlimited(flow);
    table.add({{text_of(flow, "sender")},
               {text_of(flow, "provider")},
               {level == 0 ? "-" : grouped(level)},
               {unlimited ? "-" : grouped(allowance)},
               {grouped(used)},
               {unlimited ? "-" : grouped(allowance > used ? allowance - used : 0)},
               {grouped(number_of(flow, "in_flight"))},
               {deferred_share(flow)},
               {state_in_words(flow, now), colour_of(text_of(flow, "state"))}});
  }
  return table;
}

std::string footer(const Json& status, std::size_t idle_hidden, base::WallTime now) {
  const std::size_t flows = status.at("flows").size();
  std::string text = fmt::format("{} {}", flows, flows == 1 ? "flow" : "flows");
  if (idle_hidden > 0) {
    text += fmt::format(" ({} idle hidden, --all shows them)", idle_hidden);
  }
  text += "; held " + grouped(number_of(status, "held"));
  if (const auto oldest = time_of(status, "oldest_held")) {
    text += ", oldest " + elapsed(now - *oldest);
  }
  text += "; suppressed " + grouped(number_of(status, "suppressed"));
  if (const std::uint64_t added = number_of(status, "suppressed_added"); added > 0) {
    text += fmt::format(" (+{} since start)", grouped(added));
  }
  if (const std::uint64_t pending = number_of(status, "suppressed_pending"); pending > 0) {
    text += ", pending " + grouped(pending);
  }
  return text + '\n';
}

// Providers that call too many addresses dead, and replies that no rule knows.
std::string learned_lines(const Json& status, bool colours) {
  std::string text;
  for (const Json& guard : status.value("guards", Json::array())) {
    const std::string provider = text_of(guard, "provider");
    text += paint(fmt::format("! {}: {}; {} pending (rampart suppression list --pending)",
                              provider == "*" ? "all providers together" : provider,
                              text_of(guard, "text"), grouped(number_of(guard, "pending"))),
                  Colour::Yellow, colours) +
            '\n';
  }
  if (const std::uint64_t unknown = number_of(status, "replies_unknown"); unknown > 0) {
    text += fmt::format("{} {} no rule knows (rampart replies unknown)\n", grouped(unknown),
                        unknown == 1 ? "reply" : "different replies");
  }
  return text;
}

// Which pause ends next.
std::string next_line(const Json& status, base::WallTime now) {
  const Json* next = nullptr;
  for (const Json& flow : status.at("flows")) {
    const auto until = time_of(flow, "until");
    if (text_of(flow, "state") == "paused" && until &&
        (next == nullptr || *until < *time_of(*next, "until"))) {
      next = &flow;
    }
  }
  if (next == nullptr) {
    return {};
  }
  return fmt::format("next: {} -> {} may send again at {}\n", text_of(*next, "sender"),
                     text_of(*next, "provider"), local_clock(*time_of(*next, "until"), now));
}

}  // namespace

std::string state_in_words(const Json& flow, base::WallTime now) {
  const std::string state = text_of(flow, "state");
  const std::string reason = text_of(flow, "reason");
  const auto until = time_of(flow, "until");
  const bool far = !until || *until > now + std::chrono::hours{24 * 365 * 5};
  std::string text = state;
  if (state == "paused") {
    text += far ? " until resumed" : " until " + local_clock(*until, now);
    const std::string rule = text_of(flow, "last_rule");
    if (reason == "stopped") {
      text += " (dead addresses)";
    } else if (reason == "host_paused") {
      text += " (whole host)";
    } else if (reason == "waiting_for_deferred") {
      text += " (deferred mail waits)";
    } else if (!rule.empty()) {
      text += " (" + rule + ")";
    }
  } else if (state == "full") {
    text += far ? "" : ", next at " + local_clock(*until, now);
  } else if (state == "slowed") {
    text += reason == "limited" && !far ? " (limited until " + local_clock(*until, now) + ")"
                                        : " (" + reason + ")";
    std::replace(text.begin(), text.end(), '_', ' ');
  }
  if (flag_of(flow, "exempt")) {
    text += ", exempt";
  } else if (flag_of(flow, "observe")) {
    text += ", observed only";
  }
  return text;
}

std::size_t filter_flows(Json& status, const Arguments& arguments, bool drop_idle) {
  Json kept = Json::array();
  std::size_t idle = 0;
  for (const Json& flow : status.at("flows")) {
    const auto matches = [&](const char* key, const std::string& wanted) {
      return wanted.empty() || text_of(flow, key) == wanted;
    };
    if (!matches("sender", arguments.sender) || !matches("provider", arguments.provider) ||
        !matches("state", arguments.state)) {
      continue;
    }
    if (drop_idle && is_idle(flow)) {
      ++idle;
    } else {
      kept.push_back(flow);
    }
  }
  status["flows"] = std::move(kept);
  return idle;
}

std::string render_status(const Json& status, std::size_t idle_hidden, bool colours) {
  const base::WallTime now = time_of(status, "now").value_or(base::WallTime{});
  std::string text = header(status, now, colours);
  if (const Table table = flow_table(status, now); table.rows() > 0) {
    text += table.render(colours);
  }
  text += footer(status, idle_hidden, now) + next_line(status, now);
  text += learned_lines(status, colours);
  for (const Json& warning : status.value("warnings", Json::array())) {
    if (warning.is_string()) {
      text += paint("! " + warning.get<std::string>(), Colour::Yellow, colours) + '\n';
    }
  }
  return text;
}

int run_status(const Arguments& arguments, const Output& output) {
  const Service service(arguments);
  for (;;) {
    Json status = service.ask({{"command", "status"}});
    const std::size_t idle = filter_flows(status, arguments, !arguments.all && !output.json());
    if (output.json()) {
      output.print_json(status);
    } else {
      const std::string screen = render_status(status, idle, output.colours());
      output.print((arguments.watch && output.colours() ? "\x1b[H\x1b[2J" : "") + screen);
    }
    if (!arguments.watch) {
      return kDone;
    }
    ::poll(nullptr, 0, kWatchEveryMs);  // Ctrl-C ends it
  }
}

}  // namespace rampart::cli
