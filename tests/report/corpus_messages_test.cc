// How many of a labelled collection of mails are read right, if there is one beside the checkout.
// In two halves: A may be read while the reader is written, B is only measured.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include "rampart/base/text.h"
#include "rampart/report/message.h"
#include "support/catch.h"

#include "report/phrases_file.h"

namespace rampart::report {
namespace {

using nlohmann::json;

const std::string kCollection = RAMPART_SOURCE_DIR "/../shared/corpus/";
const std::string kLabels = kCollection + "messages/expected.jsonl";

struct Expected {
  std::string recipient;
  std::string alias;
  std::string action;
  std::string status;
  std::string code;
};

struct Labelled {
  std::string id;
  std::string file;
  std::string kind;
  std::vector<Expected> recipients;
};

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) {
    return {};
  }
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::vector<Labelled> read_labels() {
  std::vector<Labelled> all;
  std::ifstream file(kLabels);
  std::string line;
  while (std::getline(file, line)) {
    const json object = json::parse(line);
    Labelled mail;
    mail.id = text_of(object, "id");
    mail.file = text_of(object, "file");
    mail.kind = text_of(object, "kind");
    for (const json& each : object["recipients"]) {
      mail.recipients.push_back({text_of(each, "recipient"), text_of(each, "alias"),
                                 text_of(each, "action"), text_of(each, "status"),
                                 text_of(each, "code")});
    }
    all.push_back(std::move(mail));
  }
  return all;
}

/// FNV-1a: which half a mail belongs to must never change.
bool in_half_a(const std::string& id) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : id) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return (hash >> 32U) % 2 == 0;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

struct Figures {
  int mails = 0;
  std::map<std::string, int> wrong_kinds;  ///< "autoreply read as bounce"
  int kinds = 0;
  int expected = 0;
  int found = 0;
  int reported = 0;
  int invented = 0;
  int actions = 0;
  int with_status = 0;
  int statuses = 0;
  int with_code = 0;
  int codes = 0;
  int silenced = 0;        ///< feedback, automatic replies, ordinary mail
  int silence_broken = 0;  ///< of these, with recipients
};

bool names(const MessageRecipient& recipient, const Expected& expected) {
  for (const std::string& text : {expected.recipient, expected.alias}) {
    if (text.empty()) {
      continue;
    }
    const auto address = mail::parse_address(text);
    const std::string wanted = base::to_lower(address ? to_string(*address) : text);
    if (base::to_lower(to_string(recipient.recipient)) == wanted ||
        (recipient.original && base::to_lower(to_string(*recipient.original)) == wanted)) {
      return true;
    }
  }
  return false;
}

// Adds one mail to the figures; returns what is wrong with it, "" if nothing is.
std::string add(Figures& figures, const Labelled& labelled, const Message& message) {
  std::string wrong;
  ++figures.mails;
  if (to_string(message.kind) == labelled.kind) {
    ++figures.kinds;
  } else {
    ++figures.wrong_kinds[labelled.kind + " read as " + std::string(to_string(message.kind))];
    wrong += " kind=" + std::string(to_string(message.kind));
  }
  if (labelled.recipients.empty()) {
    ++figures.silenced;
    figures.silence_broken += message.recipients.empty() ? 0 : 1;
  }
  std::vector<bool> known(message.recipients.size());
  for (const Expected& expected : labelled.recipients) {
    ++figures.expected;
    figures.with_status += expected.status.empty() ? 0 : 1;
    figures.with_code += expected.code.empty() ? 0 : 1;
    bool found = false;
    for (std::size_t i = 0; i < message.recipients.size(); ++i) {
      const MessageRecipient& recipient = message.recipients[i];
      if (!names(recipient, expected)) {
        continue;
      }
      known[i] = true;
      if (found) {
        continue;
      }
      found = true;
      ++figures.found;
      const bool action = to_string(recipient.action) == expected.action;
      const std::string status = recipient.status ? to_string(*recipient.status) : "";
      const bool same_status = expected.status.empty() || status == expected.status;
      const std::string code = std::to_string(recipient.reply.code);
      const bool same_code = expected.code.empty() || code == expected.code;
      figures.actions += action ? 1 : 0;
      figures.statuses += !expected.status.empty() && same_status ? 1 : 0;
      figures.codes += !expected.code.empty() && same_code ? 1 : 0;
      wrong += action ? "" : " action=" + std::string(to_string(recipient.action));
      wrong += same_status ? "" : " status=" + status + "!=" + expected.status;
      wrong += same_code ? "" : " code=" + code + "!=" + expected.code;
    }
    wrong += found ? "" : " missed=" + expected.recipient;
  }
  for (std::size_t i = 0; i < known.size(); ++i) {
    ++figures.reported;
    if (!known[i]) {
      ++figures.invented;
      wrong += " invented=" + to_string(message.recipients[i].recipient);
    }
  }
  return wrong;
}

double share(int part, int whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / whole;
}

void print(const char* name, const Figures& f) {
  std::printf(
      "%s: %d mails, kinds right %.3f, recipients found %.3f (%d of %d), invented %.3f (%d of %d), "
      "actions right %.3f, status right %.3f, code right %.3f, recipients in %d of %d mails that "
      "must have none\n",
      name, f.mails, share(f.kinds, f.mails), share(f.found, f.expected), f.found, f.expected,
      share(f.invented, f.reported), f.invented, f.reported, share(f.actions, f.found),
      share(f.statuses, f.with_status), share(f.codes, f.with_code), f.silence_broken, f.silenced);
  for (const auto& [what, count] : f.wrong_kinds) {
    std::printf("  %d %s\n", count, what.c_str());
  }
}

void check_floors(const Figures& f) {
  CHECK(share(f.kinds, f.mails) >= 0.97);
  CHECK(share(f.found, f.expected) >= 0.97);
  CHECK(share(f.invented, f.reported) <= 0.015);
  CHECK(share(f.actions, f.found) >= 0.97);
  CHECK(share(f.statuses, f.with_status) >= 0.97);
  CHECK(f.silence_broken <= 1);
}

TEST_CASE("a labelled collection of mails is read", "[report][measure]") {
  if (!std::filesystem::exists(kLabels)) {
    WARN("no collection beside the checkout: nothing measured");
    return;
  }
  Figures a;
  Figures b;
  for (const Labelled& labelled : read_labels()) {
    const Message message = test::read_notice(read_file(kCollection + labelled.file));
    add(in_half_a(labelled.id) ? a : b, labelled, message);
  }
  print("half A", a);
  print("half B", b);
  check_floors(a);
  check_floors(b);
}

// Hidden: lists what half A gets wrong. There is no such list for half B, on purpose.
TEST_CASE("wrongly read mails of half A", "[.misses]") {
  Figures figures;
  for (const Labelled& labelled : read_labels()) {
    if (!in_half_a(labelled.id)) {
      continue;
    }
    const Message message = test::read_notice(read_file(kCollection + labelled.file));
    const std::string wrong = add(figures, labelled, message);
    if (!wrong.empty()) {
      std::printf("%s %s:%s\n", labelled.id.c_str(), labelled.kind.c_str(), wrong.c_str());
    }
  }
}

}  // namespace
}  // namespace rampart::report
