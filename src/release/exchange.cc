#include "rampart/release/exchange.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rampart/base/time.h"

#include "descriptor.h"
#include "socket.h"

namespace rampart::release {
namespace {

using base::Error;

// For a thousand messages on a busy machine, behind another such request.
constexpr base::Micros kTime = std::chrono::minutes{3};

// @param cancelled  readable when every wait shall end
base::Result<> wait(pollfd watched, int cancelled, base::SteadyTime deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - base::SystemClock().steady_now())
          .count();
  std::array<pollfd, 2> all{watched, pollfd{cancelled, POLLIN, 0}};
  const int ready =
      poll(all.data(), all.size(), static_cast<int>(std::clamp<long long>(left, 0, 200'000)));
  if (all[1].revents != 0) {
    return Error{Error::Kind::Unavailable, "the service stops"};
  }
  if (ready == 0 || left <= 0) {
    return Error{Error::Kind::Timeout, "the releaser gave no answer in time"};
  }
  if (ready < 0 && errno != EINTR) {
    return Error{Error::Kind::Unavailable, "poll: " + error_text(errno)};
  }
  return base::Ok{};
}

}  // namespace

SocketExchange::SocketExchange(std::string socket)
    : socket_(std::move(socket)), cancelled_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

SocketExchange::~SocketExchange() {
  close(cancelled_);
}

void SocketExchange::cancel() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t told = write(cancelled_, &one, sizeof one);
}

// The whole answer, as the helper closes behind it.
base::Result<std::string> SocketExchange::converse(const Request& request) const {
  const base::SteadyTime deadline = base::SystemClock().steady_now() + kTime;
  const auto fd = connect_to(socket_);
  if (!fd) {
    return fd.error();
  }
  const std::string text = encode(request);
  std::string_view left = text;
  std::string answer;
  for (;;) {
    const auto events = static_cast<short>(left.empty() ? POLLIN : POLLOUT);
    if (const auto ready = wait({fd->get(), events, 0}, cancelled_, deadline); !ready) {
      return ready.error();
    }
    if (!left.empty()) {
      const ssize_t sent = send(fd->get(), left.data(), left.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        left.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno != EAGAIN && errno != EINTR) {
        left = {};  // a helper that refuses closes early: its answer may be there all the same
      }
      continue;
    }
    std::array<char, 64 * 1024> bytes{};
    const ssize_t got = recv(fd->get(), bytes.data(), bytes.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      continue;
    }
    if (got <= 0) {
      return answer;
    }
    answer.append(bytes.data(), static_cast<std::size_t>(got));
    if (answer.size() > kAnswerBytesMax) {
      return Error{Error::Kind::Corrupt, "the releaser's answer is too long"};
    }
  }
}

base::Result<std::set<std::string>> SocketExchange::list() {
  const auto answer = converse({Command::List, {}});
  return answer ? parse_list(*answer) : base::Result<std::set<std::string>>(answer.error());
}

base::Result<std::vector<Answer>> SocketExchange::ask(const Request& request) {
  const auto answer = converse(request);
  return answer ? parse_answers(*answer, request.ids)
                : base::Result<std::vector<Answer>>(answer.error());
}

}  // namespace rampart::release
