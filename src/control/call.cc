#include "call.h"

#include <algorithm>

#include "rampart/base/text.h"
#include "rampart/mail/address.h"
#include "rampart/mail/queue_id.h"
#include "rampart/telemetry/log.h"

namespace rampart::control {

using base::Error;

void refuse(const Error& error) {
  switch (error.kind) {
    case Error::Kind::NotFound:
      throw Refusal{"not_found", error.what};
    case Error::Kind::InvalidInput:
      throw Refusal{"usage", error.what};
    case Error::Kind::Denied:
      throw Refusal{"denied", error.what};
    case Error::Kind::Unsupported:
      throw Refusal{"refused", error.what};
    default:
      throw Refusal{"unavailable", error.what};
  }
}

void log_change(const Dispatcher::Call& call, std::string_view command, std::string_view key) {
  telemetry::Line line("control");
  line.add("user", call.peer.user).add("uid", call.peer.uid).add("command", command);
  const auto address = mail::parse_address(key);
  if (!key.empty() && key.front() != '@' && address) {
    line.recipient("to", *address);
  } else if (!key.empty()) {
    line.add("domain", key);
  }
  telemetry::write(telemetry::Level::Info, line.add("result", "ok"));
}

std::string Dispatcher::Call::text(const char* name, bool needed) const {
  const auto found = request.find(name);
  if (found == request.end() || found->is_null()) {
    if (needed) {
      throw Refusal{"usage", std::string("\"") + name + "\" is missing"};
    }
    return {};
  }
  if (!found->is_string() || (needed && found->get_ref<const std::string&>().empty())) {
    throw Refusal{"usage", std::string("\"") + name + "\" must be a text"};
  }
  return found->get<std::string>();
}

std::vector<std::string> Dispatcher::Call::texts(const char* name) const {
  const auto found = request.find(name);
  std::vector<std::string> list;
  if (found == request.end() || !found->is_array()) {
    throw Refusal{"usage", std::string("\"") + name + "\" must be a list of texts"};
  }
  for (const Json& one : *found) {
    if (!one.is_string()) {
      throw Refusal{"usage", std::string("\"") + name + "\" must be a list of texts"};
    }
    list.push_back(one.get<std::string>());
  }
  return list;
}

std::vector<mail::QueueId> Dispatcher::Call::queue_ids(const char* name, bool needed) const {
  constexpr std::size_t kIdsMax = 1000;
  std::vector<mail::QueueId> ids;
  if (!needed && !has(name)) {
    return ids;
  }
  for (const std::string& text : texts(name)) {
    const auto id = mail::parse_queue_id(text);
    if (!id || ids.size() >= kIdsMax) {
      throw Refusal{"usage", id ? "at most " + std::to_string(kIdsMax) + " queue IDs at once"
                                : "\"" + base::printable(text, 64) + "\" is no queue ID"};
    }
    if (std::find(ids.begin(), ids.end(), *id) == ids.end()) {
      ids.push_back(*id);
    }
  }
  return ids;
}

bool Dispatcher::Call::flag(const char* name) const {
  const auto found = request.find(name);
  if (found == request.end()) {
    return false;
  }
  if (!found->is_boolean()) {
    throw Refusal{"usage", std::string("\"") + name + "\" must be true or false"};
  }
  return found->get<bool>();
}

std::optional<base::Micros> Dispatcher::Call::duration() const {
  const std::string written = text("for");
  if (written.empty()) {
    return std::nullopt;
  }
  const auto duration = base::parse_duration(written);
  if (!duration || *duration <= base::Micros{0}) {
    throw Refusal{"usage", "\"" + base::printable(written, 64) +
                               "\" is no duration; write 90s, 15m, 6h or 30d"};
  }
  return duration;
}

}  // namespace rampart::control
