// A labelled collection of replies, if there is one beside the checkout, in two halves: A may be
// read while rules are written, B is only measured.

#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "rampart/base/text.h"
#include "rampart/mail/domain.h"
#include "rampart/reply/table.h"

#include "reply/rules_file.h"

namespace rampart::test {

struct Labelled {
  std::string id;
  std::string reply;
  std::string host;
  mail::Stage stage = mail::Stage::Unknown;
  std::optional<mail::EnhancedStatusCode> dsn;
  std::optional<mail::DeliveryStatus> status;
  reply::ReplyClass reply_class = reply::ReplyClass::Undefined;
  std::set<reply::ReplyClass> accepted;  ///< reply_class and others that are as right
  std::optional<bool> suppress;
};

/// FNV-1a: which half an entry belongs to must never change.
inline bool in_half_a(const std::string& id) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : id) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return (hash >> 32U) % 2 == 0;
}

inline mail::Stage stage_of_label(const std::string& label) {
  if (label == "data") {
    return mail::Stage::EndOfData;  // the collection does not tell DATA from the end of data
  }
  return mail::parse_stage(label).value_or(mail::Stage::Unknown);
}

inline std::optional<mail::DeliveryStatus> status_of_label(const std::string& label) {
  if (label == "delivered") {
    return mail::DeliveryStatus::Sent;
  }
  if (label == "delayed") {
    return mail::DeliveryStatus::Deferred;
  }
  if (label == "failed") {
    return mail::DeliveryStatus::Bounced;
  }
  return std::nullopt;
}

inline std::string string_or_empty(const nlohmann::json& entry, const char* key) {
  return entry.contains(key) && entry[key].is_string() ? entry[key].get<std::string>() : "";
}

inline Labelled labelled_of(const nlohmann::json& entry) {
  Labelled out;
  out.id = string_or_empty(entry, "id");
  out.reply = string_or_empty(entry, "reply");
  out.host = string_or_empty(entry, "host");
  out.stage = stage_of_label(string_or_empty(entry, "stage"));
  out.dsn = parse_dsn(string_or_empty(entry, "dsn"));
  out.status = status_of_label(string_or_empty(entry, "action"));
  out.reply_class = class_named(string_or_empty(entry, "class"));
  out.accepted.insert(out.reply_class);
  for (const auto& also : entry["also"]) {
    out.accepted.insert(class_named(also.get<std::string>()));
  }
  if (entry["suppress"].is_boolean()) {
    out.suppress = entry["suppress"].get<bool>();
  }
  return out;
}

inline std::vector<Labelled> read_collection(const std::string& path) {
  std::vector<Labelled> entries;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    entries.push_back(labelled_of(nlohmann::json::parse(line)));
  }
  return entries;
}

/// The owner of a relay host by its name's end: enough for measuring.
inline std::string provider_of(std::string host) {
  static const std::vector<std::pair<std::string_view, std::string_view>> kSuffixes{
      {"olc.protection.outlook.com", "outlook"},
      {"hotmail.com", "outlook"},
      {"protection.outlook.com", "microsoft365"},
      {"google.com", "gmail"},
      {"googlemail.com", "gmail"},
      {"yahoodns.net", "yahoo"},
      {"yahoo.com", "yahoo"},
      {"aol.com", "yahoo"},
      {"icloud.com", "apple"},
      {"comcast.net", "comcast"},
      {"cox.net", "cox"},
      {"gmx.net", "gmx"},
      {"web.de", "gmx"},
      {"kundenserver.de", "gmx"},
      {"orange.fr", "orange"},
      {"laposte.net", "laposte"},
      {"mail.ru", "mailru"},
      {"yandex.ru", "yandex"},
      {"qq.com", "qq"},
      {"netease.com", "netease"},
      {"163.com", "netease"},
      {"mimecast.com", "mimecast"},
      {"pphosted.com", "proofpoint"},
      {"barracudanetworks.com", "barracuda"},
      {"iphmx.com", "ironport"},
      {"emailsrvr.com", "rackspace"},
      {"secureserver.net", "godaddy"},
      {"messagelabs.com", "symantec"},
  };
  for (char& c : host) {
    c = base::to_lower(c);
  }
  for (const auto& [suffix, provider] : kSuffixes) {
    if (mail::is_within(host, suffix)) {
      return std::string(provider);
    }
  }
  return "";
}

inline reply::Question question_of(const Labelled& entry, const std::string& provider) {
  reply::Question question;
  question.reply = entry.reply;
  question.provider = provider;
  question.host = entry.host;
  question.stage = entry.stage;
  question.dsn = entry.dsn;
  question.status = entry.status;
  return question;
}

}  // namespace rampart::test
