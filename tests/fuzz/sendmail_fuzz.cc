#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rampart/report/line_reader.h"
#include "rampart/report/sendmail.h"

namespace {

using namespace rampart;  // NOLINT(google-build-using-namespace): one short program

constexpr std::size_t kFieldMax = 4096;
constexpr std::size_t kEventsMax = 64 * 1024;
constexpr base::WallTime kReference{std::chrono::sys_days{std::chrono::year{2026} / 12 / 1}};

void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

void check(const std::vector<report::LogLine>& lines) {
  require(!lines.empty() && lines.size() <= kEventsMax);
  for (const report::LogLine& line : lines) {
    require(line.time <= kReference);
    const auto* delivery = std::get_if<report::Delivery>(&line.event);
    if (delivery == nullptr) {
      continue;
    }
    require(!line.queue_id.empty());
    require(delivery->text.size() <= kFieldMax && delivery->reply.text.size() <= kFieldMax);
    require(delivery->recipient.local_part.size() <= kFieldMax);
    require(delivery->relay.host.size() <= kFieldMax);
    require(delivery->attempted || !delivery->dsn);
    require(!delivery->forwarded_as || !delivery->leaves_host);
  }
}

std::vector<report::LogLine> read(std::string_view message, bool known) {
  std::vector<report::LogLine> lines;
  report::read_sendmail_entry(message, known, lines);
  check(lines);
  return lines;
}

// More text from a remote changes neither whom a line tells of nor where they are.
void check_tail(const std::vector<report::LogLine>& lines, std::string_view message) {
  if (!std::holds_alternative<report::Delivery>(lines.front().event)) {
    return;
  }
  const auto longer = read(std::string(message) + ", stat=x", true);
  if (!std::holds_alternative<report::Delivery>(longer.front().event)) {
    return;
  }
  require(longer.size() == lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& one = std::get<report::Delivery>(lines[i].event);
    const auto& other = std::get<report::Delivery>(longer[i].event);
    require(one.recipient == other.recipient && one.relay == other.relay);
  }
}

}  // namespace

// Lines of one log, read in order; then each without its stamp, as an entry.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  report::StampReader stamps({}, kReference);
  report::LineReader reader(report::Format::Auto);
  std::string_view rest = input;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : rest.size());
    std::vector<report::LogLine> lines;
    reader.read_line(line, stamps, lines);
    check(lines);
    const std::size_t tag = line.find("]: ");
    const std::string_view message = tag == std::string_view::npos ? line : line.substr(tag + 3);
    check_tail(read(message, true), message);
    read(message, false);
  }
  return 0;
}
