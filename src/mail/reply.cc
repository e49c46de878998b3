#include "rampart/mail/reply.h"

#include <array>
#include <utility>

#include "rampart/base/text.h"

namespace rampart::mail {
namespace {

constexpr std::array<std::pair<Stage, std::string_view>, 7> kStages{
    {{Stage::Unknown, "unknown"},
     {Stage::Connect, "connect"},
     {Stage::Helo, "helo"},
     {Stage::Mail, "mail"},
     {Stage::Rcpt, "rcpt"},
     {Stage::Data, "data"},
     {Stage::EndOfData, "end-of-data"}}};

// "550" followed by a blank, a dash or the end. Text such as "5501 users" is no code.
std::uint16_t consume_code(std::string_view& text) noexcept {
  if (text.size() < 3 || text[0] < '2' || text[0] > '5' || !base::is_digit(text[1]) ||
      !base::is_digit(text[2])) {
    return 0;
  }
  if (text.size() > 3 && text[3] != ' ' && text[3] != '-') {
    return 0;
  }
  const int code = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  text.remove_prefix(text.size() > 3 ? 4 : 3);
  return static_cast<std::uint16_t>(code);
}

}  // namespace

std::string_view to_string(Stage stage) noexcept {
  return kStages[static_cast<std::size_t>(stage)].second;
}

std::optional<Stage> parse_stage(std::string_view text) noexcept {
  for (const auto& [stage, name] : kStages) {
    if (name == text) {
      return stage;
    }
  }
  if (text == "eod") {
    return Stage::EndOfData;
  }
  if (text == "starttls" || text == "auth" || text == "tls") {
    return Stage::Helo;
  }
  return std::nullopt;
}

Reply parse_reply(std::string_view text, Stage stage) {
  Reply reply;
  reply.stage = stage;
  reply.text = text;
  std::string_view rest = text;
  reply.code = consume_code(rest);
  while (rest.starts_with(' ')) {
    rest.remove_prefix(1);
  }
  if (rest.starts_with('#')) {  // "550 #5.1.0 Address rejected" (IronPort)
    rest.remove_prefix(1);
  }
  // Some servers end the code with punctuation: "5.1.1: no such user", "(5.1.1)".
  const std::size_t end = rest.find_first_of(" \t:;,)");
  if (std::string_view token = rest.substr(0, end); !token.empty()) {
    reply.enhanced = consume_enhanced_status_code(token);
  }
  return reply;
}

}  // namespace rampart::mail
