#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "rampart/report/postfix.h"

namespace {

using namespace rampart;  // NOLINT(google-build-using-namespace): one short program

constexpr std::size_t kFieldMax = 4096;
constexpr base::WallTime kReference{std::chrono::sys_days{std::chrono::year{2026} / 12 / 1}};

void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

void check(const report::LogLine& line) {
  require(line.time <= kReference);
  if (const auto* delivery = std::get_if<report::Delivery>(&line.event)) {
    require(!line.queue_id.empty() || line.service == "cleanup" || line.service == "qmgr" ||
            line.service == "oqmgr" || line.service == "nqmgr");
    require(delivery->text.size() <= kFieldMax && delivery->reply.text.size() <= kFieldMax);
    require(delivery->recipient.local_part.size() <= kFieldMax);
    require(delivery->relay.host.size() <= kFieldMax);
  }
}

}  // namespace

// Lines of one log, read in order; the second reader goes on from the first one's state.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  report::StampReader stamps({}, kReference);
  std::string_view rest = input;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : rest.size());
    report::StampReader again({}, kReference, stamps.state());
    const report::LogLine first = report::parse_line(line, stamps);
    const report::LogLine second = report::parse_line(line, again);
    check(first);
    require(first.time == second.time && first.event.index() == second.event.index());
  }
  // The parser proper, without the need to hit upon a stamp.
  const std::string_view text(input);
  const std::size_t colon = text.find(": ");
  if (colon != std::string_view::npos) {
    check(report::parse_entry(text.substr(0, colon), text.substr(colon + 2)));
  }
  return 0;
}
