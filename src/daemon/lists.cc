#include "lists.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fmt/format.h>

#include "rampart/suppression/list.h"
#include "rampart/telemetry/log.h"

namespace rampart::daemon {
namespace {

base::Result<std::string> read_file(const std::string& path) {
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad()) {
    return base::Error{base::Error::Kind::Unavailable, std::generic_category().message(errno)};
  }
  return bytes;
}

// @return what went wrong, or ""
std::string apply_list(const std::string& path,
                       const config::Config& config,
                       engine::Engine& engine) {
  const auto bytes = read_file(path);
  if (!bytes) {
    return fmt::format("{}: {}; what was read from it before stays", path, bytes.error().what);
  }
  const suppression::List list =
      suppression::parse_list(*bytes, config.policy->options.suppression);
  const auto change = engine.apply_list(path, list.keys);
  if (!change) {
    return fmt::format("{}: not applied: {}", path, change.error().what);
  }
  if (change->refused) {
    return fmt::format(
        "{}: it has {} addresses and had {}: less than half, so the old ones stay; "
        "remove them with rampart suppression remove if that is meant",
        path, list.keys.size(), change->kept);
  }
  telemetry::write(telemetry::Level::Info, telemetry::Line("suppression")
                                               .add("list", path)
                                               .add("added", change->added)
                                               .add("removed", change->removed)
                                               .add("kept", change->kept));
  if (list.bad_lines > 0) {
    const suppression::ListError& first = list.errors.front();
    return fmt::format("{}:{}:{}: {} (bad lines: {}; they are passed over)", path, first.line,
                       first.column, first.text, list.bad_lines);
  }
  return {};
}

}  // namespace

std::vector<std::string> apply_lists(const config::Config& config, engine::Engine& engine) {
  std::vector<std::string> problems;
  for (const config::SuppressionList& list : config.suppression_lists) {
    if (std::string problem = apply_list(list.file, config, engine); !problem.empty()) {
      telemetry::write(telemetry::Level::Warning, telemetry::Line("suppression").text(problem));
      problems.push_back(std::move(problem));
    }
  }
  return problems;
}

}  // namespace rampart::daemon
