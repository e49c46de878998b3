#include "rampart/release/helper.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <list>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "rampart/base/unix_socket.h"
#include "rampart/release/key_file.h"
#include "rampart/release/protocol.h"
#include "rampart/release/work.h"
#include "rampart/telemetry/log.h"

namespace rampart::release {
namespace {

using base::Error;

constexpr std::size_t kClientsMax = 16;
constexpr int kBacklog = 16;
constexpr base::Micros kRequestTime = std::chrono::seconds{10};
constexpr base::Micros kAnswerTime = std::chrono::seconds{30};
constexpr int kPollMilliseconds = 1000;

// Where others may rename and make files, they could put theirs in the socket's place.
base::Result<> check_place(const std::string& path) {
  const std::string directory = std::filesystem::absolute(path).parent_path().string();
  struct stat status {};
  if (lstat(directory.c_str(), &status) != 0) {
    return base::system_error("directory of the socket " + path, errno);
  }
  if (!S_ISDIR(status.st_mode) || (status.st_uid != 0 && status.st_uid != geteuid()) ||
      (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error{Error::Kind::Denied,
                 directory +
                     " must be a directory of root's that nobody else can write to, as "
                     "root listens on a socket in it: hold.releaser"};
  }
  return base::Ok{};
}

// Only the owner of the key and root get through the socket file.
base::Result<base::UnixListener> listen_on(const std::string& path, uid_t owner) {
  if (const auto safe = check_place(path); !safe) {
    return safe.error();
  }
  auto listening = base::UnixListener::open(path, kBacklog);
  if (listening && lchown(path.c_str(), owner, static_cast<gid_t>(-1)) != 0) {
    return base::system_error("cannot give away the socket " + path, errno);
  }
  return listening;
}

struct Client {
  base::Descriptor fd;
  uid_t uid = 0;
  pid_t pid = 0;
  std::string request;
  std::string answer;  ///< what is left of it to be written; "" while the request comes
  base::SteadyTime deadline{};
};

}  // namespace

struct Helper::Data {
  Data(Options given,
       std::unique_ptr<MtaTools> mta,
       const base::Clock& time,
       uid_t user,
       base::UnixListener socket)
      : options(std::move(given)),
        tools(std::move(mta)),
        clock(time),
        owner(user),
        listening(std::move(socket)) {}

  const Options options;
  const std::unique_ptr<MtaTools> tools;
  const base::Clock& clock;
  const uid_t owner;
  const base::UnixListener listening;
  std::list<Client> clients;

