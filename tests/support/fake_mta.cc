#include "support/fake_mta.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <libmilter/mfdef.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace rampart::test {
namespace {

constexpr std::size_t kPacketBytesMax = 1U << 20U;

// SMFIM_*: the order in which libmilter numbers the stages.
constexpr std::string_view kStages = "CHMRTEN";

struct Wish {
  char command;
  unsigned long not_sent;
  unsigned long not_answered;
};

constexpr std::array<Wish, 10> kWishes{{
    {SMFIC_CONNECT, SMFIP_NOCONNECT, SMFIP_NR_CONN},
    {SMFIC_HELO, SMFIP_NOHELO, SMFIP_NR_HELO},
    {SMFIC_MAIL, SMFIP_NOMAIL, SMFIP_NR_MAIL},
    {SMFIC_RCPT, SMFIP_NORCPT, SMFIP_NR_RCPT},
    {SMFIC_DATA, SMFIP_NODATA, SMFIP_NR_DATA},
    {SMFIC_HEADER, SMFIP_NOHDRS, SMFIP_NR_HDR},
    {SMFIC_EOH, SMFIP_NOEOH, SMFIP_NR_EOH},
    {SMFIC_BODY, SMFIP_NOBODY, SMFIP_NR_BODY},
    {SMFIC_UNKNOWN, SMFIP_NOUNKNOWN, SMFIP_NR_UNKN},
    {SMFIC_BODYEOB, 0, 0},
}};

void put_number(std::string& out, std::uint32_t number) {
  for (const int shift : {24, 16, 8, 0}) {
    out += static_cast<char>((number >> shift) & 0xffU);
  }
}

std::uint32_t get_number(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number = (number << 8U) | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

void put_text(std::string& out, std::string_view text) {
  out += text;
  out += '\0';
}

// The text up to the next NUL, which is taken as well.
std::string take_text(std::string_view& bytes) {
  const std::size_t end = std::min(bytes.find('\0'), bytes.size());
  std::string text(bytes.substr(0, end));
  bytes.remove_prefix(std::min(end + 1, bytes.size()));
  return text;
}

bool is_change(char command) noexcept {
  return std::string_view("+-2behim").find(command) != std::string_view::npos ||
         command == SMFIR_QUARANTINE;
}

int dial_unix(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return -1;
  }
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

int dial_inet(std::string_view port_at_host) {
  const std::size_t at = std::min(port_at_host.find('@'), port_at_host.size());
  std::uint16_t port = 0;
  std::from_chars(port_at_host.data(), port_at_host.data() + at, port);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (fd >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

}  // namespace

std::optional<FakeMta> FakeMta::dial(std::string_view listen, const MtaOptions& options) {
  const bool local = listen.starts_with("unix:");
  const int fd = local ? dial_unix(listen.substr(5))
                       : dial_inet(listen.substr(std::min<std::size_t>(5, listen.size())));
  if (fd < 0) {
    return std::nullopt;
  }
  timeval timeout{};
  timeout.tv_sec = static_cast<time_t>(options.timeout.count() / 1000);
  timeout.tv_usec = static_cast<suseconds_t>(options.timeout.count() % 1000 * 1000);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  return FakeMta(fd, options);
}

FakeMta::~FakeMta() {
  disconnect();
}

FakeMta::FakeMta(FakeMta&& other) noexcept {
  *this = std::move(other);
}

FakeMta& FakeMta::operator=(FakeMta&& other) noexcept {
  if (this != &other) {
    disconnect();
    fd_ = std::exchange(other.fd_, -1);
    options_ = other.options_;
    actions_ = other.actions_;
    protocol_ = other.protocol_;
    macro_lists_ = std::move(other.macro_lists_);
    out_ = std::move(other.out_);
    in_ = std::move(other.in_);
    waits_ = other.waits_;
  }
  return *this;
}

bool FakeMta::begin_session(std::string_view host, std::string_view address) {
  return negotiate() &&
         connect(host, address,
                 {{"j", "mta1.sender.example"},
                  {"v", "Postfix 3.7.11"},
                  {"{daemon_name}", "mta1.sender.example"},
                  {"{client_addr}", std::string(address)}})
             .is_accepted() &&
         helo(host).is_accepted() && is_open();
}

FakeOutcome FakeMta::send(const FakeMessage& message) {
  FakeOutcome outcome;
  MilterMacros mail_macros;
  if (message.non_smtp) {
    mail_macros = {{"i", message.queue_id}, {"{mail_addr}", message.sender}};
  } else {
    mail_macros = {{"{mail_addr}", message.sender}, {"{mail_mailer}", "smtp"}};
    if (!message.auth.empty()) {
      mail_macros.emplace_back("{auth_authen}", message.auth);
    }
  }
  if (!mail({message.sender}, mail_macros).is_accepted()) {
    return outcome;
  }
  for (const std::string& recipient : message.recipients) {
    MilterMacros macros{{"{rcpt_addr}", recipient}};
    if (!message.non_smtp) {
      macros.emplace_back("{rcpt_mailer}", message.rcpt_mailer);
    }
    if (message.non_smtp || outcome.accepted > 0) {
      macros.emplace_back("i", message.queue_id);
    }
    outcome.recipients.push_back(rcpt({recipient}, macros));
    outcome.accepted += outcome.recipients.back().is_accepted() ? 1U : 0U;
  }
  if (outcome.accepted == 0 || !is_open()) {
    abort();
    return outcome;
  }
  const MilterMacros with_id{{"i", message.queue_id}};
  if (!data(with_id).is_accepted()) {
    return outcome;
  }
  for (const auto& [name, value] : message.headers) {
    header(name, value);
  }
  end_of_headers();
  const std::string text =
      message.body.empty() ? std::string(message.body_bytes, 'x') : message.body;
  bool goes_on = (protocol_ & SMFIP_NOBODY) == 0;
  while (goes_on && outcome.body_bytes < text.size()) {
    const std::string chunk = text.substr(outcome.body_bytes, message.chunk_bytes);
    goes_on = body(chunk).code != MilterAnswer::kSkip;
    outcome.body_bytes += chunk.size();
  }
  outcome.ending = end_of_message(with_id, &outcome.changes);
  outcome.ended = true;
  return outcome;
}

bool FakeMta::negotiate() {
  std::string offer;
  put_number(offer, options_.version);
  put_number(offer, options_.actions);
  put_number(offer, options_.protocol);
  put_packet(SMFIC_OPTNEG, offer);
  const auto reply = flush() ? read_packet() : std::nullopt;
  if (!reply || reply->first != SMFIC_OPTNEG || reply->second.size() < MILTER_OPTLEN) {
    disconnect();
    return false;
  }
  std::string_view rest = reply->second;
  actions_ = get_number(rest.substr(4));
  protocol_ = get_number(rest.substr(8));
  rest.remove_prefix(MILTER_OPTLEN);
  while (rest.size() >= 5) {
    const std::uint32_t stage = get_number(rest);
    rest.remove_prefix(4);
    std::string names = ' ' + take_text(rest) + ' ';
    if (stage < macro_lists_.size()) {
      macro_lists_[stage] = std::move(names);
    }
  }
  return true;
}

MilterAnswer FakeMta::connect(std::string_view host,
                              std::string_view address,
                              const MilterMacros& macros) {
  std::string data;
  put_text(data, host);
  if (address.empty()) {
    data += SMFIA_UNKNOWN;
  } else {
    data += address.find(':') == std::string_view::npos ? SMFIA_INET : SMFIA_INET6;
    data += std::string_view("\x9c\x40", 2);
    put_text(data, address);
  }
  return step(SMFIC_CONNECT, data, macros);
}

MilterAnswer FakeMta::helo(std::string_view name) {
  std::string data;
  put_text(data, name);
  return step(SMFIC_HELO, data, {});
}

MilterAnswer FakeMta::mail(const std::vector<std::string>& arguments, const MilterMacros& macros) {
  std::string data;
  for (const std::string& argument : arguments) {
    put_text(data, argument);
  }
  return step(SMFIC_MAIL, data, macros);
}

MilterAnswer FakeMta::rcpt(const std::vector<std::string>& arguments, const MilterMacros& macros) {
  std::string data;
  for (const std::string& argument : arguments) {
    put_text(data, argument);
  }
  return step(SMFIC_RCPT, data, macros);
}

MilterAnswer FakeMta::data(const MilterMacros& macros) {
  return step(SMFIC_DATA, {}, macros);
}

MilterAnswer FakeMta::header(std::string_view name, std::string_view value) {
  std::string data;
  put_text(data, name);
  put_text(data, value);
  return step(SMFIC_HEADER, data, {});
}

MilterAnswer FakeMta::end_of_headers() {
  return step(SMFIC_EOH, {}, {});
}

MilterAnswer FakeMta::body(std::string_view chunk) {
  return step(SMFIC_BODY, chunk, {});
}

MilterAnswer FakeMta::end_of_message(const MilterMacros& macros,
                                     std::vector<MilterChange>* changes) {
  put_macros(SMFIC_BODYEOB, macros);
  put_packet(SMFIC_BODYEOB, {});
  return wait(changes);
}

void FakeMta::abort() {
  put_packet(SMFIC_ABORT, {});
  flush();
}

void FakeMta::quit() {
  put_packet(SMFIC_QUIT, {});
  flush();
  disconnect();
}

void FakeMta::disconnect() {
  if (fd_ >= 0) {
    close(std::exchange(fd_, -1));
  }
}

bool FakeMta::send_raw(std::string_view bytes) {
  out_ += bytes;
  return flush();
}

MilterAnswer FakeMta::step(char command, std::string_view data, const MilterMacros& macros) {
  const auto* wish = std::find_if(kWishes.begin(), kWishes.end(),
                                  [&](const Wish& one) { return one.command == command; });
  if (!is_open()) {
    return lost();
  }
  if ((protocol_ & wish->not_sent) != 0) {
    return {};
  }
  put_macros(command, macros);
  put_packet(command, data);
  if ((protocol_ & wish->not_answered) != 0) {
    return flush() ? MilterAnswer{} : lost();
  }
  return wait(nullptr);
}

MilterAnswer FakeMta::wait(std::vector<MilterChange>* changes) {
  ++waits_;
  if (!flush()) {
    return lost();
  }
  while (auto packet = read_packet()) {
    if (packet->first == SMFIR_PROGRESS) {
      continue;
    }
    std::string_view rest = packet->second;
    if (!is_change(packet->first)) {
      return {packet->first, take_text(rest)};
    }
    MilterChange change;
    change.command = packet->first;
    if (change.command == SMFIR_CHGHEADER && rest.size() >= 4) {
      change.index = get_number(rest);
      rest.remove_prefix(4);
    }
    change.first = take_text(rest);
    change.second = take_text(rest);
    if (changes != nullptr) {
      changes->push_back(std::move(change));
    }
  }
  return lost();
}

void FakeMta::put_packet(char command, std::string_view data) {
  put_number(out_, static_cast<std::uint32_t>(data.size() + 1));
  out_ += command;
  out_ += data;
}

void FakeMta::put_macros(char command, const MilterMacros& macros) {
  std::string data(1, command);
  for (const auto& [name, value] : macros) {
    if (wants_macro(command, name)) {
      put_text(data, name);
      put_text(data, value);
    }
  }
  if (data.size() > 1) {
    put_packet(SMFIC_MACRO, data);
  }
}

bool FakeMta::wants_macro(char command, std::string_view name) const {
  const std::size_t stage = kStages.find(command);
  return stage == std::string_view::npos || !macro_lists_[stage] ||
         macro_lists_[stage]->find(' ' + std::string(name) + ' ') != std::string::npos;
}

bool FakeMta::flush() {
  std::size_t sent = 0;
  while (is_open() && sent < out_.size()) {
    const ssize_t count = ::send(fd_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) {
      disconnect();
      break;
    }
    sent += static_cast<std::size_t>(count);
  }
  out_.clear();
  return is_open();
}

std::optional<std::pair<char, std::string>> FakeMta::read_packet() {
  if (!fill(5)) {
    return std::nullopt;
  }
  const std::size_t size = get_number(in_);
  if (size == 0 || size > kPacketBytesMax) {
    disconnect();
    return std::nullopt;
  }
  if (!fill(4 + size)) {
    return std::nullopt;
  }
  std::pair<char, std::string> packet(in_[4], in_.substr(5, size - 1));
  in_.erase(0, 4 + size);
  return packet;
}

bool FakeMta::fill(std::size_t bytes) {
  std::array<char, 4096> buffer{};
  while (is_open() && in_.size() < bytes) {
    const ssize_t count = recv(fd_, buffer.data(), buffer.size(), 0);
    if (count <= 0) {
      disconnect();
      return false;
    }
    in_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return in_.size() >= bytes;
}

MilterAnswer FakeMta::lost() {
  disconnect();
  return {MilterAnswer::kLost, {}};
}

}  // namespace rampart::test
