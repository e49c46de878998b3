#include "adapter.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <memory>
#include <string>

#include <arpa/inet.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "listen.h"
#include "session.h"

namespace rampart::milter {
namespace {

constexpr unsigned long kActions =
    SMFIF_ADDHDRS | SMFIF_DELRCPT | SMFIF_QUARANTINE | SMFIF_SETSYMLIST;

// What an MTA may leave out, and what it need not wait for. Postfix 3.7 and Sendmail 8.17 offer all
// of it, and still send the macros of a stage whose reply is left out. A one-recipient message then
// waits for two answers: RCPT and end of message. The queue ID is there at end of message, so DATA
// tells nothing.
constexpr unsigned long kProtocol = SMFIP_NOHELO | SMFIP_NODATA | SMFIP_NOHDRS | SMFIP_NOEOH |
                                    SMFIP_NOBODY | SMFIP_NOUNKNOWN | SMFIP_NR_CONN | SMFIP_NR_MAIL;

// With Options::read_notices. A header then costs no answer, and the body of mail that is not read
// one, which says "no more of it"; where the MTA has not offered that, no answer at all.
constexpr unsigned long kReadingActions = kActions | SMFIF_CHGHDRS;
constexpr unsigned long kReadingProtocol =
    (kProtocol & ~(0UL | SMFIP_NOHDRS | SMFIP_NOBODY)) | SMFIP_NR_HDR | SMFIP_SKIP;

struct MacroList {
  int stage;
  const char* names;
};

// A list replaces the MTA's own for that stage, so each is complete.
constexpr std::array<MacroList, 5> kMacroLists{{
    {SMFIM_CONNECT, "{client_addr}"},
    {SMFIM_ENVFROM, "i {mail_mailer} {auth_authen}"},
    {SMFIM_ENVRCPT, "i {rcpt_mailer}"},
    {SMFIM_DATA, "i"},
    {SMFIM_EOM, "i"},
}};

struct Service {
  std::atomic<Decider*> decider{nullptr};
  std::atomic<OnError> on_error{OnError::Accept};
  std::atomic<bool> read_notices{false};
  // smfi_main() returns while callbacks still run, and sessions outlive it: this gate keeps them
  // from an engine that is gone.
  std::atomic<bool> closed{false};
  std::atomic<int> callbacks{0};
};

Service& service() {
  static Service instance;
  return instance;
}

telemetry::Counter& sessions_counter() {
  static telemetry::Counter& instance = telemetry::counter("milter_sessions_total");
  return instance;
}

std::string_view view(const char* text) noexcept {
  return text == nullptr ? std::string_view{} : std::string_view{text};
}

// Empty and absent mean the same: Postfix sends {mail_addr}=[] for the null sender.
std::string_view macro(SMFICTX* ctx, const char* name) noexcept {
  return view(smfi_getsymval(ctx, const_cast<char*>(name)));
}

// What belongs to one connection of an MTA.
struct Connection {
  Session session{*service().decider, service().on_error, service().read_notices};
  // Agreed at negotiation: the callback of a piece of body answers "skip", or nothing.
  bool can_skip = false;
  bool answers_body = true;
};

Connection* find_connection(SMFICTX* ctx) noexcept {
  return static_cast<Connection*>(smfi_getpriv(ctx));
}

Session* find_session(SMFICTX* ctx) noexcept {
  Connection* connection = find_connection(ctx);
  return connection == nullptr ? nullptr : &connection->session;
}

// Usually made at CONNECT, but an MTA may leave that out.
Connection& connection_of(SMFICTX* ctx) {
  if (Connection* connection = find_connection(ctx)) {
    return *connection;
  }
  auto connection = std::make_unique<Connection>();
  smfi_setpriv(ctx, connection.get());
  sessions_counter().add();
  return *connection.release();
}

Session& session_of(SMFICTX* ctx) {
  return connection_of(ctx).session;
}

void report_error(const char* stage, SMFICTX* ctx, const char* what) noexcept {
  try {
    telemetry::counter("internal_errors_total").add();
    const Session* session = find_session(ctx);
    telemetry::Line line(session == nullptr || session->queue_id().empty() ? "NOQUEUE"
                                                                           : session->queue_id());
    line.add("stage", stage).add("error", what).text("internal error in the milter");
    telemetry::write(telemetry::Level::Error, line);
  } catch (...) {  // NOLINT(bugprone-empty-catch): nothing is left to tell it with
  }
}

// Counts a running callback. Sequentially consistent: either close_service() sees the callback, or
// the callback sees that the service is closed.
class Running {
 public:
  Running() noexcept { service().callbacks.fetch_add(1); }
  ~Running() {
    if (service().callbacks.fetch_sub(1) == 1 && service().closed) {
      service().callbacks.notify_all();
    }
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  [[nodiscard]] static bool is_allowed() noexcept { return !service().closed; }
};

// Runs `body`; what it throws is logged and counted, and `after` gives the answer.
template <class Body, class After>
sfsistat guarded(SMFICTX* ctx, const char* stage, const Body& body, const After& after) noexcept {
  const Running running;
  if (!Running::is_allowed()) {
    return SMFIS_ACCEPT;  // as if there were no rampart: the MTA's default_action
  }
  try {
    return body();
  } catch (const std::exception& error) {
    report_error(stage, ctx, error.what());
  } catch (...) {
    report_error(stage, ctx, "not a std::exception");
  }
  return after();
}

sfsistat give(SMFICTX* ctx, const Answer& answer) noexcept {
  if (answer.kind == Answer::Kind::Continue) {
    return SMFIS_CONTINUE;
  }
  // If libmilter does not take the text, the MTA uses its own words; the verdict stays.
  smfi_setreply(ctx, const_cast<char*>(answer.reply.code.c_str()),
                const_cast<char*>(answer.reply.enhanced.c_str()),
                const_cast<char*>(answer.reply.text.c_str()));
  return answer.kind == Answer::Kind::Reject ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

// The address of an SMTP client as text; "" for sendmail(1) over a unix socket and the like.
std::string address_text(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address == nullptr) {
    return {};
  }
  if (address->sa_family == AF_INET) {
    const auto* inet = reinterpret_cast<const sockaddr_in*>(address);
    inet_ntop(AF_INET, &inet->sin_addr, text.data(), text.size());
  } else if (address->sa_family == AF_INET6) {
    const auto* inet6 = reinterpret_cast<const sockaddr_in6*>(address);
    if (IN6_IS_ADDR_V4MAPPED(&inet6->sin6_addr)) {
      inet_ntop(AF_INET, &inet6->sin6_addr.s6_addr[12], text.data(), text.size());
    } else {
      inet_ntop(AF_INET6, &inet6->sin6_addr, text.data(), text.size());
    }
  }
  return text.data();
}

// smfi_* return MI_FAILURE where the MTA has not offered the action.
class LibmilterChanges final : public Changes {
 public:
  explicit LibmilterChanges(SMFICTX* ctx) : ctx_(ctx) {}
  bool remove_recipient(const std::string& spelling) override {
    return smfi_delrcpt(ctx_, const_cast<char*>(spelling.c_str())) == MI_SUCCESS;
  }
  bool hold(const std::string& reason) override {
    return smfi_quarantine(ctx_, const_cast<char*>(reason.c_str())) == MI_SUCCESS;
  }
  bool add_header(const std::string& name, const std::string& value) override {
    return smfi_addheader(ctx_, const_cast<char*>(name.c_str()),
                          const_cast<char*>(value.c_str())) == MI_SUCCESS;
  }
  bool remove_header(const std::string& name, std::uint32_t number) override {
    return smfi_chgheader(ctx_, const_cast<char*>(name.c_str()), static_cast<int>(number),
                          nullptr) == MI_SUCCESS;
  }

