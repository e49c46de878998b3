#include "report/golden.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "rampart/base/text.h"
#include "support/catch.h"

namespace rampart::test {
namespace {

using namespace report;  // NOLINT(google-build-using-namespace): every name below is from there

std::string print_relay(const mail::Relay& relay) {
  std::string text = relay.host;
  if (!relay.address.empty()) {
    text += '[' + relay.address + ']';
  }
  if (relay.port != 0) {
    text += ':' + std::to_string(relay.port);
  }
  return text;
}

std::string print_reply(const mail::Reply& reply) {
  constexpr std::size_t kShown = 100;
  std::string text =
      " stage=" + std::string(to_string(reply.stage)) + " code=" + std::to_string(reply.code);
  if (reply.enhanced) {
    text += " enhanced=" + to_string(*reply.enhanced);
  }
  return text + " said: " + base::printable(reply.text, kShown);
}

std::string print_envelope(const mail::Address& sender,
                           const std::optional<mail::Address>& recipient) {
  return " from=" + to_string(sender) + (recipient ? " to=" + to_string(*recipient) : "");
}

struct Printer {
  std::string queue;

  std::string operator()(const Foreign&) const { return "foreign"; }
  std::string operator()(const Ignored&) const { return "ignored"; }
  std::string operator()(const NotUnderstood&) const { return "not-understood"; }
  std::string operator()(const Delivery& d) const {
    std::string text = "delivery" + queue + " to=" + to_string(d.recipient);
    if (d.original_recipient) {
      text += " orig=" + to_string(*d.original_recipient);
    }
    text += " relay=" + (d.relay_none ? "none" : print_relay(d.relay));
    text += " status=" + std::string(to_string(d.status));
    text += " dsn=" + (d.dsn ? to_string(*d.dsn) : "");
    text += d.leaves_host ? " leaves=yes" : " leaves=no";
    text += d.attempted ? "" : " attempted=no";
    text += d.own ? " own=yes" : "";
    text += d.forwarded_as ? " next=" + d.forwarded_as->text() : "";
    return text + print_reply(d.reply);
  }
  std::string operator()(const RefusedToTalk& r) const {
    return "refused-to-talk" + queue + " relay=" + print_relay(r.relay) + print_reply(r.reply);
  }
  std::string operator()(const QueueActive& q) const {
    return "active" + queue + " from=" + to_string(q.sender) +
           " recipients=" + std::to_string(q.recipients);
  }
  std::string operator()(const Expired& e) const {
    return "expired" + queue + " from=" + to_string(e.sender);
  }
  std::string operator()(const Removed&) const { return "removed" + queue; }
  std::string operator()(const Requeued& r) const {
    return "requeued" + queue + " old=" + r.old_id.text();
  }
  std::string operator()(const Cloned& c) const {
    return "cloned" + queue + " old=" + c.old_id.text();
  }
  std::string operator()(const RecipientRemoved& r) const {
    return "recipient-removed" + queue + " to=" + to_string(r.recipient);
  }
  std::string operator()(const Picked&) const { return "picked" + queue; }
  std::string operator()(const Deleted&) const { return "deleted" + queue; }
  std::string operator()(const ReleasedFromHold&) const { return "released" + queue; }
  std::string operator()(const PlacedOnHold&) const { return "held" + queue; }
  std::string operator()(const MilterReject& m) const {
    return "milter-reject" + queue + " stage=" + m.stage + print_envelope(m.sender, m.recipient) +
           " text: " + m.text;
  }
  std::string operator()(const MilterHold& m) const {
    return "milter-hold" + queue + " stage=" + m.stage + print_envelope(m.sender, m.recipient);
  }
  std::string operator()(const Accepted& a) const {
    return "accepted" + queue + " client=" + a.client;
  }
  std::string operator()(const MessageId& m) const { return "message-id" + queue + ' ' + m.text; }
  std::string operator()(const BounceSent& b) const {
    static constexpr std::string_view kKinds[] = {"failure", "delay", "status"};
    return "notification" + queue +
           " kind=" + std::string(kKinds[static_cast<std::size_t>(b.kind)]) +
           " dsn-queue=" + b.dsn_id.text() + (b.to_postmaster ? " to=postmaster" : "");
  }
};

}  // namespace

std::string describe(const LogLine& line) {
  const std::string queue = line.queue_id.empty() ? "" : " queue=" + line.queue_id.text();
  return std::visit(Printer{queue}, line.event);
}

std::vector<std::string> read_lines(const std::string& path) {
  INFO(path);
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file.is_open());
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> find_files(const std::string& directory, std::string_view suffix) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (std::string path = entry.path().string(); path.ends_with(suffix)) {
      found.push_back(std::move(path));
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string golden_directory(std::string_view mta) {
  return std::string(RAMPART_SOURCE_DIR) + "/tests/golden/" + std::string(mta);
}

std::string mutate(std::string line, std::mt19937& random) {
  const auto below = [&random](std::size_t limit) {
    return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit);
  };
  static constexpr std::string_view kNasty("\0\"\\<>[](),:;= \xff\r", 17);
  const std::size_t at = below(line.size());
  switch (random() % 6) {
    case 0:
      line[at] = static_cast<char>(random() % 256);
      break;
    case 1:
      line.erase(at, 1 + below(4));
      break;
    case 2:
      line.insert(at, 1, kNasty[below(kNasty.size())]);
      break;
    case 3:
      line.resize(at);
      break;
    case 4:
      line.insert(at, line.substr(below(line.size()), below(64)));
      break;
    default:
      line[at] = kNasty[below(kNasty.size())];
      break;
  }
  return line;
}

}  // namespace rampart::test