  void accept_one();
  void receive(Client& client);
  void send(Client& client) const;
  void finish(Client& client, std::string answer) const;
  std::string answer(const Client& client, const Request& request) const;
  base::Result<mail::HoldKey> key() const;
  void serve_ready(const std::vector<pollfd>& watched);
};

namespace {

void log_request(const Client& client,
                 const Request& request,
                 const base::Result<std::vector<Answer>>& answers) {
  telemetry::Line line("releaser");
  line.add("command", to_string(request.command))
      .add("uid", client.uid)
      .add("pid", static_cast<std::uint64_t>(client.pid))
      .add("asked", request.ids.size());
  if (!answers) {
    telemetry::write(telemetry::Level::Error, line.text(answers.error().what));
    return;
  }
  std::map<std::string_view, std::uint64_t> counts;
  for (const Answer& answer : *answers) {
    ++counts[to_string(answer.outcome)];
  }
  for (const auto& [outcome, count] : counts) {
    line.add(outcome, count);
  }
  telemetry::write(telemetry::Level::Info, line);
}

// Each message that left the hold queue, or was refused to: for who greps its queue ID.
void log_messages(const std::vector<Answer>& answers) {
  for (const Answer& answer : answers) {
    telemetry::Line line(answer.id.text());
    line.add("releaser", to_string(answer.outcome));
    if (!answer.text.empty()) {
      line.text(answer.text);
    }
    telemetry::write(
        answer.outcome == Outcome::NotOurs ? telemetry::Level::Warning : telemetry::Level::Info,
        line);
  }
}

}  // namespace

// Read each time: a new one is good at once.
base::Result<mail::HoldKey> Helper::Data::key() const {
  const auto key = read_hold_key(options.key_file);
  if (!key) {
    return key.error();
  }
  if (key->owner != owner) {
    return Error{Error::Kind::Denied,
                 "hold key " + options.key_file + " has changed its owner: restart the releaser"};
  }
  return key->key;
}

// Without the key nothing is listed either: who can list counts as one who can release.
std::string Helper::Data::answer(const Client& client, const Request& request) const {
  const auto current = key();
  if (!current) {
    log_request(client, request, current.error());
    return encode_error(current.error().what);
  }
  if (request.command == Command::List) {
    const auto held = tools->held();
    if (!held || held->size() > kListMax) {
      const std::string why =
          held ? "more than " + std::to_string(kListMax) + " messages are held" : held.error().what;
      log_request(client, request, Error{Error::Kind::Unavailable, why});
      return encode_error(why);
    }
    return encode_list(*held);
  }
  const auto answers = carry_out(request, *tools, &*current);
  log_request(client, request, answers);
  if (!answers) {
    return encode_error(answers.error().what);
  }
  log_messages(*answers);
  return encode_answers(*answers);
}

void Helper::Data::finish(Client& client, std::string answer) const {
  client.answer = std::move(answer);
  client.deadline = clock.steady_now() + kAnswerTime;
  send(client);
}

void Helper::Data::accept_one() {
  base::Descriptor fd = listening.accept();
  const auto peer = base::find_peer_credentials(fd.get());
  if (!peer) {
    return;
  }
  Client client{
      std::move(fd), peer->user, peer->process, {}, {}, clock.steady_now() + kRequestTime};
  if (peer->user != 0 && peer->user != owner) {
    telemetry::write(telemetry::Level::Warning,
                     telemetry::Line("releaser").add("uid", peer->user).add("result", "denied"));
    finish(client, encode_error("user " + std::to_string(peer->user) + " may not ask"));
  } else if (clients.size() >= kClientsMax) {
    finish(client, encode_error("too many requests at once"));
  } else {
    clients.push_back(std::move(client));
  }
}

void Helper::Data::receive(Client& client) {
  std::array<char, 4096> bytes{};
  const ssize_t got = recv(client.fd.get(), bytes.data(), bytes.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  if (got <= 0) {
    client.fd.reset();
    return;
  }
  client.request.append(bytes.data(), static_cast<std::size_t>(got));
  const auto request = parse_request(client.request);
  if (!request) {
    telemetry::write(telemetry::Level::Warning, telemetry::Line("releaser")
                                                    .add("uid", client.uid)
                                                    .add("result", "refused")
                                                    .text(request.error().what));
    finish(client, encode_error(request.error().what));
  } else if (*request) {
    finish(client, answer(client, **request));
  }
}

void Helper::Data::send(Client& client) const {
  while (!client.answer.empty()) {
    const ssize_t sent =
        ::send(client.fd.get(), client.answer.data(), client.answer.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent < 0 && errno == EAGAIN) {
      return;
    }
    if (sent < 0) {
      break;
    }
    client.answer.erase(0, static_cast<std::size_t>(sent));
  }
  client.fd.reset();
}

// @param watched  the listening socket, `stop`, then the clients in their order
void Helper::Data::serve_ready(const std::vector<pollfd>& watched) {
  // As of before: nobody is late because another request took long.
  const base::SteadyTime now = clock.steady_now();
  std::size_t i = 2;
  for (Client& client : clients) {
    if (i < watched.size() && watched[i++].revents != 0) {
      if (client.answer.empty()) {
        receive(client);
      } else {
        send(client);
      }
    }
    if (client.fd.valid() && now >= client.deadline) {
      telemetry::write(
          telemetry::Level::Warning,
          telemetry::Line("releaser").add("uid", client.uid).add("result", "too slow"));
      client.fd.reset();
    }
  }
  clients.remove_if([](const Client& client) { return !client.fd.valid(); });
  if (watched[0].revents != 0) {
    accept_one();
  }
}

Helper::Helper(std::unique_ptr<Data> data) : data_(std::move(data)) {}

base::Result<std::unique_ptr<Helper>> Helper::open(const Options& options,
                                                   std::unique_ptr<MtaTools> tools,
                                                   const base::Clock& clock) {
  const auto key = read_hold_key(options.key_file);
  if (!key) {
    return key.error();
  }
  auto listening = listen_on(options.socket, key->owner);
  if (!listening) {
    return listening.error();
  }
  return std::unique_ptr<Helper>(new Helper(
      std::make_unique<Data>(options, std::move(tools), clock, key->owner, std::move(*listening))));
}

Helper::~Helper() = default;

base::Result<> Helper::run(int stop) {
  for (;;) {
    std::vector<pollfd> watched{{data_->listening.get(), POLLIN, 0}, {stop, POLLIN, 0}};
    for (const Client& client : data_->clients) {
      watched.push_back(
          {client.fd.get(), static_cast<short>(client.answer.empty() ? POLLIN : POLLOUT), 0});
    }
    if (poll(watched.data(), watched.size(), kPollMilliseconds) < 0 && errno != EINTR) {
      return base::system_error("poll", errno);
    }
    if (watched[1].revents != 0) {
      return base::Ok{};
    }
    data_->serve_ready(watched);
  }
}

}  // namespace rampart::release
