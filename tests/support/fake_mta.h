// A fake MTA: the MTA's side of the milter protocol, version 6, in plain calls. Speaks as Postfix
// 3.7 does: honours what the milter does not want to be sent or to answer, and the macro lists it
// asks for.
//
//   auto mta = FakeMta::dial("unix:/tmp/x/milter.sock");
//   mta->begin_session("client.example", "192.0.2.7");
//   const FakeOutcome outcome = mta->send({.sender = "<a@a.example>", .recipients =
//   {"<b@b.example>"},
//                                          .queue_id = "4Xk2Pq1z9Rz"});
//
// Source: mfdef.h of libmilter 8.17 (commands, flags); what Postfix 3.7 was seen to send.
// Threads: one FakeMta belongs to one thread.
// Errors: a connection that is lost, silent for longer than the time-out, or out of protocol ends
// the session: is_open() becomes false and every answer from then on is MilterAnswer::kLost.
// Limits: packets of at most 1 MiB.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::test {

using MilterMacros = std::vector<std::pair<std::string, std::string>>;

/// What the fake MTA offers at negotiation. Defaults: everything, as both MTAs do.
struct MtaOptions {
  std::uint32_t version = 6;
  std::uint32_t actions = 0x1ff;
  std::uint32_t protocol = 0x1fffff;
  std::chrono::milliseconds timeout{10'000};  ///< of each wait for the milter
};

/// The milter's answer to one command.
struct MilterAnswer {
  static constexpr char kContinue = 'c';
  static constexpr char kSkip = 's';
  static constexpr char kLost = '\0';

  char code = kContinue;  ///< SMFIR_*: 'c', 'a', 'd', 'r', 's', 't', 'y'
  std::string text;       ///< of 'y': "451 4.7.1 rampart: ..."

  [[nodiscard]] bool is_accepted() const noexcept { return code == 'c' || code == 'a'; }
};

/// A modification the milter asked for at end of message.
struct MilterChange {
  /// SMFIR_*: 'h' add header, 'm' change header, '-' delete recipient, 'q' quarantine
  char command = '\0';
  std::string first;        ///< header name, recipient, reason
  std::string second;       ///< header value; of 'm' "" to remove it
  std::uint32_t index = 0;  ///< of 'm': which one of that name, from 1
};

struct FakeMessage {
  std::string sender = "<news@a.example>";  ///< as spelled to the milter
  std::vector<std::string> recipients;
  std::string queue_id;
  std::string auth;                  ///< {auth_authen}, "" none
  std::string rcpt_mailer = "smtp";  ///< {rcpt_mailer}
  bool non_smtp = false;             ///< as Postfix' cleanup(8): queue ID at MAIL, no mailers
  std::size_t body_bytes = 100;
  std::vector<std::pair<std::string, std::string>> headers{{"Subject", "test"}};
  std::string body;  ///< instead of `body_bytes` of nothing
  std::size_t chunk_bytes = 65535;
};

struct FakeOutcome {
  std::vector<MilterAnswer> recipients;  ///< one each, in order
  std::size_t accepted = 0;              ///< recipients left for the message
  bool ended = false;                    ///< got as far as end of message
  MilterAnswer ending;
  std::vector<MilterChange> changes;
  std::size_t body_bytes = 0;  ///< of the body, sent before the milter wanted no more
  /// The message went into the MTA's queue.
  [[nodiscard]] bool is_queued() const noexcept { return ended && ending.is_accepted(); }
};

class FakeMta {
 public:
  /// @param listen  "unix:/path" or "inet:port@127.0.0.1"
  /// @return nullopt if nobody listens there
  static std::optional<FakeMta> dial(std::string_view listen, const MtaOptions& options = {});
  ~FakeMta();
  FakeMta(FakeMta&& other) noexcept;
  FakeMta& operator=(FakeMta&& other) noexcept;

  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }

  // --- whole sessions and messages ---
  /// negotiate(), connect(), helo(). @return false if the milter is not there or refuses the client
  bool begin_session(std::string_view host = "client.example",
                     std::string_view address = "192.0.2.7");
  /// One message with the macros that Postfix gives at each stage: the queue ID only from the
  /// second accepted recipient on. Without an accepted recipient the transaction is aborted.
  FakeOutcome send(const FakeMessage& message);

  // --- single steps; not sent if the milter does not want them, not waited for if it does not
  // answer ---
  bool negotiate();
  /// @param address  IPv4 or IPv6 text, or "" for an unknown family
  MilterAnswer connect(std::string_view host,
                       std::string_view address,
                       const MilterMacros& macros = {});
  MilterAnswer helo(std::string_view name);
  /// @param arguments  the address, then ESMTP parameters
  MilterAnswer mail(const std::vector<std::string>& arguments, const MilterMacros& macros = {});
  MilterAnswer rcpt(const std::vector<std::string>& arguments, const MilterMacros& macros = {});
  MilterAnswer data(const MilterMacros& macros = {});
  MilterAnswer header(std::string_view name, std::string_view value);
  MilterAnswer end_of_headers();
  MilterAnswer body(std::string_view chunk);
  /// @param changes  receives the modifications, may be nullptr
  MilterAnswer end_of_message(const MilterMacros& macros, std::vector<MilterChange>* changes);
  void abort();
  /// Says goodbye and closes.
  void quit();
  /// Closes without a word.
  void disconnect();
  /// Bytes as they are, in no frame.
  bool send_raw(std::string_view bytes);
  /// Waits for one packet. @return its command and data, or nullopt if the connection ended
  std::optional<std::pair<char, std::string>> read_packet();

  // --- what was agreed and done ---
  [[nodiscard]] std::uint32_t actions() const noexcept { return actions_; }
  [[nodiscard]] std::uint32_t protocol() const noexcept { return protocol_; }
  /// Answers waited for since negotiation.
  [[nodiscard]] std::uint64_t waits() const noexcept { return waits_; }

 private:
  FakeMta(int fd, const MtaOptions& options) : fd_(fd), options_(options) {}
  MilterAnswer step(char command, std::string_view data, const MilterMacros& macros);
  MilterAnswer wait(std::vector<MilterChange>* changes);
  void put_packet(char command, std::string_view data);
  void put_macros(char command, const MilterMacros& macros);
  [[nodiscard]] bool wants_macro(char command, std::string_view name) const;
  bool flush();
  bool fill(std::size_t bytes);
  MilterAnswer lost();

  int fd_ = -1;
  MtaOptions options_;
  std::uint32_t actions_ = 0;
  std::uint32_t protocol_ = 0;
  std::array<std::optional<std::string>, 7> macro_lists_;  // by SMFIM_*, " a b c "
  std::string out_;
  std::string in_;
  std::uint64_t waits_ = 0;
};

}  // namespace rampart::test
