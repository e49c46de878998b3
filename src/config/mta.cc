#include "mta.h"

#include <algorithm>

#include "rampart/base/program.h"
#include "rampart/base/text.h"

namespace rampart::config {
namespace {

constexpr base::Micros kOneDay = std::chrono::hours{24};
constexpr base::Micros kAnswerTime = std::chrono::seconds{2};
constexpr const char* kPostconf = "/usr/sbin/postconf";
constexpr const char* kSendmailCf = "/etc/mail/sendmail.cf";

std::optional<QueueLifetime> ask_postfix(const std::string& directory) {
  std::vector<std::string> words{kPostconf};
  if (!directory.empty()) {
    words.insert(words.end(), {"-c", directory});
  }
  words.insert(words.end(), {"-xh", "maximal_queue_lifetime"});
  const auto said = base::run_program(words, {}, kAnswerTime);
  if (!said || said->exit_code != 0) {
    return std::nullopt;
  }
  const auto time = parse_queue_time(base::trim(said->output));
  return time ? std::optional(QueueLifetime{*time, "postconf maximal_queue_lifetime"})
              : std::nullopt;
}

std::optional<QueueLifetime> read_sendmail(const Files& files) {
  const auto text = files.read(kSendmailCf, Trust::Any);
  const auto time = text ? find_queuereturn(*text) : std::nullopt;
  return time ? std::optional(
                    QueueLifetime{*time, std::string(kSendmailCf) + " Timeout.queuereturn"})
              : std::nullopt;
}

}  // namespace

std::optional<base::Micros> parse_queue_time(std::string_view text) {
  const auto days = base::parse_uint(text);
  const auto time =
      days ? base::parse_duration(std::string(text) + 'd') : base::parse_duration(text);
  return time ? std::optional(std::clamp(*time, kQueueLifetimeMin, kQueueLifetimeMax))
              : std::nullopt;
}

std::optional<base::Micros> find_queuereturn(std::string_view sendmail_cf) {
  std::optional<base::Micros> longest;
  for (std::string_view line : base::split(sendmail_cf, '\n')) {
    constexpr std::string_view kOption = "O Timeout.queuereturn";
    if (!line.starts_with(kOption)) {
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      continue;
    }
    if (const auto time = parse_queue_time(base::trim(line.substr(equals + 1)))) {
      longest = std::max(longest.value_or(*time), *time);
    }
  }
  return longest;
}

std::optional<QueueLifetime> RealFiles::queue_lifetime(bool sendmail,
                                                       const std::string& postfix_config) const {
  auto found = sendmail ? read_sendmail(*this) : ask_postfix(postfix_config);
  if (!found) {
    found = sendmail ? ask_postfix(postfix_config) : read_sendmail(*this);
  }
  return found;
}

base::Micros hold_age_limit(base::Micros queue_lifetime) noexcept {
  return std::max(queue_lifetime - kOneDay, queue_lifetime / 2);
}

}  // namespace rampart::config
