#include "listener.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <list>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rampart/base/text.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "stream.h"

namespace rampart::control {
namespace {

using base::Error;

constexpr int kBacklog = 64;
constexpr base::Micros kRefusalTime = std::chrono::milliseconds{100};
constexpr int kOutOfDescriptorsPause = 100;  // milliseconds

Error failure(const std::string& what, int error) {
  return {Error::Kind::Unavailable, what + ": " + error_text(error)};
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  return address;
}

// Only a socket that refuses connections is known to be nobody's.
bool is_listened_to(const std::string& path) {
  const Descriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = address_of(path);
  return fd.get() < 0 ||
         connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
         errno != ECONNREFUSED;
}

base::Result<> remove_stale(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? base::Result<>(base::Ok{}) : failure(path, errno);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return Error{Error::Kind::Unavailable, path + " exists and is not a socket"};
  }
  if (is_listened_to(path)) {
    return Error{Error::Kind::Unavailable,
                 "another process listens on " + path + "; is rampart running already?"};
  }
  return unlink(path.c_str()) == 0 ? base::Result<>(base::Ok{})
                                   : failure("cannot remove the old socket " + path, errno);
}

void warn(const std::string& text) {
  telemetry::write(telemetry::Level::Warning, telemetry::Line("control").text(text));
}

// Gives the socket to the group. @return the group, or nullopt if only root and we may use it
std::optional<gid_t> admit_group(const std::string& path, const std::string& name) {
  if (name.empty()) {
    return std::nullopt;
  }
  const auto group = find_group(name);
  if (!group) {
    warn("there is no group " + name + ": only root and rampart's own user can give commands");
    return std::nullopt;
  }
  if (chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0 || chmod(path.c_str(), 0660) != 0) {
    warn("cannot give " + path + " to group " + name + " (" + error_text(errno) +
         "): only root and rampart's own user can give commands");
    return std::nullopt;
  }
  return group;
}

base::Result<Descriptor> listen_on(const std::string& path) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Error{Error::Kind::InvalidInput, "\"" + path + "\" is no path of a unix socket"};
  }
  if (const auto removed = remove_stale(path); !removed) {
    return removed.error();
  }
  Descriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) {
    return failure("socket", errno);
  }
  const sockaddr_un address = address_of(path);
  const mode_t mask = umask(0177);  // nobody else until the group is set
  const int bound = bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  umask(mask);
  if (bound != 0) {
    return failure("cannot make the command socket " + path, error);
  }
  if (listen(fd.get(), kBacklog) != 0) {
    return failure("cannot listen on " + path, errno);
  }
  return fd;
}

}  // namespace

struct Listener::Data {
  struct Client {
    std::jthread thread;
    std::atomic<bool> done{false};
  };

  std::string path;
  Limits limits;
  Handler handler;
  std::optional<gid_t> group;
  Descriptor listening;
  Descriptor stop;
  ino_t inode = 0;
  std::list<Client> clients;  // of the accepting thread
  std::jthread acceptor;

  void accept_all();
  void accept_one();
  void serve(const Descriptor& fd, const Peer& peer) const;
  [[nodiscard]] base::SteadyTime in(base::Micros time) const {
    return base::SystemClock().steady_now() + time;
  }
};

// Answers until the client closes, is too slow, or cannot be understood as lines.
void Listener::Data::serve(const Descriptor& fd, const Peer& peer) const {
  Stream stream(fd.get(), stop.get());
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
  Descriptor fd(accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd.get() < 0) {
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
    static_cast<void>(Stream(fd.get(), stop.get()).write(refusal + '\n', in(kRefusalTime)));
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
  auto listening = listen_on(options.socket);
  if (!listening) {
    return listening.error();
  }
  auto data = std::make_unique<Data>();
  data->path = options.socket;
  data->limits = limits;
  data->handler = std::move(handler);
  data->group = admit_group(options.socket, options.group);
  data->listening = std::move(*listening);
  data->stop = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (data->stop.get() < 0) {
    return failure("eventfd", errno);
  }
  struct stat status {};
  if (lstat(data->path.c_str(), &status) == 0) {
    data->inode = status.st_ino;
  }
  data->acceptor = std::jthread([raw = data.get()] { raw->accept_all(); });
  return std::unique_ptr<Listener>(new Listener(std::move(data)));
}

Listener::~Listener() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t told = write(data_->stop.get(), &one, sizeof one);
  data_->acceptor.join();
  data_->clients.clear();  // joins
  struct stat status {};
  if (lstat(data_->path.c_str(), &status) == 0 && status.st_ino == data_->inode) {
    unlink(data_->path.c_str());
  }
}

}  // namespace rampart::control
