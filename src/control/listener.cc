#include "listener.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <list>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rampart/base/line_stream.h"
#include "rampart/base/unix_socket.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

namespace rampart::control {
namespace {

using base::Error;

constexpr int kBacklog = 64;
constexpr base::Micros kRefusalTime = std::chrono::milliseconds{100};
constexpr int kOutOfDescriptorsPause = 100;  // milliseconds

void warn(const std::string& text) {
  telemetry::write(telemetry::Level::Warning, telemetry::Line("control").text(text));
}

// Gives the socket to the group. @return the group, or nullopt if only root and we may use it
std::optional<gid_t> admit_members(const std::string& path, const std::string& name) {
  if (name.empty()) {
    return std::nullopt;
  }
  const auto group = base::admit_group(path, name);
  if (!group) {
    warn(group.error().what + ": only root and rampart's own user can give commands");
    return std::nullopt;
  }
  return *group;
}

}  // namespace

struct Listener::Data {
  struct Client {
    std::jthread thread;
    std::atomic<bool> done{false};
  };

  Data(base::UnixListener socket, const Limits& some_limits, Handler some_handler)
      : listening(std::move(socket)), limits(some_limits), handler(std::move(some_handler)) {}

  base::UnixListener listening;
  const Limits limits;
  const Handler handler;
  std::optional<gid_t> group;
  base::Wake stop;
  std::list<Client> clients;  // of the accepting thread
  std::jthread acceptor;

  void accept_all();
  void accept_one();
  void serve(const base::Descriptor& fd, const Peer& peer) const;
  [[nodiscard]] base::SteadyTime in(base::Micros time) const {
    return base::SystemClock().steady_now() + time;
  }
};

// Answers until the client closes, is too slow, or cannot be understood as lines.
void Listener::Data::serve(const base::Descriptor& fd, const Peer& peer) const {
  base::LineStream stream(fd.get(), stop.get());
  for (;;) {
    const auto line = stream.read_line(limits.request_bytes, in(limits.timeout));
    if (!line) {
      if (line.error().kind == Error::Kind::InvalidInput) {
        static_cast<void>(
            stream.write(error_answer("usage", "the request is " + line.error().what) + '\n',
                         in(limits.timeout)));
      }
      return;
    }
    if (!stream.write(handler(*line, peer) + '\n', in(limits.timeout))) {
      return;
    }
  }
}

void Listener::Data::accept_one() {
  base::Descriptor fd = listening.accept();
  if (!fd.valid()) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
      telemetry::counter("control_refused_total").add();
      pollfd stopping{stop.get(), POLLIN, 0};
      poll(&stopping, 1, kOutOfDescriptorsPause);
    }
    return;
  }
  clients.remove_if([](const Client& client) { return client.done.load(); });
  const auto peer = find_peer(fd.get());
  std::string refusal;
  if (!peer || !may_command(*peer, geteuid(), group)) {
    const std::string user = peer ? peer->user : "unknown";
    telemetry::write(telemetry::Level::Warning, telemetry::Line("control")
                                                    .add("user", user)
                                                    .add("uid", peer ? peer->uid : 0)
                                                    .add("result", "denied"));
    refusal = error_answer("denied", "user " + user + " may not command rampart");
  } else if (clients.size() >= limits.clients) {
    telemetry::counter("control_refused_total").add();
    refusal = error_answer("unavailable", "too many commands at once; try again");
  }
  if (!refusal.empty()) {
    static_cast<void>(
        base::LineStream(fd.get(), stop.get()).write(refusal + '\n', in(kRefusalTime)));
    return;
  }
  Client& client = clients.emplace_back();
  try {
    client.thread = std::jthread([this, &client, connection = std::move(fd), who = *peer] {
      serve(connection, who);
      shutdown(connection.get(),
               SHUT_RDWR);  // the descriptor itself closes when the thread is reaped
      client.done = true;
    });
  } catch (const std::system_error&) {
    telemetry::counter("control_refused_total").add();
    clients.pop_back();
  }
}

void Listener::Data::accept_all() {
  for (;;) {
    std::array<pollfd, 2> watched{pollfd{listening.get(), POLLIN, 0},
                                  pollfd{stop.get(), POLLIN, 0}};
    if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) {
      return;
    }
    if (watched[1].revents != 0) {
      return;
    }
    if (watched[0].revents != 0) {
      accept_one();
    }
  }
}

Listener::Listener(std::unique_ptr<Data> data) : data_(std::move(data)) {}

base::Result<std::unique_ptr<Listener>> Listener::open(const Options& options,
                                                       const Limits& limits,
                                                       Handler handler) {
  auto listening = base::UnixListener::open(options.socket, kBacklog);
  if (!listening) {
    return listening.error();
  }
  auto data = std::make_unique<Data>(std::move(*listening), limits, std::move(handler));
  data->group = admit_members(options.socket, options.group);
  if (!data->stop.valid()) {
    return base::system_error("eventfd", errno);
  }
  data->acceptor = std::jthread([raw = data.get()] { raw->accept_all(); });
  return std::unique_ptr<Listener>(new Listener(std::move(data)));
}

Listener::~Listener() {
  data_->stop.set();
  data_->acceptor.join();
  data_->clients.clear();  // joins
}

}  // namespace rampart::control
