// rampart feed - | --message

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "rampart/base/base64.h"
#include "rampart/base/text.h"
#include "rampart/report/message.h"

#include "commands.h"
#include "feed_lines.h"
#include "json.h"
#include "service.h"

namespace rampart::cli {
namespace {

constexpr int kTryAgain = 75;  // EX_TEMPFAIL of sysexits.h: an MTA keeps the mail
constexpr int kWaitMs = 1000;
constexpr std::size_t kReadBytes = 64 * 1024;
// rsyslog waits 10 s for an answer.
constexpr base::Micros kConfirmTimeout = std::chrono::seconds{8};
constexpr base::Micros kFeedTimeout = std::chrono::seconds{30};

bool will_pass(const Failure& failure) {
  return failure.exit_code == kUnreachable || failure.code == "unavailable";
}

[[noreturn]] void fail_for_caller(const Failure& failure) {
  throw Failure{will_pass(failure) ? kTryAgain : failure.exit_code, failure.code, failure.text};
}

// @return how many bytes were read; 0 at the end
std::size_t read_some(std::array<char, kReadBytes>& buffer) {
  for (;;) {
    const ssize_t size = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size >= 0) {
      return static_cast<std::size_t>(size);
    }
    if (errno != EINTR) {
      throw Failure{kTryAgain, "unavailable",
                    "standard input: " + std::generic_category().message(errno)};
    }
  }
}

bool has_more() {
  pollfd watched{STDIN_FILENO, POLLIN, 0};
  return poll(&watched, 1, 0) > 0;
}

bool is_plain(std::string_view line) {
  for (const char c : line) {
    if ((c < ' ' && c != '\t') || c == 0x7F) {  // bytes above 127 are negative here
      return false;
    }
  }
  return true;
}

Json line_json(const std::string& line) {
  return is_plain(line) ? Json(line) : Json{{"base64", base::encode_base64(line)}};
}

void write_out(std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = write(STDOUT_FILENO, text.data(), text.size());
    if (size < 0 && errno != EINTR) {
      throw Failure{kTryAgain, "unavailable", "nobody reads the answers"};
    }
    text.remove_prefix(size > 0 ? static_cast<std::size_t>(size) : 0);
  }
}

class LineSender {
 public:
  explicit LineSender(const Arguments& arguments) : arguments_(arguments), service_(arguments) {}

  /// With --wait: until the service has taken it. @return "" or, to be confirmed, what is wrong
  std::string send(const std::vector<std::string>& lines) const {
    Json list = Json::array();
    for (const std::string& line : lines) {
      list.push_back(line_json(line));
    }
    const Json request{
        {"command", "feed.lines"}, {"source", arguments_.name}, {"lines", std::move(list)}};
    for (bool told = false;;) {
      const std::optional<Failure> failure = try_once(request);
      if (!failure) {
        return {};
      }
      if (!arguments_.wait || !will_pass(*failure)) {
        if (arguments_.confirm) {
          return "error: " + failure->text;
        }
        fail_for_caller(*failure);
      }
      if (arguments_.confirm) {
        write_out(".");  // rsyslog: still at it
      }
      if (!told) {
        std::fprintf(stderr, "rampart: %s; waiting\n", base::printable(failure->text).c_str());
        told = true;
      }
      poll(nullptr, 0, kWaitMs);
    }
  }

 private:
  [[nodiscard]] std::optional<Failure> try_once(const Json& request) const {
    try {
      static_cast<void>(service_.ask(request, arguments_.confirm ? kConfirmTimeout : kFeedTimeout));
    } catch (const Failure& failure) {
      return failure;
    }
    return std::nullopt;
  }

  const Arguments& arguments_;
  Service service_;
};

int feed_lines(const Arguments& arguments) {
  const LineSender sender(arguments);
  const auto send = [&](const std::vector<std::string>& lines) {
    return sender.send(lines);
  };
  if (arguments.confirm) {
    const std::string problem = send({});
    write_out(problem.empty() ? "OK\n" : base::printable(problem) + '\n');
    if (!problem.empty()) {
      return kTryAgain;
    }
  }
  LineFeeder feeder(send, arguments.confirm ? LineFeeder::Answer(write_out) : LineFeeder::Answer());
  std::array<char, kReadBytes> buffer{};
  for (std::size_t size = read_some(buffer); size > 0; size = read_some(buffer)) {
    feeder.add({buffer.data(), size});
    if (!has_more()) {
      feeder.pause();
    }
  }
  feeder.finish();
  return kDone;
}

// What is beyond the limit is read too: an MTA may take a closed pipe for a failure.
std::string read_whole_mail() {
  std::string bytes;
  std::array<char, kReadBytes> buffer{};
  for (std::size_t size = read_some(buffer); size > 0; size = read_some(buffer)) {
    bytes.append(buffer.data(), std::min(size, report::kMessageBytesMax - bytes.size()));
  }
  return bytes;
}

std::string outcome_in_words(const Json& answer) {
  const std::string outcome = text_of(answer, "outcome");
  const std::string queue_id = text_of(answer, "queue_id");
  const std::string about = queue_id.empty() ? "" : " about " + queue_id;
  if (outcome == "counted") {
    return fmt::format("counted{}, recipients: {}", about, number_of(answer, "recipients"));
  }
  if (outcome == "repeated") {
    return "known already" + about;
  }
  if (outcome == "confirmed") {
    return "a notice of this host's own" + about + ": its log has told it";
  }
  if (outcome == "not_ours") {
    return "not counted: it does not carry a token of this host's, or names other recipients";
  }
  return "nothing to learn from it";
}

// The mail must not bounce, whatever it is and whatever happened here: 75 has the MTA keep it.
int feed_message(const Arguments& arguments, const Output& output) {
  Json answer;
  try {
    const std::string mail = read_whole_mail();
    answer = Service(arguments).ask(
        {{"command", "feed.message"}, {"base64", base::encode_base64(mail)}}, kFeedTimeout);
  } catch (const Failure& failure) {
    throw Failure{kTryAgain, failure.code, failure.text};
  }
  if (output.json()) {
    output.print_json(answer);
  } else if (arguments.verbose) {
    output.print(outcome_in_words(answer) + '\n');
  }
  return kDone;
}

}  // namespace

int run_feed(const Arguments& arguments, const Output& output) {
  const bool dash = arguments.words == std::vector<std::string>{"-"};
  if (arguments.message) {
    if (!dash && !arguments.words.empty()) {
      throw Failure{kUsage, "usage", "a mail is read from standard input: rampart feed --message"};
    }
    return feed_message(arguments, output);
  }
  if (!dash) {
    throw Failure{kUsage, "usage",
                  "write rampart feed - for log lines on standard input, or rampart feed --message "
                  "for one mail"};
  }
  return feed_lines(arguments);
}

}  // namespace rampart::cli
