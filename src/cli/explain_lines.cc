// rampart explain --jsonl

#include <istream>
#include <ostream>

#include "explain.h"
#include "json.h"

namespace rampart::cli {
namespace {

constexpr std::size_t kJsonLineBytesMax = std::size_t{1} << 20;
constexpr std::size_t kFlushBytes = std::size_t{256} << 10;

// RFC 3464 2.3.3.
std::optional<mail::DeliveryStatus> status_of(const std::string& action) {
  if (action == "delivered" || action == "relayed" || action == "expanded") {
    return mail::DeliveryStatus::Sent;
  }
  if (action == "delayed") {
    return mail::DeliveryStatus::Deferred;
  }
  return action == "failed" ? std::optional(mail::DeliveryStatus::Bounced) : std::nullopt;
}

// Strings as strings; "550" and 550 are the same code.
std::string scalar_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) {
    return {};
  }
  return found->is_number_unsigned() ? std::to_string(found->get<std::uint64_t>())
                                     : text_of(json, key);
}

Json id_of(const Json& json) {
  const auto found = json.find("id");
  return found != json.end() && found->is_primitive() ? *found : Json(nullptr);
}

Json answer(const policy::Policy& policy, const Json& line) {
  const std::string reply = text_of(line, "reply");
  const std::string host = scalar_of(line, "host");
  reply::Question question;
  question.reply = reply;
  question.host = host;
  question.provider = policy.providers.find_by_host(host);
  question.stage = mail::parse_stage(scalar_of(line, "stage")).value_or(mail::Stage::Unknown);
  question.dsn = parse_code(scalar_of(line, "dsn"));
  question.status = status_of(scalar_of(line, "action"));
  const reply::Classification found = policy.replies.classify(question);
  return {{"id", id_of(line)},
          {"class", reply::to_string(found.reply_class)},
          {"scope", reply::to_string(found.scope)},
          {"permanence", reply::to_string(found.permanence)},
          {"suppress", found.suppress},
          {"rule", policy.replies.rule(found.rule).name}};
}

Json error(const Json& id, std::size_t number, const char* text) {
  return {{"id", id}, {"error", "line " + std::to_string(number) + ": " + text}};
}

}  // namespace

std::size_t explain_lines(const policy::Policy& policy, std::istream& in, std::ostream& out) {
  std::size_t bad = 0;
  std::string text;
  std::string waiting;
  for (std::size_t number = 1; std::getline(in, text); ++number) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) {
      continue;
    }
    Json result;
    const Json line = text.size() > kJsonLineBytesMax ? Json() : Json::parse(text, nullptr, false);
    if (text.size() > kJsonLineBytesMax) {
      result = error(nullptr, number, "longer than 1 MiB");
    } else if (!line.is_object()) {
      result = error(nullptr, number, "no JSON object");
    } else if (!line.contains("reply") || !line.at("reply").is_string()) {
      result = error(id_of(line), number, "\"reply\" is missing or no text");
    } else {
      result = answer(policy, line);
    }
    bad += result.contains("error") ? 1U : 0U;
    waiting += dump(result) + '\n';
    // A person or a program at the other end of a pipe sees answers as soon as the input pauses.
    if (waiting.size() >= kFlushBytes || in.rdbuf()->in_avail() <= 0) {
      out << waiting << std::flush;
      waiting.clear();
    }
  }
  out << waiting << std::flush;
  return bad;
}

}  // namespace rampart::cli