 private:
  SMFICTX* ctx_;
};

constexpr auto kContinue = []() noexcept -> sfsistat {
  return SMFIS_CONTINUE;
};
// libmilter turns this into SMFIS_CONTINUE where the MTA has not offered to go without a reply.
constexpr auto kNoReply = []() noexcept -> sfsistat {
  return SMFIS_NOREPLY;
};

// @param protocol  offered. @return what is asked for
unsigned long agree_on_reading(SMFICTX* ctx, unsigned long protocol) {
  Connection& connection = connection_of(ctx);
  connection.can_skip = (protocol & SMFIP_SKIP) != 0;
  connection.answers_body = connection.can_skip || (protocol & SMFIP_NR_BODY) == 0;
  return protocol & (connection.answers_body ? kReadingProtocol : kReadingProtocol | SMFIP_NR_BODY);
}

}  // namespace

extern "C" {

static sfsistat xxfi_negotiate(
    SMFICTX* ctx,
    unsigned long actions,
    unsigned long protocol,
    unsigned long /*reserved*/,
    unsigned long /*reserved*/,
    unsigned long* used_actions,
    unsigned long* used_protocol,
    unsigned long* used_2,
    unsigned long* used_3) {  // NOLINT(readability-function-size): libmilter's
  const bool reads = service().read_notices;
  *used_actions = actions & (reads ? kReadingActions : kActions);
  *used_protocol = protocol & kProtocol;
  *used_2 = 0;
  *used_3 = 0;
  if ((actions & SMFIF_SETSYMLIST) != 0) {
    for (const MacroList& list : kMacroLists) {
      smfi_setsymlist(ctx, list.stage, const_cast<char*>(list.names));
    }
  }
  if (reads) {
    guarded(
        ctx, "negotiate",
        [&]() -> sfsistat {
          *used_protocol = agree_on_reading(ctx, protocol);
          return SMFIS_CONTINUE;
        },
        kContinue);
  }
  return SMFIS_CONTINUE;
}

static sfsistat xxfi_connect(SMFICTX* ctx, char* host, sockaddr* address) {
  return guarded(
      ctx, "connect",
      [&]() -> sfsistat {
        std::string text = address_text(address);
        if (text.empty()) {
          text = macro(ctx, "{client_addr}");
        }
        session_of(ctx).on_connect(view(host), text);
        return SMFIS_NOREPLY;
      },
      kNoReply);
}

static sfsistat xxfi_envfrom(SMFICTX* ctx, char** arguments) {
  return guarded(
      ctx, "mail",
      [&]() -> sfsistat {
        session_of(ctx).on_mail(view(arguments[0]), {macro(ctx, "i"), macro(ctx, "{mail_mailer}"),
                                                     macro(ctx, "{auth_authen}")});
        return SMFIS_NOREPLY;
      },
      kNoReply);
}

static sfsistat xxfi_envrcpt(SMFICTX* ctx, char** arguments) {
  return guarded(
      ctx, "rcpt",
      [&]() -> sfsistat {
        return give(ctx, session_of(ctx).on_rcpt(view(arguments[0]),
                                                 {macro(ctx, "i"), macro(ctx, "{rcpt_mailer}")}));
      },
      [&]() noexcept -> sfsistat {
        Session* session = find_session(ctx);
        return session == nullptr ? SMFIS_CONTINUE : give(ctx, session->after_rcpt_error());
      });
}

static sfsistat xxfi_data(SMFICTX* ctx) {
  return guarded(
      ctx, "data",
      [&]() -> sfsistat {
        session_of(ctx).on_data(macro(ctx, "i"));
        return SMFIS_CONTINUE;
      },
      kContinue);
}

static sfsistat xxfi_header(SMFICTX* ctx, char* name, char* value) {
  return guarded(
      ctx, "header",
      [&]() -> sfsistat {
        session_of(ctx).on_header(view(name), view(value));
        return SMFIS_NOREPLY;
      },
      kNoReply);
}

static sfsistat xxfi_body(SMFICTX* ctx, unsigned char* bytes, std::size_t size) {
  return guarded(
      ctx, "body",
      [&]() -> sfsistat {
        Connection& connection = connection_of(ctx);
        const std::string_view chunk(reinterpret_cast<const char*>(bytes), size);
        const Body body = connection.session.on_body(chunk);
        if (!connection.answers_body) {
          return SMFIS_NOREPLY;
        }
        return body == Body::Unwanted && connection.can_skip ? SMFIS_SKIP : SMFIS_CONTINUE;
      },
      [&]() noexcept -> sfsistat {
        const Connection* connection = find_connection(ctx);
        return connection != nullptr && !connection->answers_body ? SMFIS_NOREPLY : SMFIS_CONTINUE;
      });
}

static sfsistat xxfi_eom(SMFICTX* ctx) {
  return guarded(
      ctx, "eom",
      [&]() -> sfsistat {
        LibmilterChanges changes(ctx);
        return give(ctx, session_of(ctx).on_eom(macro(ctx, "i"), changes));
      },
      [&]() noexcept -> sfsistat {
        Session* session = find_session(ctx);
        return session == nullptr ? SMFIS_CONTINUE : give(ctx, session->after_eom_error());
      });
}

// RSET, a lost client, a lost MTA. Postfix sends it twice for a client lost after DATA.
static sfsistat xxfi_abort(SMFICTX* ctx) {
  return guarded(
      ctx, "abort",
      [&]() -> sfsistat {
        if (Session* session = find_session(ctx)) {
          session->on_abort();
        }
        return SMFIS_CONTINUE;
      },
      kContinue);
}

static sfsistat xxfi_close(SMFICTX* ctx) {
  return guarded(
      ctx, "close",
      [&]() -> sfsistat {
        const std::unique_ptr<Connection> connection(find_connection(ctx));
        smfi_setpriv(ctx, nullptr);
        if (connection != nullptr) {
          connection->session.on_close();
        }
        return SMFIS_CONTINUE;
      },
      kContinue);
}

}  // extern "C"

base::Result<> start_service(const Options& options, Decider& decider) {
  if (auto checked = check_listen(options.listen); !checked) {
    return checked;
  }
  service().decider = &decider;
  service().on_error = options.on_error;
  service().read_notices = options.read_notices;
  smfiDesc description{};
  description.xxfi_name = const_cast<char*>("rampart");
  description.xxfi_version = SMFI_VERSION;
  description.xxfi_flags = options.read_notices ? kReadingActions : kActions;
  description.xxfi_connect = xxfi_connect;
  description.xxfi_envfrom = xxfi_envfrom;
  description.xxfi_envrcpt = xxfi_envrcpt;
  description.xxfi_data = xxfi_data;
  if (options.read_notices) {
    description.xxfi_header = xxfi_header;
    description.xxfi_body = xxfi_body;
  }
  description.xxfi_eom = xxfi_eom;
  description.xxfi_abort = xxfi_abort;
  description.xxfi_close = xxfi_close;
  description.xxfi_negotiate = xxfi_negotiate;
  if (smfi_register(description) != MI_SUCCESS) {
    return base::Error{base::Error::Kind::Unavailable, "libmilter does not take its callbacks"};
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.timeout).count();
  smfi_settimeout(static_cast<int>(std::clamp<long long>(seconds, 1, 1'000'000)));
  return open_listener(options);
}

bool serve() {
  const bool served = smfi_main() == MI_SUCCESS;
  service().closed = true;
  for (int running = service().callbacks; running != 0; running = service().callbacks) {
    service().callbacks.wait(running);
  }
  return served;
}

void stop_service() {
  smfi_stop();
}

}  // namespace rampart::milter
