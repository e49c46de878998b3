#include "teller.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "rampart/mail/source_status.h"
#include "rampart/telemetry/log.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using telemetry::Level;

constexpr base::Micros kTellEvery = 500ms;

}  // namespace

Teller::Teller(std::string name, engine::Engine& engine, const base::Clock& clock)
    : engine_(engine), clock_(clock) {
  status_.name = std::move(name);
}

void Teller::note(std::uint64_t lines, const std::vector<report::LogLine>& events) {
  status_.lines += lines;
  for (const report::LogLine& event : events) {
    newest_ = std::max(newest_, event.time);
    status_.not_understood += std::holds_alternative<report::NotUnderstood>(event.event) ? 1U : 0U;
  }
}

bool Teller::is_due() const {
  return clock_.steady_now() - told_ >= kTellEvery;
}

void Teller::tell(bool open, bool unread, const std::string& problem) {
  const base::WallTime now = clock_.wall_now();
  status_.open = open;
  status_.problem = problem;
  status_.lag = base::Micros{0};
  if (!unread) {
    caught_up_ = now;
  } else if (const base::WallTime since = std::max(newest_, caught_up_);
             since != base::WallTime{}) {
    // After a quiet night the newest line read is hours old; what waits is younger than the last
    // look.
    status_.lag = std::max(now - since, base::Micros{0});
  }
  engine_.set_source_status(status_);
  told_ = clock_.steady_now();
  if (problem != problem_) {
    problem_ = problem;
    telemetry::Line line("feed");
    line.add("log", name()).add("state", problem.empty() ? "open" : "unreadable");
    if (!problem.empty()) {
      line.text(problem);
    }
    telemetry::write(problem.empty() ? Level::Info : Level::Warning, line);
  }
}

}  // namespace rampart::feed
