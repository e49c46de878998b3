#include "rampart/release/exchange.h"

#include <string_view>
#include <utility>

#include "rampart/base/line_stream.h"
#include "rampart/base/time.h"
#include "rampart/base/unix_socket.h"

namespace rampart::release {
namespace {

using base::Error;

// For a thousand messages on a busy machine, behind another such request.
constexpr base::Micros kTime = std::chrono::minutes{3};

}  // namespace

SocketExchange::SocketExchange(std::string socket) : socket_(std::move(socket)) {}

void SocketExchange::cancel() {
  cancelled_.set();
}

// The whole answer, as the helper closes behind it.
base::Result<std::string> SocketExchange::converse(const Request& request) const {
  const base::SteadyTime deadline = base::SystemClock().steady_now() + kTime;
  const auto fd = base::connect_unix(socket_, deadline, cancelled_.get());
  if (!fd) {
    return fd.error();
  }
  base::LineStream stream(fd->get(), cancelled_.get());
  // A helper that refuses closes early: its answer may be there all the same.
  static_cast<void>(stream.write(encode(request), deadline));
  auto answer = stream.read_rest(kAnswerBytesMax, deadline);
  if (!answer && answer.error().kind == Error::Kind::InvalidInput) {
    return Error{Error::Kind::Corrupt, "the releaser's answer is " + answer.error().what};
  }
  return answer;
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
